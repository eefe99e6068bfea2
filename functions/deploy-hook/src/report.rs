//! The report of an operator's action: HubSpot and the webhook as they are after it.

use channel_connection::{ids::AppId, settings::ChannelConnectionSettings};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    config::Target,
    handler::{Handler, HookError},
    hubspot::client::{Audit, CallingSettings, SettingsApi, redacted},
    probe::Verified,
};

/// The JSON that an operator gets.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    action: &'static str,
    done: bool,
    outcome: String,
    app_id: AppId,
    api_version: &'static str,
    expected: Expected,
    /// The credential's kind; `None` if there is no usable one.
    credential: Option<&'static str>,
    /// `None` if HubSpot could not be read.
    credential_usable: Option<bool>,
    registered: Option<Value>,
    drift: Option<bool>,
    ready: Option<bool>,
    /// The settings that a dry run foretells.
    plan: Option<Value>,
    last_probe: LastProbe,
    #[serde(skip_serializing_if = "Option::is_none")]
    calling_settings: Option<CallingSettingsState>,
}

#[derive(Debug, Serialize)]
struct Expected {
    url: String,
}

/// One attempt to verify the webhook.
#[derive(Debug, Serialize)]
pub(crate) struct LastProbe {
    verified: bool,
    #[serde(flatten)]
    response: Option<Verified>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The app's calling settings, which help desk needs beside the channel connection's.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
enum CallingSettingsState {
    Found(CallingSettings),
    Absent,
    Unknown { reason: String },
}

/// HubSpot, as far as it could be read.
#[derive(Debug)]
pub(crate) struct HubSpotState {
    pub settings: Result<Option<ChannelConnectionSettings>, HookError>,
    credential: Option<&'static str>,
    calling_settings: Option<CallingSettingsState>,
}

impl Handler {
    /// Reads the settings; only `status` reads the calling settings too, at the same time.
    pub(crate) async fn read_hubspot(&self, is_status: bool, until: Instant) -> HubSpotState {
        let target = &self.config.target;
        let api = match self.settings_api(target, Audit::default(), until).await {
            Ok(api) => api,
            Err(error) => {
                let unknown = CallingSettingsState::Unknown {
                    reason: error.to_string(),
                };
                return HubSpotState {
                    settings: Err(error),
                    credential: None,
                    calling_settings: is_status.then_some(unknown),
                };
            }
        };
        let calling_settings = async {
            if is_status {
                Some(CallingSettingsState::read(&api, until).await)
            } else {
                None
            }
        };
        let (read, calling_settings) = tokio::join!(api.read(until), calling_settings);
        let settings = read.map(|(read, _)| read.map(|read| read.settings));
        HubSpotState {
            settings: settings.map_err(HookError::from),
            credential: Some(api.credential_kind()),
            calling_settings,
        }
    }

    /// Probes the webhook once.
    pub(crate) async fn last_probe(&self, until: Instant) -> LastProbe {
        let target = &self.config.target;
        let verified = match self.public_probe(target, until).await {
            Ok(probe) => probe
                .verify_once(&target.url)
                .await
                .map_err(HookError::from),
            Err(error) => Err(error),
        };
        LastProbe {
            verified: verified.is_ok(),
            reason: verified.as_ref().err().map(ToString::to_string),
            response: verified.ok(),
        }
    }
}

impl CallingSettingsState {
    async fn read(api: &SettingsApi, until: Instant) -> Self {
        match api.read_calling_settings(until).await {
            Ok(Some(found)) => Self::Found(found),
            Ok(None) => Self::Absent,
            Err(error) => Self::Unknown {
                reason: error.to_string(),
            },
        }
    }
}

impl HubSpotState {
    fn registered(&self) -> Option<&ChannelConnectionSettings> {
        self.settings.as_ref().ok().and_then(Option::as_ref)
    }

    pub(crate) fn is_released(&self) -> bool {
        self.registered().is_some_and(|held| held.is_ready)
    }

    /// Returns the report of an action with this outcome.
    pub(crate) fn report(
        self,
        action: &'static str,
        outcome: Result<String, String>,
        plan: Option<&ChannelConnectionSettings>,
        last_probe: LastProbe,
        target: &Target,
    ) -> Report {
        let is_read = self.settings.is_ok();
        let registered = self.registered();
        let has_own_url = registered.is_some_and(|held| held.has_url(&target.url));
        Report {
            action,
            done: outcome.is_ok(),
            outcome: outcome.unwrap_or_else(|reason| reason),
            app_id: target.app_id,
            api_version: target.api_version.name(),
            expected: Expected {
                url: target.url.to_string(),
            },
            credential: self.credential,
            credential_usable: match &self.settings {
                Ok(_) => Some(true),
                Err(error) => error.rejects_credential().then_some(false),
            },
            registered: registered.map(redacted),
            drift: is_read.then_some(!has_own_url),
            ready: is_read.then_some(self.is_released()),
            plan: plan.map(redacted),
            last_probe,
            calling_settings: self.calling_settings,
        }
    }
}
