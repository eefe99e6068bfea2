//! Whether users can select the app, and whose URL may be replaced for it.

use std::str::FromStr;

use channel_connection::{settings::ChannelConnectionSettings, webhook_url::WebhookUrl};
use serde::Deserialize;

/// Whether every customer's users can select the app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Readiness {
    /// Released to every customer.
    Ready,
    /// Held back, but for those who set the flag in their browser.
    NotReady,
    /// As HubSpot has it for this stack; not ready where it has nothing yet.
    #[default]
    Keep,
}

/// The reason a text is no readiness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be true, false or keep")]
pub struct UnknownReadiness;

/// What shall be registered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The webhook's URL.
    pub url: &'a WebhookUrl,
    /// The URL that the same stack registered before, where it was another.
    pub former_url: Option<&'a str>,
    /// Whether users can select the app.
    pub readiness: Readiness,
    /// Whether HubSpot must hold the URL already.
    pub only_if_registered: bool,
}

/// The reason HubSpot is not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// Another stack's URL is released, and nobody said that it should be replaced.
    #[error(
        "HubSpot holds another URL ({0}), released to customers. \
         It may be another stage's: each needs an app of its own. \
         To replace it, say true or false for IsReady, not keep"
    )]
    ReleasedElsewhere(String),
    /// HubSpot holds no settings, or another URL.
    #[error(
        "HubSpot does not hold this stack's URL. Register it first: deploy, or the action register"
    )]
    NotRegistered,
}

impl Wanted<'_> {
    /// Finds the settings that HubSpot shall hold, given what it holds.
    pub(crate) fn settings(
        &self,
        held: Option<&ChannelConnectionSettings>,
    ) -> Result<ChannelConnectionSettings, NotOurs> {
        let url = self.url.as_str();
        if self.only_if_registered && held.is_none_or(|held| held.url != url) {
            return Err(NotOurs::NotRegistered);
        }
        let is_ready = match (self.readiness, held.filter(|held| held.is_ready)) {
            (Readiness::Ready, _) => true,
            (Readiness::NotReady, _) | (Readiness::Keep, None) => false,
            (Readiness::Keep, Some(released)) => {
                if released.url != url && self.former_url != Some(released.url.as_str()) {
                    return Err(NotOurs::ReleasedElsewhere(released.url.clone()));
                }
                true
            }
        };
        Ok(ChannelConnectionSettings {
            url: url.to_owned(),
            is_ready,
        })
    }
}

impl FromStr for Readiness {
    type Err = UnknownReadiness;

    fn from_str(text: &str) -> Result<Self, UnknownReadiness> {
        match text {
            "true" => Ok(Self::Ready),
            "false" => Ok(Self::NotReady),
            "keep" => Ok(Self::Keep),
            _ => Err(UnknownReadiness),
        }
    }
}

impl TryFrom<String> for Readiness {
    type Error = UnknownReadiness;

    fn try_from(text: String) -> Result<Self, UnknownReadiness> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use channel_connection::webhook_url::UrlPolicy;

    use super::{
        Readiness::{Keep, NotReady, Ready},
        *,
    };

    const OURS: &str = "https://calls.example.com/numbers";
    const FORMER: &str = "https://former.example.com/numbers";
    const OTHER: &str = "https://other.example.com/numbers";

    /// What HubSpot shall hold of a stack that registered `FORMER` before.
    fn is_ready(
        readiness: Readiness,
        only_if_registered: bool,
        held: Option<(&str, bool)>,
    ) -> Result<bool, NotOurs> {
        let wanted = Wanted {
            url: &WebhookUrl::parse(OURS, UrlPolicy::Public).unwrap(),
            former_url: Some(FORMER),
            readiness,
            only_if_registered,
        };
        let held = held.map(|(url, is_ready)| ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        });
        let settings = wanted.settings(held.as_ref())?;
        assert_eq!(settings.url, OURS);
        Ok(settings.is_ready)
    }

    #[test]
    fn true_and_false_are_taken_at_their_word() {
        for held in [None, Some((OURS, true)), Some((OTHER, true))] {
            assert_eq!(is_ready(Ready, false, held), Ok(true));
            assert_eq!(is_ready(NotReady, false, held), Ok(false));
        }
    }

    #[test]
    fn keep_keeps_what_this_stack_has_released_and_releases_nothing() {
        for url in [OURS, FORMER] {
            assert_eq!(is_ready(Keep, false, Some((url, true))), Ok(true));
        }
        for held in [None, Some((OURS, false)), Some((OTHER, false))] {
            assert_eq!(is_ready(Keep, false, held), Ok(false));
        }
    }

    #[test]
    fn keep_does_not_replace_a_url_that_somebody_else_has_released() {
        let refused = is_ready(Keep, false, Some((OTHER, true)));
        assert_eq!(refused, Err(NotOurs::ReleasedElsewhere(OTHER.into())));
    }

    #[test]
    fn what_is_only_for_a_registered_url_registers_none() {
        assert_eq!(is_ready(Ready, true, Some((OURS, false))), Ok(true));
        for held in [None, Some((FORMER, true)), Some((OTHER, false))] {
            assert_eq!(is_ready(Ready, true, held), Err(NotOurs::NotRegistered));
        }
    }
}
