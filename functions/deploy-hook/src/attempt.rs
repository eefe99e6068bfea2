//! Whose is what HubSpot holds: an event may put back what it wrote itself, and nothing else.

use crate::settings_api::Settings;

/// A registration at work: what stood before it, and what HubSpot may hold because of it.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// What HubSpot held before it.
    pub(crate) former: Settings,
    /// What was written, or may have been.
    pub(crate) written: Vec<Settings>,
}

impl Attempt {
    /// Tells whether HubSpot holds nothing that somebody else has written since.
    pub(crate) fn knows(&self, held: &Settings) -> bool {
        *held == self.former || self.written.contains(held)
    }
}

impl From<Settings> for Attempt {
    fn from(former: Settings) -> Self {
        let written = Vec::new();
        Self { former, written }
    }
}

#[cfg(test)]
mod tests {
    use channel_connection::settings::ChannelConnectionSettings;

    use super::*;

    #[test]
    fn what_stood_before_and_what_the_event_wrote_is_nobody_elses() {
        let settings = |url: &str| {
            Some(ChannelConnectionSettings {
                url: url.into(),
                is_ready: false,
            })
        };
        let mut attempt = Attempt::from(settings("former"));
        attempt.written.push(settings("written"));
        assert!(attempt.knows(&settings("former")) && attempt.knows(&settings("written")));
        assert!(!attempt.knows(&settings("other")) && !attempt.knows(&None));
    }
}
