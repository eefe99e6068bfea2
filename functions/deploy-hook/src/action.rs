//! What an operator can ask for by invoking the function:
//! `{"action":"release","why":"tested in portal 62515"}`.

use serde::Deserialize;

use crate::readiness::Readiness;

/// An operator's request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Request {
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
pub(crate) enum Action {
    /// Tell what HubSpot holds, beside what this stack would register.
    Status,
    /// Prove the webhook, with patience.
    Probe,
    /// Prove the webhook and release it to every customer, if HubSpot holds its URL.
    Release,
    /// Keep customers from selecting the app, if HubSpot holds this stack's URL; for emergencies too.
    Hold,
    /// Register the URL and prove it, as a deploy does.
    Register {
        /// Whether users can select the app.
        #[serde(default)]
        is_ready: Readiness,
    },
    /// Remove the settings, if they hold this stack's URL.
    Remove,
}

impl Action {
    /// Returns the name that it is asked for by.
    pub(crate) fn name(self) -> &'static str {
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
