//! The deploy-hook's report, which a look and every action return.

use serde::{Deserialize, Serialize};

use crate::calling_settings::CallingSettings;

/// The deploy-hook's report of an action, and of the state after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    #[serde(rename(deserialize = "ready"))]
    pub is_ready: Option<bool>,
    pub last_probe: LastProbe,
    /// None of a deploy-hook from before them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calling_settings: Option<CallingSettings>,
    /// HubSpot's settings after an action that was only tried.
    #[serde(default, skip_serializing)]
    pub plan: Option<Settings>,
}

/// The settings that a stack would register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Expected {
    pub url: String,
}

/// HubSpot's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    pub url: String,
    pub is_ready: bool,
}

/// The webhook's responses to a signed request and to forgeries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LastProbe {
    pub verified: bool,
    /// How many numbers the probed portal has.
    pub numbers: Option<u64>,
    pub milliseconds: Option<u64>,
    /// Why it is not verified.
    pub reason: Option<String>,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const URL: &str = "https://calls.example.com/numbers";

    /// A report of a stack whose webhook is verified.
    pub(crate) fn report(registered: Option<(&str, bool)>) -> Report {
        let registered = registered.map(|(url, is_ready)| Settings {
            url: url.into(),
            is_ready,
        });
        Report {
            action: "status".into(),
            done: true,
            outcome: "See registered and lastProbe.".into(),
            app_id: 1_234_567,
            api_version: "2026-03".into(),
            expected: Expected { url: URL.into() },
            credential: Some("access token".into()),
            credential_usable: Some(true),
            drift: Some(registered.as_ref().is_none_or(|held| held.url != URL)),
            is_ready: Some(registered.as_ref().is_some_and(|held| held.is_ready)),
            registered,
            last_probe: LastProbe {
                verified: true,
                numbers: Some(0),
                milliseconds: Some(41),
                reason: None,
            },
            calling_settings: Some(CallingSettings::Found {
                supports_inbound_calling: Some(true),
                is_ready: Some(true),
            }),
            plan: None,
        }
    }
}
