//! The deploy-hook's report of an operator's action, and of the state after it.

use serde::{Deserialize, Serialize};

use crate::settings::ChannelConnectionSettings;

/// The end of the reason for which a deploy sends nothing to HubSpot: a secret is missing.
pub const NOT_SET_YET: &str = "is not set yet";

/// What the deploy-hook returns, and channelctl reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub action: String,
    pub done: bool,
    pub outcome: String,
    pub app_id: i64,
    pub api_version: String,
    pub expected: Expected,
    /// The kind of credential that HubSpot was asked with.
    pub credential: Option<String>,
    /// `false` where it is missing, unusable or refused; none where HubSpot could not be asked.
    pub credential_usable: Option<bool>,
    /// None where HubSpot has nothing, or could not be asked.
    pub registered: Option<Settings>,
    /// Whether that differs from what is expected; none where HubSpot could not be asked.
    pub drift: Option<bool>,
    // The name in earlier versions.
    #[serde(alias = "ready")]
    pub is_ready: Option<bool>,
    pub last_probe: LastProbe,
    /// Read for the action `status` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calling_settings: Option<CallingSettings>,
    /// HubSpot's settings after an action that was only tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Settings>,
}

/// The settings that a stack would register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Expected {
    pub url: String,
}

/// HubSpot's settings for people, without the URL's query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    pub url: String,
    pub is_ready: bool,
}

/// The webhook's responses to a signed request and to forgeries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastProbe {
    pub verified: bool,
    /// How many numbers the probed portal has.
    pub numbers: Option<u64>,
    pub milliseconds: Option<u64>,
    /// Why it is not verified.
    pub reason: Option<String>,
}

/// The app's calling settings, which help desk needs beside the channel connection's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum CallingSettings {
    Found(FoundCallingSettings),
    Absent,
    /// HubSpot could not be asked.
    Unknown {
        reason: String,
    },
}

/// The calling settings as HubSpot returns them, as far as help desk needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "camelCase")]
pub struct FoundCallingSettings {
    pub supports_inbound_calling: Option<bool>,
    pub is_ready: Option<bool>,
}

impl From<&ChannelConnectionSettings> for Settings {
    fn from(settings: &ChannelConnectionSettings) -> Self {
        Self {
            url: settings.url.to_string(),
            is_ready: settings.is_ready,
        }
    }
}
