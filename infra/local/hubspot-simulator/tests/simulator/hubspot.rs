//! A simulated HubSpot with one account, and calls of it.

use std::time::Duration;

use channel_connection::{
    client_secrets::SigningSecret, http_client, settings::ApiVersion, webhook_url::UrlPolicy,
};
use hubspot_simulator::{Account, AccountKeys, Simulator};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

pub const KEY: &str = "developer-api-key";
pub const TOKEN: &str = "access-token";
pub const CLIENT_ID: &str = "oauth-client-id";
pub const CLIENT_SECRET: &str = "oauth-client-secret";
pub const URL: &str = "https://calls.example.com/numbers";
pub const VERSION: ApiVersion = ApiVersion::V2026_03;

pub struct HubSpot {
    pub simulator: Simulator,
    http: Client,
}

impl HubSpot {
    pub async fn start() -> Self {
        Self {
            simulator: Simulator::on_free_port(account()).await.unwrap(),
            http: http_client::client(Duration::from_secs(30), UrlPolicy::Local).unwrap(),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.simulator.api_url() + path)
    }

    /// Returns a request for the settings, without a credential.
    pub fn anonymous(&self, method: Method, version: ApiVersion) -> RequestBuilder {
        self.request(method, &version.settings_path("1234567"))
    }

    pub async fn send(&self, method: Method, version: ApiVersion, body: Value) -> (u16, Value) {
        let request = self.anonymous(method, version).bearer_auth(TOKEN);
        if body.is_null() {
            return response(request).await;
        }
        response(request.json(&body)).await
    }

    pub async fn register(&self, url: &str) {
        let settings = json!({"url": url, "isReady": true});
        assert_eq!(self.send(Method::POST, VERSION, settings).await.0, 200);
    }

    pub async fn read(&self) -> (u16, Value) {
        self.read_with(TOKEN, &VERSION.settings_path("1234567"))
            .await
    }

    /// Returns the response to a GET with a token.
    pub async fn read_with(&self, token: &str, path: &str) -> (u16, Value) {
        response(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// Sets a part of the account.
    pub async fn control(&self, part: &str, value: Value) {
        let is_list = part == "faults";
        let method = if is_list { Method::POST } else { Method::PUT };
        let request = self.request(method, &format!("/simulator/{part}"));
        assert_eq!(response(request.json(&value)).await.0, 204, "{part}");
    }

    pub fn assert_no_violations(&self) {
        self.simulator.with_account(|account| {
            for call in &account.calls {
                assert_eq!(call.violations, [""; 0], "{call:?}");
            }
        });
    }
}

fn account() -> Account {
    let secret = SigningSecret::new("client-secret").unwrap();
    let keys = AccountKeys {
        developer_api_key: KEY.into(),
        access_token: TOKEN.into(),
        client_id: CLIENT_ID.into(),
        client_secret: CLIENT_SECRET.into(),
    };
    Account::new("1234567".parse().unwrap(), secret, keys)
}

/// Returns a response's status and JSON body; null where there is none.
pub async fn response(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}
