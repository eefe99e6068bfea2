//! The desired state of an app's settings, and the steps that lead to it safely.

use channel_connection::settings::ChannelConnectionSettings;
use serde::Deserialize;

use crate::{config::Target, registration::RegistrationError};

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

/// What a stack leaves in HubSpot when it is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnDelete {
    #[default]
    Remove,
    /// Its URL, not released.
    Hold,
    /// The settings as they are.
    Retain,
}

/// One step towards the desired settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Call the URL as HubSpot would, and as forgers would.
    Verify,
    Write(ChannelConnectionSettings),
    /// Write settings with isReady=false that are to be released: holds then know of it.
    Announce(ChannelConnectionSettings),
    /// Read whether HubSpot has the written settings.
    Confirm,
    /// Set isReady=false against every release that is already running.
    Hold,
}

impl DesiredState {
    /// Returns the settings that HubSpot must have, given its current ones.
    pub(crate) fn settings(
        &self,
        current: Option<&ChannelConnectionSettings>,
    ) -> Result<ChannelConnectionSettings, RegistrationError> {
        let url = self.target.url.as_str();
        if self.must_be_registered && current.is_none_or(|current| !self.has_url(current)) {
            return Err(RegistrationError::NotRegistered);
        }
        let is_ready = match (self.is_ready, current.filter(|current| current.is_ready)) {
            (IsReady::True, _) => true,
            (IsReady::False, _) | (IsReady::Keep, None) => false,
            (IsReady::Keep, Some(released)) => {
                let is_previous = Some(released.url.as_str()) == self.previous_url.as_deref();
                if !self.has_url(released) && !is_previous {
                    return Err(RegistrationError::ReleasedElsewhere(
                        released.url.to_string(),
                    ));
                }
                true
            }
        };
        Ok(ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        })
    }

    pub(crate) fn has_url(&self, settings: &ChannelConnectionSettings) -> bool {
        settings.has_url(&self.target.url)
    }
}

/// Returns the steps from the current settings to the desired ones.
///
/// A URL that replaces a released one is verified before HubSpot gets it. Any other URL is written with
/// isReady=false first, and verified before it is released. After a replaced URL only a released one is
/// verified again: a rollback from isReady=false would have to release.
pub(crate) fn plan(
    current: Option<&ChannelConnectionSettings>,
    desired: &ChannelConnectionSettings,
) -> Vec<Step> {
    use Step::{Announce, Confirm, Hold, Verify, Write};
    let write = || Write(desired.clone());
    match current {
        Some(current) if current == desired => vec![Verify],
        Some(released) if released.is_ready && released.url == desired.url => vec![Hold],
        Some(released) if released.is_ready && desired.is_ready => {
            vec![Verify, write(), Verify, Confirm]
        }
        Some(released) if released.is_ready => vec![Verify, write(), Confirm],
        _ if desired.is_ready => vec![Announce(desired.unreleased()), Verify, write(), Confirm],
        _ => vec![write(), Verify, Confirm],
    }
}

#[cfg(test)]
mod tests {
    use channel_connection::{
        settings::ApiVersion,
        webhook_url::{UrlPolicy, WebhookUrl},
    };

    use super::{
        Step::{Announce, Confirm, Hold, Verify, Write},
        *,
    };

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
        let elsewhere =
            RegistrationError::ReleasedElsewhere("https://other.example.com/numbers?…".into());
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
            let refused = Err(RegistrationError::NotRegistered.to_string());
            assert_eq!(desired(IsReady::True, true, current), refused);
        }
    }

    #[test]
    fn verifies_before_customers_can_select_the_url() {
        let (ready, unready) = (settings(OURS, true), settings(OURS, false));
        let write = |settings: &ChannelConnectionSettings| Write(settings.clone());
        let announce = || Announce(unready.clone());
        let cases: [(&str, Current, &ChannelConnectionSettings, Vec<Step>); 10] = [
            ("released already", Some((OURS, true)), &ready, vec![Verify]),
            (
                "registered already",
                Some((OURS, false)),
                &unready,
                vec![Verify],
            ),
            (
                "register",
                None,
                &unready,
                vec![write(&unready), Verify, Confirm],
            ),
            (
                "replace an unreleased URL",
                Some((OTHER, false)),
                &unready,
                vec![write(&unready), Verify, Confirm],
            ),
            (
                "register and release",
                None,
                &ready,
                vec![announce(), Verify, write(&ready), Confirm],
            ),
            (
                "replace an unreleased URL and release",
                Some((OTHER, false)),
                &ready,
                vec![announce(), Verify, write(&ready), Confirm],
            ),
            (
                "release",
                Some((OURS, false)),
                &ready,
                vec![announce(), Verify, write(&ready), Confirm],
            ),
            ("hold", Some((OURS, true)), &unready, vec![Hold]),
            (
                "replace a released URL",
                Some((OTHER, true)),
                &ready,
                vec![Verify, write(&ready), Verify, Confirm],
            ),
            (
                "replace a released URL, unreleased",
                Some((OTHER, true)),
                &unready,
                vec![Verify, write(&unready), Confirm],
            ),
        ];
        for (case, current, desired, steps) in cases {
            let current = current.map(|(url, is_ready)| settings(url, is_ready));
            assert_eq!(plan(current.as_ref(), desired), steps, "{case}");
        }
    }
}
