//! HubSpot's channel connection settings: which URL it calls for numbers, and whether users can select
//! the app.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::webhook_url::redact_url;

/// A URL as HubSpot has it: anybody with the credential may have written any text.
///
/// [`as_str`](Self::as_str) is the exact text; `Display` and `Debug` leave out the query.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegisteredUrl(String);

/// The settings that an app has in HubSpot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelConnectionSettings {
    /// The webhook that HubSpot calls.
    pub url: RegisteredUrl,
    /// Whether every customer's users can select the app, all or nothing.
    pub is_ready: bool,
}

/// A change to existing settings: a missing field stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingsChange {
    /// The new URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<RegisteredUrl>,
    /// The new flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_ready: Option<bool>,
}

impl SettingsChange {
    /// The change that holds any URL back.
    pub const HOLD: Self = Self {
        url: None,
        is_ready: Some(false),
    };

    /// Returns the change from `current` to `desired`.
    ///
    /// A release always names its URL, and a new URL its flag: if somebody else writes in between,
    /// still no other URL is released.
    pub fn between(
        current: &ChannelConnectionSettings,
        desired: &ChannelConnectionSettings,
    ) -> Self {
        Self {
            url: (desired.is_ready || current.url != desired.url).then(|| desired.url.clone()),
            is_ready: Some(desired.is_ready),
        }
    }

    /// Returns whether settings have every value of this change.
    pub fn is_applied_in(&self, settings: &ChannelConnectionSettings) -> bool {
        self.url.as_ref().is_none_or(|url| *url == settings.url)
            && self.is_ready.is_none_or(|ready| ready == settings.is_ready)
    }
}

impl RegisteredUrl {
    /// Returns the exact text, with its query: for comparison and requests, never for people.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for RegisteredUrl {
    fn from(url: T) -> Self {
        Self(url.into())
    }
}

impl PartialEq<str> for RegisteredUrl {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl fmt::Display for RegisteredUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&redact_url(&self.0))
    }
}

impl fmt::Debug for RegisteredUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), formatter)
    }
}

/// A version of HubSpot's API, by the name that stands in its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    /// 2026-03, the default.
    V2026_03,
    /// 2026-09.
    V2026_09,
    /// v3, whose paths have another shape.
    V3,
}

/// The reason a text is not an API version.
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
    fn sends_the_fields_that_a_change_needs() {
        let (here, there) = ("https://a.example/", "https://b.example/");
        let cases = [
            (
                "new URL",
                (here, false),
                (there, false),
                (true, Some(false)),
            ),
            ("hold", (here, true), (here, false), (false, Some(false))),
            ("release", (here, false), (here, true), (true, Some(true))),
            (
                "released URL",
                (here, true),
                (there, true),
                (true, Some(true)),
            ),
        ];
        for (case, current, desired, sent) in cases {
            let change = SettingsChange::between(
                &settings(current.0, current.1),
                &settings(desired.0, desired.1),
            );
            assert_eq!((change.url.is_some(), change.is_ready), sent, "{case}");
            assert!(
                change.is_applied_in(&settings(desired.0, desired.1)),
                "{case}"
            );
            assert!(
                !change.is_applied_in(&settings(current.0, current.1)),
                "{case}"
            );
        }
        let hold = serde_json::to_string(&SettingsChange::HOLD).unwrap();
        assert_eq!(hold, r#"{"isReady":false}"#);
    }

    #[test]
    fn debug_shows_no_query() {
        let shown = format!("{:?}", settings("https://a.example/?key=marked", true));
        assert!(!shown.contains("marked"), "{shown}");
    }

    #[test]
    fn v3_has_a_path_of_another_shape() {
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
    fn parses_versions_by_name() {
        assert_eq!("2026-09".parse(), Ok(ApiVersion::V2026_09));
        assert_eq!("2027-01".parse::<ApiVersion>(), Err(UnknownApiVersion));
    }
}
