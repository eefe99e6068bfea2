//! HubSpot's state: one developer account, its app, and the app's channel connection settings.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use channel_connection::{
    client_secrets::SigningSecret,
    ids::AppId,
    settings::{ChannelConnectionSettings, SettingsChange},
    webhook_url::WebhookUrl,
};
use serde::Serialize;
use tokio::sync::{Notify, watch};

use crate::{
    ApiCall, CredentialMode,
    credentials::AccountKeys,
    fault::Fault,
    portal::{CallingSettings, Portal},
};

/// Maximum calls in the log; the oldest go first.
const MAX_CALLS: usize = 10_000;

/// A developer account with one app.
#[derive(Debug)]
pub struct Account {
    pub app_id: AppId,
    /// The secret that signs requests to the app's webhook.
    pub client_secret: SigningSecret,
    pub keys: AccountKeys,
    /// A deployed stage's webhook, called in place of a registered one: HubSpot's API is not served then.
    pub deployed: Option<WebhookUrl>,
    /// The latest access tokens issued for OAuth client credentials.
    pub issued_tokens: Vec<String>,
    /// Which credential the settings take.
    pub credential_mode: CredentialMode,
    pub calling_settings: Option<CallingSettings>,
    pub portal: Portal,
    pub settings: Option<RegisteredSettings>,
    /// The settings of the account's other apps.
    pub other_apps: BTreeMap<AppId, Option<RegisteredSettings>>,
    /// Whether a change that changes nothing leaves `updatedAt` as it is; HubSpot documents neither.
    pub equal_change_keeps_version: bool,
    /// Whether changes are accepted, but not applied.
    pub ignores_changes: bool,
    /// The latest accesses to settings, in the order in which they took effect.
    pub accesses: Vec<SettingsAccess>,
    /// The latest calls of HubSpot's API, oldest first.
    pub calls: Vec<ApiCall>,
    /// Faults of the next calls, in order; `None` for a call without one.
    pub faults: VecDeque<Option<Fault>>,
    /// Faults of one caller's next calls, before those of all callers.
    pub faults_by_caller: HashMap<Caller, VecDeque<Option<Fault>>>,
    /// The fault of every call after those.
    pub standing_fault: Option<Fault>,
    pub(crate) changes: watch::Sender<()>,
    /// Has a receiver for every call that has not taken effect yet.
    pub(crate) in_progress: watch::Sender<()>,
    /// Wakes one who waits for a call to meet [`How::Silence`](crate::fault::How::Silence).
    pub(crate) silenced: Arc<Notify>,
    last_write: jiff::Timestamp,
}

/// A client that has a port of its own: see [`Simulator::api_url_for`](crate::Simulator::api_url_for).
pub type Caller = u8;

/// One read or write of settings, at the time when it took effect.
#[derive(Debug, Clone)]
pub struct SettingsAccess {
    /// The client, if it has a port of its own.
    pub caller: Option<Caller>,
    pub app_id: AppId,
    pub is_write: bool,
    pub before: Option<ChannelConnectionSettings>,
    pub after: Option<ChannelConnectionSettings>,
    /// When it took effect.
    pub at: Instant,
}

/// Settings as HubSpot returns them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredSettings {
    #[serde(flatten)]
    pub settings: ChannelConnectionSettings,
    pub created_at: String,
    pub updated_at: String,
}

impl Account {
    /// Returns an account without channel connection settings.
    pub fn new(app_id: AppId, client_secret: SigningSecret, keys: AccountKeys) -> Self {
        Self {
            app_id,
            client_secret,
            keys,
            deployed: None,
            issued_tokens: Vec::new(),
            credential_mode: CredentialMode::default(),
            calling_settings: Some(CallingSettings {
                supports_inbound_calling: true,
                is_ready: true,
            }),
            portal: Portal::of_app(app_id),
            settings: None,
            other_apps: BTreeMap::new(),
            equal_change_keeps_version: false,
            ignores_changes: false,
            accesses: Vec::new(),
            calls: Vec::new(),
            faults: VecDeque::new(),
            faults_by_caller: HashMap::new(),
            standing_fault: None,
            changes: watch::Sender::default(),
            in_progress: watch::Sender::default(),
            silenced: Arc::default(),
            last_write: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    /// Takes the next call's fault.
    pub(crate) fn next_fault(&mut self, caller: Option<Caller>) -> Option<Fault> {
        let own = caller.and_then(|caller| self.faults_by_caller.get_mut(&caller));
        own.and_then(VecDeque::pop_front)
            .or_else(|| self.faults.pop_front())
            .unwrap_or(self.standing_fault)
    }

    /// Appends a call under the next number.
    pub(crate) fn record(&mut self, call: ApiCall) {
        let number = self.calls.last().map_or(1, |last| last.number + 1);
        push_bounded(&mut self.calls, ApiCall { number, ..call }, MAX_CALLS);
        self.notify();
    }

    /// Wakes everyone who follows the account.
    pub(crate) fn notify(&self) {
        self.changes.send_replace(());
    }

    /// Returns the app's settings, without the times at which they were written.
    pub fn current(&self) -> Option<ChannelConnectionSettings> {
        self.settings
            .as_ref()
            .map(|current| current.settings.clone())
    }

    /// Writes the app's settings as if for the first time.
    pub fn register(&mut self, settings: ChannelConnectionSettings) {
        let registered = self.new_settings(settings);
        self.write(None, self.app_id, Some(registered));
    }

    /// Writes an app's settings, and records the access.
    pub fn write(
        &mut self,
        caller: Option<Caller>,
        app_id: AppId,
        settings: Option<RegisteredSettings>,
    ) {
        let Some(app) = self.app(app_id) else { return };
        let before = std::mem::replace(app, settings);
        self.record_access(caller, app_id, true, before);
    }

    /// Returns an app's settings, and records the access.
    pub(crate) fn read(
        &mut self,
        caller: Option<Caller>,
        app_id: AppId,
    ) -> Option<RegisteredSettings> {
        let settings = self.app(app_id)?.clone();
        self.record_access(caller, app_id, false, settings.clone());
        settings
    }

    pub(crate) fn settings_of(&mut self, app_id: AppId) -> Option<RegisteredSettings> {
        self.app(app_id).cloned().flatten()
    }

    /// Returns the settings of an app, if the account has the app.
    pub(crate) fn app(&mut self, app_id: AppId) -> Option<&mut Option<RegisteredSettings>> {
        if app_id == self.app_id {
            Some(&mut self.settings)
        } else {
            self.other_apps.get_mut(&app_id)
        }
    }

    fn record_access(
        &mut self,
        caller: Option<Caller>,
        app_id: AppId,
        is_write: bool,
        before: Option<RegisteredSettings>,
    ) {
        let access = SettingsAccess {
            caller,
            app_id,
            is_write,
            before: before.map(|before| before.settings),
            after: self.settings_of(app_id).map(|after| after.settings),
            at: Instant::now(),
        };
        push_bounded(&mut self.accesses, access, MAX_CALLS);
    }

    /// Returns an app's changed settings.
    pub(crate) fn changed(
        &mut self,
        mut current: RegisteredSettings,
        change: SettingsChange,
    ) -> RegisteredSettings {
        let is_equal = change.is_applied_in(&current.settings);
        if self.ignores_changes || is_equal && self.equal_change_keeps_version {
            return current;
        }
        let settings = &mut current.settings;
        settings.is_ready = change.is_ready.unwrap_or(settings.is_ready);
        if let Some(url) = change.url {
            settings.url = url;
        }
        current.updated_at = self.next_version();
        current
    }

    /// Returns a time later than every one before.
    fn next_version(&mut self) -> String {
        let tick = jiff::SignedDuration::from_nanos(1);
        self.last_write = jiff::Timestamp::now().max(self.last_write + tick);
        self.last_write.to_string()
    }

    /// Returns new settings.
    pub fn new_settings(&mut self, settings: ChannelConnectionSettings) -> RegisteredSettings {
        let now = self.next_version();
        RegisteredSettings {
            settings,
            created_at: now.clone(),
            updated_at: now,
        }
    }
}

/// Appends an item; the oldest goes if there are too many.
pub(crate) fn push_bounded<T>(items: &mut Vec<T>, item: T, max: usize) {
    if items.len() >= max {
        items.remove(0);
    }
    items.push(item);
}
