//! The operation that an event asks for, and the desired state of an app's settings.

use channel_connection::{settings::ChannelConnectionSettings, webhook_url::WebhookUrl};
use serde::Deserialize;

use crate::{HookError, config::Target};

/// The settings that an event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DesiredState {
    pub target: Target,
    /// The URL that the same stack registered before.
    pub previous_url: Option<String>,
    pub is_ready: IsReady,
    /// Whether HubSpot must have the URL already.
    pub must_be_registered: bool,
}

/// Whether every customer's users can select the app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum IsReady {
    True,
    /// Only users who set the flag in their browser can.
    False,
    /// As HubSpot has it for this stack; false if it has nothing.
    #[default]
    Keep,
}

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Register(DesiredState),
    /// Sets isReady=false, so that no release that is already running undoes it.
    Hold(Target),
    Remove(Target),
    /// Nothing to do, for this reason.
    NoOp(&'static str),
}

impl DesiredState {
    /// Returns the settings that HubSpot must have, given its current ones.
    pub(crate) fn settings(
        &self,
        current: Option<&ChannelConnectionSettings>,
    ) -> Result<ChannelConnectionSettings, HookError> {
        let url = self.target.url.as_str();
        if self.must_be_registered && current.is_none_or(|current| !self.has_url(current)) {
            return Err(HookError::NotRegistered);
        }
        let is_ready = match (self.is_ready, current.filter(|current| current.is_ready)) {
            (IsReady::True, _) => true,
            (IsReady::False, _) | (IsReady::Keep, None) => false,
            (IsReady::Keep, Some(released)) => {
                let is_previous = Some(released.url.as_str()) == self.previous_url.as_deref();
                if !self.has_url(released) && !is_previous {
                    return Err(HookError::ReleasedElsewhere(released.url.clone()));
                }
                true
            }
        };
        Ok(ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        })
    }

    fn has_url(&self, settings: &ChannelConnectionSettings) -> bool {
        settings.has_url(&self.target.url)
    }
}

impl Operation {
    /// Returns the settings that HubSpot would have afterwards, given its current ones.
    pub(crate) fn plan(
        &self,
        current: Option<&ChannelConnectionSettings>,
    ) -> Result<Option<ChannelConnectionSettings>, HookError> {
        match self {
            Self::NoOp(_) => Ok(current.cloned()),
            Self::Register(desired) => desired.settings(current).map(Some),
            Self::Hold(target) => {
                own_settings(current, &target.url).map(|own| Some(own.unreleased()))
            }
            Self::Remove(target) => match own_settings(current, &target.url) {
                Ok(_) | Err(HookError::NoSettings) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }
}

/// Returns HubSpot's settings if they have the stack's own URL.
pub(crate) fn own_settings<'a>(
    current: Option<&'a ChannelConnectionSettings>,
    url: &WebhookUrl,
) -> Result<&'a ChannelConnectionSettings, HookError> {
    match current {
        None => Err(HookError::NoSettings),
        Some(current) if current.has_url(url) => Ok(current),
        Some(_) => Err(HookError::OtherUrl),
    }
}

#[cfg(test)]
mod tests {
    use channel_connection::{settings::ApiVersion, webhook_url::UrlPolicy};

    use super::*;

    const OURS: &str = "https://calls.example.com/numbers";
    const PREVIOUS: &str = "https://previous.example.com/numbers";
    const OTHER: &str = "https://other.example.com/numbers?key=marked";

    type Current = Option<(&'static str, bool)>;

    fn settings(url: &str, is_ready: bool) -> ChannelConnectionSettings {
        ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        }
    }

    fn desired(
        is_ready: IsReady,
        must_be_registered: bool,
        current: Current,
    ) -> Result<bool, String> {
        let desired = DesiredState {
            target: Target {
                app_id: "1".parse().unwrap(),
                url: WebhookUrl::parse(OURS, UrlPolicy::Public).unwrap(),
                api_version: ApiVersion::V3,
            },
            previous_url: Some(PREVIOUS.into()),
            is_ready,
            must_be_registered,
        };
        let current = current.map(|(url, is_ready)| settings(url, is_ready));
        let settings = desired.settings(current.as_ref());
        let settings = settings.map_err(|error| error.to_string())?;
        assert_eq!(settings.url, *OURS);
        Ok(settings.is_ready)
    }

    #[test]
    fn true_and_false_replace_any_url() {
        for current in [None, Some((OURS, true)), Some((OTHER, true))] {
            assert_eq!(desired(IsReady::True, false, current), Ok(true));
            assert_eq!(desired(IsReady::False, false, current), Ok(false));
        }
    }

    #[test]
    fn keep_follows_this_stacks_own_url_only() {
        let elsewhere = HookError::ReleasedElsewhere(OTHER.into());
        let cases: [(&str, Current, Result<bool, String>); 6] = [
            ("nothing", None, Ok(false)),
            ("released", Some((OURS, true)), Ok(true)),
            ("held", Some((OURS, false)), Ok(false)),
            (
                "released before a URL change",
                Some((PREVIOUS, true)),
                Ok(true),
            ),
            ("another URL, held", Some((OTHER, false)), Ok(false)),
            (
                "another URL, released",
                Some((OTHER, true)),
                Err(elsewhere.to_string()),
            ),
        ];
        for (case, current, expected) in cases {
            assert_eq!(desired(IsReady::Keep, false, current), expected, "{case}");
        }
    }

    #[test]
    fn a_release_needs_a_registered_url() {
        assert_eq!(desired(IsReady::True, true, Some((OURS, false))), Ok(true));
        for current in [None, Some((PREVIOUS, true)), Some((OTHER, false))] {
            let refused = Err(HookError::NotRegistered.to_string());
            assert_eq!(desired(IsReady::True, true, current), refused);
        }
    }
}
