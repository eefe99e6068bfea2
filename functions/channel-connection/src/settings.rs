//! HubSpot's channel connection settings: which URL it calls for numbers, and whether users can select
//! the app.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The settings that an app has in HubSpot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelConnectionSettings {
    /// The webhook that HubSpot calls; whoever wrote it may have written anything.
    pub url: String,
    /// Whether every customer's users can select the app, all or nothing.
    pub is_ready: bool,
}

/// A change to settings that stand: a missing field stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingsChange {
    /// The new URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The new flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_ready: Option<bool>,
}

impl SettingsChange {
    /// Finds the change that brings settings from `held` to `wanted`.
    ///
    /// A release names its URL even where that stays, and a new URL its flag: whatever somebody wrote
    /// in the meantime, no URL is released but the one that is meant.
    pub fn between(held: &ChannelConnectionSettings, wanted: &ChannelConnectionSettings) -> Self {
        Self {
            url: (wanted.is_ready || held.url != wanted.url).then(|| wanted.url.clone()),
            is_ready: (held != wanted).then_some(wanted.is_ready),
        }
    }
}

/// A version of HubSpot's API, by the name that stands in its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    /// The default of this project.
    V2026_03,
    /// The version after it.
    V2026_09,
    /// The version before dates became names, under a path of another shape.
    V3,
}

/// The reason a text names no API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 2026-03, 2026-09 or v3")]
pub struct UnknownApiVersion;

impl ApiVersion {
    /// Every version there is.
    pub const ALL: [Self; 3] = [Self::V2026_03, Self::V2026_09, Self::V3];

    /// Returns the name, as paths and configuration write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2026_03 => "2026-03",
            Self::V2026_09 => "2026-09",
            Self::V3 => "v3",
        }
    }

    /// Returns the path of an app's channel connection settings; `app` is its id or a router's pattern.
    pub fn settings_path(self, app: impl fmt::Display) -> String {
        match self {
            Self::V3 => format!("/crm/v3/extensions/calling/{app}/settings/channel-connection"),
            dated => format!(
                "/crm/extensions/calling/{}/{app}/settings/channel-connection",
                dated.name()
            ),
        }
    }
}

impl FromStr for ApiVersion {
    type Err = UnknownApiVersion;

    fn from_str(text: &str) -> Result<Self, UnknownApiVersion> {
        Self::ALL
            .into_iter()
            .find(|version| version.name() == text)
            .ok_or(UnknownApiVersion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AppId;

    fn settings(url: &str, is_ready: bool) -> ChannelConnectionSettings {
        ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        }
    }

    #[test]
    fn a_release_names_its_url_a_new_url_its_flag_and_a_hold_nothing_else() {
        let change = |held, wanted| {
            let SettingsChange { url, is_ready } = SettingsChange::between(&held, &wanted);
            (url.is_some(), is_ready)
        };
        let (here, there) = ("https://a.example/", "https://b.example/");
        assert_eq!(
            change(settings(here, false), settings(there, false)),
            (true, Some(false))
        );
        assert_eq!(
            change(settings(here, true), settings(here, false)),
            (false, Some(false))
        );
        assert_eq!(
            change(settings(here, false), settings(here, true)),
            (true, Some(true))
        );
        assert_eq!(
            change(settings(here, true), settings(there, true)),
            (true, Some(true))
        );
    }

    #[test]
    fn a_change_sends_only_the_fields_it_changes() {
        let change = SettingsChange {
            url: None,
            is_ready: Some(true),
        };
        assert_eq!(
            serde_json::to_string(&change).unwrap(),
            r#"{"isReady":true}"#
        );
    }

    #[test]
    fn the_old_version_has_a_path_of_another_shape() {
        let app: AppId = "7".parse().unwrap();
        assert_eq!(
            ApiVersion::V2026_03.settings_path(app),
            "/crm/extensions/calling/2026-03/7/settings/channel-connection"
        );
        assert_eq!(
            ApiVersion::V3.settings_path(app),
            "/crm/v3/extensions/calling/7/settings/channel-connection"
        );
    }

    #[test]
    fn versions_are_known_by_name() {
        assert_eq!("2026-09".parse(), Ok(ApiVersion::V2026_09));
        assert_eq!("2027-01".parse::<ApiVersion>(), Err(UnknownApiVersion));
    }
}
