//! The vendor's account with HubSpot, and a hook that is configured for it.

use channel_connection::{
    client_secrets::SigningSecret,
    settings::ApiVersion,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use deploy_hook::config::{Config, ProbedPortal, Target};
use hubspot_simulator::{Account, AccountKeys, Simulator};

pub const APP: &str = "1234567";
pub const CLIENT_SECRET: &str = "local-client-secret";
pub const KEY: &str = "marked-developer-api-key";
pub const TOKEN: &str = "marked-access-token";
pub const CLIENT_ID: &str = "marked-oauth-client-id";
pub const OAUTH_SECRET: &str = "marked-oauth-client-secret";
/// A webhook that is not this stack's.
pub const ELSEWHERE: &str = "https://other.example.com/numbers";

/// The account, with an app that has no settings.
pub fn account() -> Account {
    let keys = AccountKeys {
        developer_api_key: KEY.into(),
        access_token: TOKEN.into(),
        client_id: CLIENT_ID.into(),
        client_secret: OAUTH_SECRET.into(),
    };
    let secret = SigningSecret::new(CLIENT_SECRET).unwrap();
    Account::new(APP.parse().unwrap(), secret, keys)
}

/// The configuration of the hook of a stack whose webhook is at `url`.
pub fn config(hubspot: &Simulator, url: &str, api_version: ApiVersion) -> Config {
    let parse = |url: &str| WebhookUrl::parse(url, UrlPolicy::Local).unwrap();
    Config {
        target: Target {
            app_id: APP.parse().unwrap(),
            url: parse(url),
            api_version,
        },
        hubspot_api_url: parse(&(hubspot.api_url() + "/")),
        client_secret_arn: "client-secret".into(),
        credential_arn: "credential".into(),
        probed_portal: ProbedPortal::default(),
        webhook_version: None,
        reach: UrlPolicy::Local,
    }
}
