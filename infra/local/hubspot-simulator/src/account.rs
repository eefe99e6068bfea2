//! HubSpot's state: one developer account, its app, and the app's channel connection settings.

use std::{collections::VecDeque, time::Instant};

use channel_connection::{
    client_secrets::SigningSecret,
    ids::AppId,
    settings::{ChannelConnectionSettings, SettingsChange},
    webhook_url::WebhookUrl,
};
use serde::Serialize;
use tokio::sync::watch;

use crate::fault::Fault;

/// Maximum calls in the log; the oldest go first.
pub(crate) const MAX_CALLS: usize = 10_000;

/// A developer account with one app.
#[derive(Debug)]
pub struct Account {
    /// The app.
    pub app_id: AppId,
    /// The secret that signs requests to the app's webhook.
    pub client_secret: SigningSecret,
    /// The credentials; none where the webhook is a deployed stage's.
    pub keys: Option<AccountKeys>,
    /// A deployed stage's webhook, called in place of a registered one.
    pub deployed: Option<WebhookUrl>,
    /// The latest access tokens issued for OAuth client credentials.
    pub issued_tokens: Vec<String>,
    /// The registered channel connection settings.
    pub settings: Option<RegisteredSettings>,
    /// The latest calls of HubSpot's API, oldest first.
    pub calls: Vec<ApiCall>,
    /// Faults of the next calls, in order; `None` for a call without one.
    pub faults: VecDeque<Option<Fault>>,
    /// The fault of every call after those.
    pub standing_fault: Option<Fault>,
    pub(crate) changes: watch::Sender<()>,
    recorded: u64,
}

/// The credentials of a developer account: a key, a token, or an OAuth client.
#[derive(Debug, Clone)]
pub struct AccountKeys {
    /// The account's developer API key.
    pub developer_api_key: String,
    /// An access token with the scopes for the settings.
    pub access_token: String,
    /// The id of an OAuth client.
    pub client_id: String,
    /// That client's secret.
    pub client_secret: String,
}

/// Settings as HubSpot returns them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredSettings {
    /// The settings.
    #[serde(flatten)]
    pub settings: ChannelConnectionSettings,
    /// When they were first written.
    pub created_at: String,
    /// When they were last written.
    pub updated_at: String,
}

/// One call of HubSpot's API.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiCall {
    /// Its place among all calls, from 1.
    pub number: u64,
    /// When its response was ready.
    #[serde(skip)]
    pub at: Instant,
    /// The same, in RFC 3339.
    pub answered_at: String,
    /// Time to the response.
    pub milliseconds: u64,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query that may hold a key.
    pub path: String,
    /// The response's status; `None` if a fault replaced the response.
    pub status: Option<u16>,
    /// The fault that replaced or delayed the response.
    pub fault: Option<Fault>,
    /// The settings that the account held after it.
    pub held: Option<ChannelConnectionSettings>,
    /// Violations of HubSpot's specification, by the call or by its response.
    pub violations: Vec<String>,
}

impl Account {
    /// Returns an account without channel connection settings.
    pub fn new(app_id: AppId, client_secret: SigningSecret, keys: AccountKeys) -> Self {
        Self {
            keys: Some(keys),
            ..Self::closed(app_id, client_secret)
        }
    }

    /// Returns an account that only calls a deployed webhook, and registers nothing.
    pub fn of_deployed(app_id: AppId, secret: SigningSecret, webhook: WebhookUrl) -> Self {
        Self {
            deployed: Some(webhook),
            ..Self::closed(app_id, secret)
        }
    }

    fn closed(app_id: AppId, client_secret: SigningSecret) -> Self {
        Self {
            app_id,
            client_secret,
            keys: None,
            deployed: None,
            issued_tokens: Vec::new(),
            settings: None,
            calls: Vec::new(),
            faults: VecDeque::new(),
            standing_fault: None,
            changes: watch::Sender::default(),
            recorded: 0,
        }
    }

    /// Takes the next call's fault.
    pub(crate) fn next_fault(&mut self) -> Option<Fault> {
        let changed = !self.faults.is_empty();
        let fault = self.faults.pop_front().unwrap_or(self.standing_fault);
        if changed {
            self.notify();
        }
        fault
    }

    /// Appends a call under the next number.
    pub(crate) fn record(&mut self, call: ApiCall) {
        if self.calls.len() == MAX_CALLS {
            self.calls.remove(0);
        }
        self.recorded += 1;
        self.calls.push(ApiCall {
            number: self.recorded,
            ..call
        });
        self.notify();
    }

    /// Wakes everyone who follows the account.
    pub(crate) fn notify(&self) {
        self.changes.send_replace(());
    }

    /// Returns the app's settings, without the times at which they were written.
    pub fn held(&self) -> Option<ChannelConnectionSettings> {
        self.settings.as_ref().map(|held| held.settings.clone())
    }

    /// Writes settings as if for the first time.
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

pub(crate) fn now() -> String {
    jiff::Timestamp::now().to_string()
}
