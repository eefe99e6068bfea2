//! The vendor's HubSpot account, the configuration of a hook for it, and CloudFormation.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::put,
};
use channel_connection::{
    client_secrets::SigningSecret,
    ids::PortalId,
    settings::{ApiVersion, ChannelConnectionSettings},
    webhook_url::{UrlPolicy, WebhookUrl},
};
use deploy_hook::config::{Config, Target};
use hubspot_simulator::{Account, AccountKeys};
use serde_json::{Value, json};
use test_support::{APP_ID, CLIENT_SECRET, CLIENT_SECRET_ARN, SecretsManager, serve};

pub const CREDENTIAL_ARN: &str = "credential";
pub const KEY: &str = "marked-developer-api-key";
pub const TOKEN: &str = "marked-access-token";
pub const CLIENT_ID: &str = "marked-oauth-client-id";
pub const OAUTH_SECRET: &str = "marked-oauth-client-secret";
/// A webhook that is not this stack's.
pub const ELSEWHERE: &str = "https://other.example.com/numbers";

/// Returns the account, with an app without settings.
pub fn account() -> Account {
    let keys = AccountKeys {
        developer_api_key: KEY.into(),
        access_token: TOKEN.into(),
        client_id: CLIENT_ID.into(),
        client_secret: OAUTH_SECRET.into(),
    };
    let secret = SigningSecret::new(CLIENT_SECRET).unwrap();
    Account::new(APP_ID.parse().unwrap(), secret, keys)
}

/// Returns the configuration of a stack whose webhook is at `url`.
pub fn config(hubspot: &str, url: &str) -> Config {
    let parse = |url: &str| WebhookUrl::parse(url, UrlPolicy::Local).unwrap();
    Config {
        target: Target {
            app_id: APP_ID.parse().unwrap(),
            url: parse(url),
            api_version: ApiVersion::V2026_03,
        },
        hubspot_api_url: parse(&format!("{hubspot}/")),
        client_secret_arn: CLIENT_SECRET_ARN.into(),
        credential_arn: CREDENTIAL_ARN.into(),
        probe_portal: PortalId::MAX,
        probe_least_numbers: 0,
        webhook_version: None,
        function_name: "hook".into(),
        url_policy: UrlPolicy::Local,
    }
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "it is compared with settings that may be missing"
)]
pub fn settings(url: &str, is_ready: bool) -> Option<ChannelConnectionSettings> {
    Some(ChannelConnectionSettings {
        url: url.into(),
        is_ready,
    })
}

/// Returns a Secrets Manager with the client secret and the developer API key.
pub async fn secrets() -> SecretsManager {
    let secrets = SecretsManager::start().await;
    let key = json!({"developerApiKey": KEY});
    secrets.set(CREDENTIAL_ARN, &key.to_string());
    secrets
}

/// Serves routes under a name that the local URL policy accepts.
pub async fn serve_locally(routes: Router) -> String {
    serve(routes).await.replace("127.0.0.1", "localhost")
}

/// The response URL of a stack.
#[derive(Clone, Default)]
pub struct CloudFormation {
    /// The responses, oldest first.
    pub responses: Arc<Mutex<Vec<Value>>>,
    /// How many more responses fail.
    pub failures: Arc<Mutex<u32>>,
}

impl CloudFormation {
    /// Starts; returns also its response URL.
    pub async fn start() -> (Self, String) {
        let cloudformation = Self::default();
        let routes = Router::new()
            .route("/", put(receive))
            .with_state(cloudformation.clone());
        (cloudformation, serve_locally(routes).await + "/")
    }
}

async fn receive(
    State(cloudformation): State<CloudFormation>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    // A presigned URL accepts no content type.
    assert_eq!(headers.get("content-type"), None);
    let mut failures = cloudformation.failures.lock().unwrap();
    if let Some(left) = failures.checked_sub(1) {
        *failures = left;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let response = serde_json::from_slice(&body).unwrap();
    cloudformation.responses.lock().unwrap().push(response);
    StatusCode::OK
}
