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

/// How many calls are kept; one that stays up for weeks forgets the oldest.
const MAX_CALLS: usize = 10_000;

/// A developer account with one app.
#[derive(Debug)]
pub struct Account {
    /// The app.
    pub app_id: AppId,
    /// The secret that requests to the app's webhook are signed with.
    pub client_secret: SigningSecret,
    /// What opens the account; nothing does where the webhook is a deployed stage's.
    pub keys: Option<AccountKeys>,
    /// The webhook that is called in place of a registered one.
    pub deployed: Option<WebhookUrl>,
    /// The access tokens that OAuth client credentials were exchanged for.
    pub issued_tokens: Vec<String>,
    /// The app's channel connection settings, where there are any.
    pub settings: Option<RegisteredSettings>,
    /// Every call of HubSpot's own paths, oldest first.
    pub calls: Vec<ApiCall>,
    /// What becomes of the next calls, in their order; `None` for one that is fulfilled.
    pub faults: VecDeque<Option<Fault>>,
    /// What becomes of every call after those.
    pub standing_fault: Option<Fault>,
    /// Tells whoever looks on that something is other than before.
    pub(crate) changes: watch::Sender<()>,
    answered: u64,
}

/// What opens a developer account: any one of three.
#[derive(Debug, Clone)]
pub struct AccountKeys {
    /// The account's developer API key.
    pub developer_api_key: String,
    /// An access token with the scopes that the settings take.
    pub access_token: String,
    /// The id of an OAuth client that gets such tokens.
    pub client_id: String,
    /// That client's secret.
    pub client_secret: String,
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

/// One call of HubSpot's own paths.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiCall {
    /// Its place among all calls, from 1, which the account gives it.
    pub number: u64,
    /// When it was answered.
    #[serde(skip)]
    pub at: Instant,
    /// The same, as a clock on the wall shows it.
    pub answered_at: String,
    /// How long that took.
    pub milliseconds: u64,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query that may hold a key.
    pub path: String,
    /// The status that was answered; `None` where a fault took its place.
    pub status: Option<u16>,
    /// The fault that took the answer's place, or delayed it.
    pub fault: Option<Fault>,
    /// What the account held after it.
    pub held: Option<ChannelConnectionSettings>,
    /// Where call or answer depart from HubSpot's specification.
    pub violations: Vec<String>,
}

impl Account {
    /// Opens an account whose app has no channel connection settings yet.
    pub fn new(app_id: AppId, client_secret: SigningSecret, keys: AccountKeys) -> Self {
        Self {
            keys: Some(keys),
            ..Self::closed(app_id, client_secret)
        }
    }

    /// Makes an account in which nothing can be registered: only a deployed webhook is called.
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
            answered: 0,
        }
    }

    /// Takes the fault that the next call meets.
    pub(crate) fn next_fault(&mut self) -> Option<Fault> {
        let changed = !self.faults.is_empty();
        let fault = self.faults.pop_front().unwrap_or(self.standing_fault);
        if changed {
            self.tell();
        }
        fault
    }

    /// Keeps a call that was answered, under the next number.
    pub(crate) fn record(&mut self, call: ApiCall) {
        if self.calls.len() == MAX_CALLS {
            self.calls.remove(0);
        }
        self.answered += 1;
        self.calls.push(ApiCall {
            number: self.answered,
            ..call
        });
        self.tell();
    }

    /// Lets whoever looks on look again.
    pub(crate) fn tell(&self) {
        self.changes.send_replace(());
    }

    /// Returns the app's settings, without the times at which they were written.
    pub fn held(&self) -> Option<ChannelConnectionSettings> {
        self.settings.as_ref().map(|held| held.settings.clone())
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

pub(crate) fn now() -> String {
    jiff::Timestamp::now().to_string()
}
