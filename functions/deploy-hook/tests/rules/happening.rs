//! One event, and what was seen of it from outside.

use std::time::Instant;

use channel_connection::settings::ChannelConnectionSettings;
use hubspot_simulator::{ApiCall, fault::How};
use serde_json::Value;

/// The settings that HubSpot holds.
pub type Settings = Option<ChannelConnectionSettings>;

/// One event, and what was seen of it from outside.
#[derive(Debug)]
pub struct Happening {
    /// What HubSpot held before it.
    pub before: Settings,
    /// What HubSpot held after it.
    pub after: Settings,
    pub started: Instant,
    /// The calls of HubSpot that it made.
    pub calls: Vec<ApiCall>,
    pub ending: Ending,
    /// Which webhook it is about.
    pub url: usize,
}

impl Happening {
    pub fn succeeded(&self) -> bool {
        self.told("Status")
            .is_some_and(|status| status == "SUCCESS")
    }

    /// Whether CloudFormation or the operator was told that all is done as asked.
    pub fn was_done(&self) -> bool {
        let action = self.told("done").is_some_and(|done| *done == true);
        (self.succeeded() && !self.words().starts_with("Rolled back")) || action
    }

    pub fn told(&self, name: &str) -> Option<&Value> {
        match &self.ending {
            Ending::Died => None,
            Ending::Told(told) => told.get(name),
        }
    }

    /// What was told in words; empty where nothing was.
    pub fn words(&self) -> &str {
        let words = self.told("Reason").or_else(|| self.told("outcome"));
        words.and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether HubSpot said that it holds nothing while it held something.
    pub fn was_lied_to(&self) -> bool {
        self.calls.iter().any(|call| {
            let fault = call.fault.map(|fault| fault.how);
            call.method == "GET" && fault == Some(How::Status(404)) && call.held.is_some()
        })
    }

    pub fn was_released(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.is_ready)
    }
}

/// What became of one event.
#[derive(Debug)]
pub enum Ending {
    /// The process died.
    Died,
    /// CloudFormation or the operator was told.
    Told(Value),
}
