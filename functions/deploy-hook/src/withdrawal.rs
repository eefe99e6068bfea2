//! What a stack that goes, or an operator, takes back of a registration: only what is this stack's.

use channel_connection::{settings::ChannelConnectionSettings, webhook_url::WebhookUrl};

use crate::settings_api::Settings;

/// What a stack leaves behind of its registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// Nothing.
    Nothing,
    /// Its URL, not released.
    HeldBack,
}

/// What became of settings that were to be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withdrawal {
    /// They are withdrawn.
    Done,
    /// There were none.
    NothingThere,
    /// They point to another URL, and still stand.
    OfAnotherStack,
}

impl Leaving {
    /// Finds what HubSpot shall hold after it; the error says why what it holds stays as it is.
    pub(crate) fn settings(
        self,
        url: &WebhookUrl,
        held: Option<&ChannelConnectionSettings>,
    ) -> Result<Settings, Withdrawal> {
        let held = held.ok_or(Withdrawal::NothingThere)?;
        if held.url != url.as_str() {
            return Err(Withdrawal::OfAnotherStack);
        }
        Ok(match self {
            Self::Nothing => None,
            Self::HeldBack => Some(ChannelConnectionSettings {
                is_ready: false,
                ..held.clone()
            }),
        })
    }
}

impl Withdrawal {
    /// Says in words what became of the settings.
    pub(crate) fn explain(self, leaving: Leaving) -> &'static str {
        match (self, leaving) {
            (Self::Done, Leaving::Nothing) => "The settings were removed from HubSpot.",
            (Self::Done, Leaving::HeldBack) => {
                "HubSpot holds the URL with isReady=false: users can no longer select the app."
            }
            (Self::NothingThere, _) => "HubSpot held no settings.",
            (Self::OfAnotherStack, _) => "HubSpot holds another URL, which was left alone.",
        }
    }
}

#[cfg(test)]
mod tests {
    use channel_connection::webhook_url::UrlPolicy;

    use super::*;

    const OURS: &str = "https://calls.example.com/numbers";

    fn after(leaving: Leaving, held: Option<(&str, bool)>) -> Result<Settings, Withdrawal> {
        let held = held.map(|(url, is_ready)| ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        });
        let ours = WebhookUrl::parse(OURS, UrlPolicy::Public).unwrap();
        leaving.settings(&ours, held.as_ref())
    }

    #[test]
    fn what_is_this_stacks_is_removed_or_held_back_released_or_not() {
        let held_back = ChannelConnectionSettings {
            url: OURS.into(),
            is_ready: false,
        };
        for is_ready in [true, false] {
            let held = Some((OURS, is_ready));
            assert_eq!(after(Leaving::Nothing, held), Ok(None));
            assert_eq!(after(Leaving::HeldBack, held), Ok(Some(held_back.clone())));
        }
    }

    #[test]
    fn another_url_stays_as_it_is_and_so_does_nothing() {
        let other = Some(("https://other.example.com/numbers", true));
        for leaving in [Leaving::Nothing, Leaving::HeldBack] {
            assert_eq!(after(leaving, other), Err(Withdrawal::OfAnotherStack));
            assert_eq!(after(leaving, None), Err(Withdrawal::NothingThere));
        }
    }
}
