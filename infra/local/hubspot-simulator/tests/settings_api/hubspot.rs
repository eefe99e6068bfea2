//! A simulated HubSpot with one account, and who asks it.

use std::time::Duration;

use channel_connection::{
    client_secrets::SigningSecret, http_client, settings::ApiVersion, webhook_url::UrlPolicy,
};
use hubspot_simulator::{Account, AccountKeys, Simulator};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

pub const KEY: &str = "developer-api-key";
pub const TOKEN: &str = "access-token";
pub const CLIENT_ID: &str = "oauth-client-id";
pub const CLIENT_SECRET: &str = "oauth-client-secret";
pub const URL: &str = "https://calls.example.com/numbers";

pub struct HubSpot {
    pub simulator: Simulator,
    pub http: Client,
}

impl HubSpot {
    pub async fn start() -> Self {
        let secret = SigningSecret::new("client-secret").unwrap();
        let keys = AccountKeys {
            developer_api_key: KEY.into(),
            access_token: TOKEN.into(),
            client_id: CLIENT_ID.into(),
            client_secret: CLIENT_SECRET.into(),
        };
        let account = Account::new("1234567".parse().unwrap(), secret, keys);
        Self {
            simulator: Simulator::on_free_port(account).await.unwrap(),
            http: http_client::client(Duration::from_secs(30), UrlPolicy::Local).unwrap(),
        }
    }

    pub fn anonymous(&self, method: Method, version: ApiVersion) -> RequestBuilder {
        self.http.request(
            method,
            self.simulator.api_url() + &version.settings_path("1234567"),
        )
    }

    pub async fn ask(&self, method: Method, version: ApiVersion, body: Value) -> (u16, Value) {
        answered(
            self.anonymous(method, version)
                .bearer_auth(TOKEN)
                .json(&body),
        )
        .await
    }

    pub async fn read(&self) -> (u16, Value) {
        answered(
            self.anonymous(Method::GET, ApiVersion::V2026_03)
                .bearer_auth(TOKEN),
        )
        .await
    }
}

pub async fn answered(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default(),
    )
}

pub fn is_error(body: &Value) -> bool {
    let is_text = |name: &str| body[name].as_str().is_some_and(|text| !text.is_empty());
    body["status"] == "error"
        && ["message", "category", "correlationId"]
            .into_iter()
            .all(is_text)
}
