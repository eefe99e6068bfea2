//! One event, seen from outside.

use std::time::Instant;

use channel_connection::{ids::AppId, settings::ChannelConnectionSettings};
use hubspot_simulator::{Caller, SettingsAccess};
use serde_json::Value;

pub type Settings = Option<ChannelConnectionSettings>;

/// An event of a stack or of its operator.
#[derive(Debug)]
pub struct Event {
    /// `deploy`; what a delete does, as `OnDelete` says; or an operator's action.
    pub verb: &'static str,
    pub is_ready: &'static str,
    /// Its stack's URL.
    pub url: String,
    pub app_id: AppId,
    pub json: Value,
}

/// An event that has ended.
#[derive(Debug)]
pub struct Observation {
    pub event: Event,
    /// The port that this event alone called HubSpot by.
    pub caller: Caller,
    pub started: Instant,
    pub ended: Instant,
    /// Whether HubSpot may have said that there are no settings while there were.
    pub was_lied_to: bool,
    /// The response to CloudFormation, or the operator's report; `null` if the process died.
    pub response: Value,
}

impl Observation {
    pub fn is_of(&self, verbs: &[&str]) -> bool {
        verbs.contains(&self.event.verb)
    }

    pub fn is(&self, request_type: &str) -> bool {
        self.event.json["RequestType"] == request_type
    }

    pub fn is_success(&self) -> bool {
        self.response["Status"] == "SUCCESS" || self.response["done"] == true
    }

    /// Returns whether everything was done as asked.
    pub fn is_done(&self) -> bool {
        let words = self.words();
        self.is_success() && !words.starts_with("Rolled back") && !words.starts_with("Nothing was")
    }

    pub fn words(&self) -> &str {
        let words = self.response.get("Reason").or(self.response.get("outcome"));
        words.and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns whether the event may take a released webhook away from customers.
    pub fn may_take_away(&self) -> bool {
        self.is_of(&["hold", "remove"])
            || self.is_of(&["deploy", "register"]) && self.event.is_ready == "false"
    }

    /// Returns whether the stack knows, or must assume, that it has settings in HubSpot.
    pub fn may_leave_settings(&self, log: &[SettingsAccess], by: Instant) -> bool {
        let id = self.response["PhysicalResourceId"].as_str();
        let is_not_created = id.is_some_and(|id| id.ends_with("/not-created"));
        let mut accesses = self.accesses(log).into_iter();
        let has_written = accesses.any(|access| access.is_write && access.at < by);
        let may_have_created = self.is("Create") && !is_not_created;
        self.is_of(&["deploy"]) && (self.is_success() || may_have_created || has_written)
    }

    /// Returns whether HubSpot had such settings while the event ran, and after its last write.
    pub fn saw(&self, log: &[SettingsAccess], is_such: impl Fn(&Settings) -> bool) -> bool {
        let of_app = log
            .iter()
            .filter(|access| access.app_id == self.event.app_id);
        let in_time = of_app.filter(|access| access.at <= self.ended);
        let mut states: Vec<&Settings> = vec![&None];
        for access in in_time {
            let is_own = access.caller == Some(self.caller) && access.is_write;
            if access.at < self.started || is_own {
                states.clear();
            }
            states.push(&access.after);
        }
        states.into_iter().any(is_such)
    }

    /// Returns the event's accesses to settings, in the order in which they took effect.
    pub fn accesses<'a>(&self, log: &'a [SettingsAccess]) -> Vec<&'a SettingsAccess> {
        let is_own = |access: &&SettingsAccess| access.caller == Some(self.caller);
        log.iter().filter(is_own).collect()
    }
}
