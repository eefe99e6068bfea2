//! HubSpot's state: one developer account, its app, and the app's channel connection settings.

use channel_connection::{
    client_secrets::SigningSecret,
    ids::AppId,
    settings::{ChannelConnectionSettings, SettingsChange},
};
use serde::Serialize;

/// A developer account with one app.
#[derive(Debug)]
pub struct Account {
    /// The app.
    pub app_id: AppId,
    /// The secret that requests to the app's webhook are signed with.
    pub client_secret: SigningSecret,
    /// The account's developer API key.
    pub developer_api_key: String,
    /// An access token with the scopes that the settings take.
    pub access_token: String,
    /// The app's channel connection settings, where there are any.
    pub settings: Option<RegisteredSettings>,
    /// Every call of the settings API, oldest first.
    pub calls: Vec<SettingsCall>,
}

/// Settings as HubSpot returns them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredSettings {
    /// What was written.
    #[serde(flatten)]
    pub settings: ChannelConnectionSettings,
    /// When they were first written.
    pub created_at: String,
    /// When they were last written.
    pub updated_at: String,
}

/// One call of the settings API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingsCall {
    /// The HTTP method.
    pub method: String,
    /// The path, without the query that may hold a key.
    pub path: String,
    /// The status that was answered.
    pub status: u16,
}

impl Account {
    /// Opens an account whose app has no channel connection settings yet.
    pub fn new(
        app_id: AppId,
        client_secret: SigningSecret,
        developer_api_key: impl Into<String>,
        access_token: impl Into<String>,
    ) -> Self {
        Self {
            app_id,
            client_secret,
            developer_api_key: developer_api_key.into(),
            access_token: access_token.into(),
            settings: None,
            calls: Vec::new(),
        }
    }

    /// Writes settings as if they had never been written before.
    pub fn register(&mut self, settings: ChannelConnectionSettings) -> &RegisteredSettings {
        let now = now();
        self.settings.insert(RegisteredSettings {
            settings,
            created_at: now.clone(),
            updated_at: now,
        })
    }
}

impl RegisteredSettings {
    pub(crate) fn change(&mut self, change: SettingsChange) {
        if let Some(url) = change.url {
            self.settings.url = url;
        }
        if let Some(is_ready) = change.is_ready {
            self.settings.is_ready = is_ready;
        }
        self.updated_at = now();
    }
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}
