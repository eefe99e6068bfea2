//! The app's calling settings in HubSpot, which help desk needs; they are only read.

use channel_connection::settings::{ApiVersion, HUBSPOT_API};
use serde::{Deserialize, Serialize};

use crate::registration::Report;

/// The calling settings in the deploy-hook's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum CallingSettings {
    #[serde(rename_all = "camelCase")]
    Found {
        supports_inbound_calling: Option<bool>,
        is_ready: Option<bool>,
    },
    Absent,
    /// HubSpot could not be asked.
    Unknown {
        reason: String,
    },
}

/// The reason that help desk does not offer the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    Unknown(String),
    Settings,
    InboundCalling,
    Ready,
}

/// Lists what a report's calling settings lack.
pub fn lacks(report: &Report) -> Vec<Lack> {
    match &report.calling_settings {
        None => vec![Lack::Unknown(
            "The deploy-hook is of a version that does not read them.".into(),
        )],
        Some(CallingSettings::Unknown { reason }) => vec![Lack::Unknown(reason.clone())],
        Some(CallingSettings::Absent) => vec![Lack::Settings],
        Some(CallingSettings::Found {
            supports_inbound_calling,
            is_ready,
        }) => {
            let inbound = (*supports_inbound_calling != Some(true)).then_some(Lack::InboundCalling);
            let ready = (*is_ready == Some(false)).then_some(Lack::Ready);
            inbound.into_iter().chain(ready).collect()
        }
    }
}

impl Lack {
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "the app's calling settings are unknown",
            Self::Settings => "the app has no calling settings",
            Self::InboundCalling => "the app does not support inbound calling",
            Self::Ready => "the calling app itself is not ready",
        }
    }

    /// Says what help desk needs; the app's owner writes that.
    pub fn detail(&self, report: &Report) -> String {
        // A deploy-hook that is newer than this program may know another version.
        let version = report.api_version.parse().unwrap_or(ApiVersion::V2026_03);
        let url = HUBSPOT_API.to_owned() + &version.calling_settings_path(report.app_id);
        match self {
            Self::Unknown(reason) => reason.clone(),
            Self::Settings => {
                format!("Help desk offers calling apps only. Create the settings: POST {url}")
            }
            Self::InboundCalling => {
                format!("Help desk needs it: PATCH {url} {{\"supportsInboundCalling\":true}}")
            }
            Self::Ready => {
                format!("Its calling settings hide it: PATCH {url} {{\"isReady\":true}}")
            }
        }
    }
}
