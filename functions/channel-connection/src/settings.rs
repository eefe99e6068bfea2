//! HubSpot's channel connection settings: which URL it calls for numbers, and whether users can select
//! the app.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::webhook_url::{WebhookUrl, redact_url};

/// HubSpot's API, whose paths begin with a slash.
pub const HUBSPOT_API: &str = "https://api.hubapi.com";

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
    pub url: RegisteredUrl,
    /// Whether every customer's users can select the app, all or nothing.
    pub is_ready: bool,
}

/// A change to existing settings: a missing field stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingsChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<RegisteredUrl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_ready: Option<bool>,
}

impl ChannelConnectionSettings {
    /// Returns whether HubSpot calls `url`, to the letter.
    pub fn has_url(&self, url: &WebhookUrl) -> bool {
        self.url == *url.as_str()
    }

    /// Returns the same settings with isReady=false.
    #[must_use]
    pub fn unreleased(&self) -> Self {
        Self {
            is_ready: false,
            ..self.clone()
        }
    }
}

impl SettingsChange {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    V2026_03,
    V2026_09,
    /// v3, whose paths have another shape.
    V3,
}

/// The reason a text is not an API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 2026-03, 2026-09 or v3")]
pub struct UnknownApiVersion;

impl ApiVersion {
    pub const ALL: [Self; 3] = [Self::V2026_03, Self::V2026_09, Self::V3];

    /// Returns the name, as paths and configuration write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2026_03 => "2026-03",
            Self::V2026_09 => "2026-09",
            Self::V3 => "v3",
        }
    }

    /// Returns the path of an app's calling settings; `app` is its id or a router's pattern.
    pub fn calling_settings_path(self, app: impl fmt::Display) -> String {
        match self {
            Self::V3 => format!("/crm/v3/extensions/calling/{app}/settings"),
            dated => format!("/crm/extensions/calling/{}/{app}/settings", dated.name()),
        }
    }

    /// Returns the path of an app's channel connection settings.
    pub fn settings_path(self, app: impl fmt::Display) -> String {
        format!("{}/channel-connection", self.calling_settings_path(app))
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

    #[test]
    fn sends_the_fields_that_a_change_needs() {
        let settings = |(url, is_ready): (&str, bool)| ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        };
        let (here, there) = ("https://a.example/", "https://b.example/");
        for (case, current, desired, has_url) in [
            ("new URL", (here, false), (there, false), true),
            ("hold", (here, true), (here, false), false),
            ("release", (here, false), (here, true), true),
            ("released URL", (here, true), (there, true), true),
        ] {
            let (current, desired) = (settings(current), settings(desired));
            let change = SettingsChange::between(&current, &desired);
            assert_eq!(change.is_ready, Some(desired.is_ready), "{case}");
            assert!(change.is_applied_in(&desired), "{case}");
            assert!(!change.is_applied_in(&current), "{case}");
            let sent = serde_json::to_value(&change).unwrap();
            assert_eq!(sent.get("url").is_some(), has_url, "{case}");
        }
    }

    #[test]
    fn debug_shows_no_query() {
        let url = RegisteredUrl::from("https://a.example/?key=marked");
        assert_eq!(format!("{url:?}"), r#""https://a.example/?…""#);
    }

    #[test]
    fn each_version_has_its_path() {
        for (name, path) in [
            ("2026-03", "/crm/extensions/calling/2026-03/7"),
            ("2026-09", "/crm/extensions/calling/2026-09/7"),
            ("v3", "/crm/v3/extensions/calling/7"),
        ] {
            let version: ApiVersion = name.parse().unwrap();
            let path = format!("{path}/settings/channel-connection");
            assert_eq!(version.settings_path(7), path, "{name}");
        }
        assert_eq!("2027-01".parse::<ApiVersion>(), Err(UnknownApiVersion));
    }
}
