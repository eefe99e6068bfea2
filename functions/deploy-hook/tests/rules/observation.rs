//! One event, seen from outside.

use std::time::Instant;

use channel_connection::{ids::AppId, settings::ChannelConnectionSettings};
use hubspot_simulator::{Caller, SettingsAccess};
use serde_json::Value;

use crate::steps::Deploy;

pub type Settings = Option<ChannelConnectionSettings>;

/// One event, seen from outside.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The port that this event alone called HubSpot by.
    pub caller: Caller,
    pub operation: Operation,
    /// Its stack's URL.
    pub url: String,
    pub app_id: AppId,
    /// Whether its stack had registered the app.
    pub is_owned: bool,
    pub started: Instant,
    pub ended: Instant,
    /// Whether HubSpot may have said that there are no settings while there were.
    pub was_lied_to: bool,
    /// Whether it is a Create that does not say that it created nothing.
    pub may_have_created: bool,
    pub ending: Ending,
}

#[derive(Debug, Clone)]
pub enum Operation {
    Deploy(Deploy),
    Delete {
        on_delete: &'static str,
    },
    Action {
        name: &'static str,
        is_ready: &'static str,
    },
}

#[derive(Debug, Clone)]
pub enum Ending {
    Died,
    /// The response to CloudFormation, or the operator's report.
    Reported(Value),
}

impl Observation {
    pub fn is_success(&self) -> bool {
        self.field("Status")
            .is_some_and(|status| status == "SUCCESS")
            || self.field("done").is_some_and(|done| *done == true)
    }

    /// Returns whether everything was done as asked.
    pub fn is_done(&self) -> bool {
        let words = self.words();
        self.is_success() && !words.starts_with("Rolled back") && !words.starts_with("Nothing was")
    }

    fn field(&self, name: &str) -> Option<&Value> {
        match &self.ending {
            Ending::Died => None,
            Ending::Reported(report) => report.get(name),
        }
    }

    pub fn words(&self) -> &str {
        let words = self.field("Reason").or_else(|| self.field("outcome"));
        words.and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns whether it reports that the app is held.
    pub fn reports_a_hold(&self) -> bool {
        let is_hold = match &self.operation {
            Operation::Deploy(_) => false,
            Operation::Delete { on_delete } => *on_delete == "hold",
            Operation::Action { name, .. } => *name == "hold",
        };
        is_hold && self.is_success() && self.words().contains("isReady=false")
    }

    /// Returns whether the event may take a released webhook away from customers.
    pub fn may_take_away(&self) -> bool {
        match &self.operation {
            Operation::Deploy(deploy) => deploy.is_ready == "false",
            Operation::Delete { .. } => true,
            Operation::Action { name, is_ready } => {
                matches!(*name, "hold" | "remove") || (*name == "register" && *is_ready == "false")
            }
        }
    }

    /// Returns whether the event only withdraws what is its stack's own.
    pub fn withdraws(&self) -> bool {
        match &self.operation {
            Operation::Deploy(_) => false,
            Operation::Delete { .. } => true,
            Operation::Action { name, .. } => matches!(*name, "hold" | "remove"),
        }
    }

    /// Returns whether HubSpot had such settings while the event ran, and after its last write.
    pub fn saw(&self, log: &[SettingsAccess], is_such: impl Fn(&Settings) -> bool) -> bool {
        let of_app = log.iter().filter(|access| access.app_id == self.app_id);
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
        let own = log
            .iter()
            .filter(|access| access.caller == Some(self.caller));
        own.collect()
    }
}
