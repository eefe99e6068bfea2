//! The vendor's HubSpot account, and the configuration of a hook for it.

use channel_connection::{
    client_secrets::SigningSecret,
    settings::ApiVersion,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use deploy_hook::config::{Config, ProbePortal, Target};
use hubspot_simulator::{Account, AccountKeys};
use test_support::{APP_ID, CLIENT_SECRET, CLIENT_SECRET_ARN};

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
        probe_portal: ProbePortal::default(),
        webhook_version: None,
        function_name: "hook".into(),
        url_policy: UrlPolicy::Local,
    }
}
