//! What an operator can ask for by invoking the function, and what is answered:
//! `{"action":"release","why":"tested in portal 62515"}`.

use channel_connection::settings::ChannelConnectionSettings;
use serde::{Deserialize, Serialize};

use crate::{
    config::Target,
    probe::{ProbeError, Proof},
    readiness::Readiness,
    settings_api::Settings,
};

/// An operator's request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Request {
    /// What to do.
    #[serde(flatten)]
    pub action: Action,
    /// Why, for the log.
    #[serde(default)]
    pub why: String,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(
    tag = "action",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Action {
    /// Tell what HubSpot holds, beside what this stack would register.
    Status,
    /// Prove the webhook, with patience.
    Probe,
    /// Prove the webhook and release it to every customer, if HubSpot holds its URL.
    Release,
    /// Hide the app from customers, if HubSpot holds this stack's URL; for emergencies too.
    Hold,
    /// Register the URL and prove it, as a deploy does.
    Register {
        /// Whether users shall see it.
        #[serde(default)]
        is_ready: Readiness,
    },
    /// Remove the settings, if they hold this stack's URL.
    Remove,
}

impl Action {
    /// Returns the name that it is asked for by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Probe => "probe",
            Self::Release => "release",
            Self::Hold => "hold",
            Self::Register { .. } => "register",
            Self::Remove => "remove",
        }
    }
}

/// What became of an action, and how things stand after it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    action: &'static str,
    /// Whether it was done.
    done: bool,
    /// What was done, or why not and what to do.
    outcome: String,
    app_id: i64,
    api_version: &'static str,
    expected: Expected,
    #[serde(flatten)]
    registration: RegistrationReport,
    last_probe: LastProbe,
}

#[derive(Debug, Serialize)]
struct Expected {
    url: String,
}

/// What HubSpot holds, as far as it could be asked.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationReport {
    /// The kind that HubSpot is asked with; null where there is no usable one.
    credential: Option<&'static str>,
    /// What HubSpot holds; null where it holds nothing, or could not be asked.
    registered: Option<ChannelConnectionSettings>,
    /// Whether that differs from what is expected; null where HubSpot could not be asked.
    drift: Option<bool>,
    /// Whether every customer can select the app; null where HubSpot could not be asked.
    ready: Option<bool>,
}

/// What the webhook answered just now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastProbe {
    proved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Report {
    /// Puts together what is told of an action.
    pub fn new(
        action: Action,
        outcome: Result<String, String>,
        target: &Target,
        registration: RegistrationReport,
        last_probe: LastProbe,
    ) -> Self {
        Self {
            action: action.name(),
            done: outcome.is_ok(),
            outcome: outcome.unwrap_or_else(|reason| reason),
            app_id: target.app_id.get(),
            api_version: target.api_version.name(),
            expected: Expected {
                url: target.url.as_str().to_owned(),
            },
            registration,
            last_probe,
        }
    }
}

impl RegistrationReport {
    /// Tells no more than what HubSpot was asked with.
    pub fn unknown(credential: Option<&'static str>) -> Self {
        Self {
            credential,
            ..Self::default()
        }
    }

    /// Compares what is held with what is expected.
    pub fn new(credential: &'static str, target: &Target, held: Settings) -> Self {
        let url = held.as_ref().map(|held| held.url.as_str());
        Self {
            credential: Some(credential),
            drift: Some(url != Some(target.url.as_str())),
            ready: Some(held.as_ref().is_some_and(|held| held.is_ready)),
            registered: held,
        }
    }
}

impl From<Result<Proof, ProbeError>> for LastProbe {
    fn from(outcome: Result<Proof, ProbeError>) -> Self {
        match outcome {
            Ok(proof) => Self {
                proved: true,
                numbers: Some(proof.numbers),
                milliseconds: Some(proof.milliseconds),
                reason: None,
            },
            Err(error) => Self::impossible(&error),
        }
    }
}

impl LastProbe {
    /// Tells why there is no proof.
    pub fn impossible(reason: &impl ToString) -> Self {
        Self {
            proved: false,
            numbers: None,
            milliseconds: None,
            reason: Some(reason.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(request: Value) -> Result<Request, serde_json::Error> {
        serde_json::from_value(request)
    }

    #[test]
    fn an_action_is_known_by_its_name() {
        for (name, action) in [
            ("status", Action::Status),
            ("probe", Action::Probe),
            ("release", Action::Release),
            ("hold", Action::Hold),
            ("remove", Action::Remove),
        ] {
            let request = parse(json!({"action": name, "why": "because"})).unwrap();
            assert_eq!((request.action, action.name()), (action, name));
            assert_eq!(request.why, "because");
        }
        assert!(parse(json!({"action": "dance"})).is_err());
    }

    #[test]
    fn register_keeps_the_flag_unless_told_otherwise() {
        let is_ready = |request| match parse(request).unwrap().action {
            Action::Register { is_ready } => is_ready,
            _ => unreachable!("the action is register"),
        };
        assert_eq!(is_ready(json!({"action": "register"})), Readiness::Keep);
        assert_eq!(
            is_ready(json!({"action": "register", "isReady": "false"})),
            Readiness::NotReady
        );
        assert!(parse(json!({"action": "register", "isReady": "yes"})).is_err());
    }
}
