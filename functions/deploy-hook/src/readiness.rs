//! Whether users shall see the app, and whose URL may be replaced for it.

use std::str::FromStr;

use channel_connection::{public_url::PublicUrl, settings::ChannelConnectionSettings};
use serde::Deserialize;

/// Whether users shall see the app as a provider of channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Readiness {
    /// Released to every customer.
    Ready,
    /// Hidden, but for those who set the flag in their browser.
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
pub struct Wanted<'a> {
    /// The webhook's URL.
    pub url: &'a PublicUrl,
    /// The URL that the same stack registered before, where it was another.
    pub former_url: Option<&'a str>,
    /// Whether users shall see it.
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
    pub fn settings(
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
