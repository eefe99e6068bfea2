//! What a registration came to, in words.

use std::fmt;

use channel_connection::settings::ChannelConnectionSettings;

use crate::settings_api::Settings;

/// What HubSpot holds after a registration, and what it held before.
#[derive(Debug)]
pub(crate) struct Registered {
    /// What it holds now.
    pub(crate) settings: ChannelConnectionSettings,
    /// What it held before.
    pub(crate) former: Settings,
}

impl fmt::Display for Registered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { settings, former } = self;
        let (url, is_ready) = (&settings.url, settings.is_ready);
        write!(formatter, "HubSpot holds {url} with isReady={is_ready}.")?;
        // It may have been another stage's, which nobody then reaches.
        match former {
            Some(former) if former.url != *url => {
                write!(formatter, " Until now it held {}.", former.url)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_url_that_was_replaced_is_named() {
        let settings = |url: &str| ChannelConnectionSettings {
            url: url.into(),
            is_ready: true,
        };
        let told = |former| {
            let settings = settings("https://a.example.com/");
            Registered { settings, former }.to_string()
        };
        let now = "HubSpot holds https://a.example.com/ with isReady=true.";
        assert_eq!(told(None), now);
        assert_eq!(told(Some(settings("https://a.example.com/"))), now);
        assert_eq!(
            told(Some(settings("https://b.example.com/"))),
            format!("{now} Until now it held https://b.example.com/.")
        );
    }
}
