//! An operator's action, and the report that it returns.
//!
//! The function is invoked with `{"action":"release","reason":"tested in portal 62515"}`.

use std::error::Error;

use channel_connection::settings::ChannelConnectionSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{
    config::Target,
    desired_state::{DesiredState, IsReady},
    handler::{Handler, HookError},
    hubspot::versioned::Audit,
    probe::{ProbeError, Verified},
    registration::WithdrawOutcome,
};

/// An operator's request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Request {
    #[serde(flatten)]
    action: Action,
    /// For the log; `why` is the name in earlier versions.
    #[serde(default, alias = "why")]
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(
    tag = "action",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum Action {
    /// Report what HubSpot has.
    Status,
    /// Verify the webhook, with retries; `probe` is the name in earlier versions.
    #[serde(alias = "probe")]
    Verify,
    /// Verify the webhook and release it to every customer, if HubSpot has its URL.
    Release,
    /// Set isReady=false, if HubSpot has this stack's URL; for emergencies too.
    Hold,
    /// Register the URL and verify it, as a deploy does.
    Register {
        #[serde(default)]
        is_ready: IsReady,
    },
    /// Remove the settings, if they have this stack's URL; `remove` is the name in earlier versions.
    #[serde(alias = "remove")]
    Unregister,
}

/// The outcome of an action, and the state after it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    action: &'static str,
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

/// HubSpot's settings, as far as they could be read; null where they could not.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct RegistrationReport {
    /// The credential's kind; null if there is no usable one.
    credential: Option<&'static str>,
    /// False if it is missing, invalid or rejected.
    credential_usable: Option<bool>,
    registered: Option<RegisteredReport>,
    /// Whether HubSpot has another URL than this stack's, or none.
    drift: Option<bool>,
    /// Whether every customer can select the app.
    ready: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RegisteredReport {
    /// Without its query.
    url: String,
    is_ready: bool,
}

/// The result of a probe after the action.
#[derive(Debug, Default, Serialize)]
struct LastProbe {
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Handler {
    /// Runs an operator's action; the report says how things are after it, even if it failed.
    pub(crate) async fn operate(&self, request: Request, deadline: Instant) -> Value {
        let Request { action, reason } = request;
        let deadline = deadline.min(Instant::now() + self.budget.action);
        let audit = Audit::new(format!("action {}", action.name()), &reason);
        let run = timeout_at(deadline, self.run_action(action, audit, deadline)).await;
        let result = run.unwrap_or(Err(HookError::OutOfTime));
        if let Err(error) = &result {
            tracing::error!(error = error as &dyn Error, action = action.name());
        }
        let ((registration, unread), last_probe) = tokio::join!(
            self.registration_report(deadline),
            self.last_probe(deadline)
        );
        let result = match (action, unread, registration.ready) {
            (Action::Status, Some(error), _) => Err(error.to_string()),
            (Action::Hold, _, Some(true)) => result.map_err(|error| error.to_string()).and(Err(
                "It was held, but a release that started later set isReady=true again.".into(),
            )),
            (Action::Release, _, Some(false)) => result.map_err(|error| error.to_string()).and(
                Err("It was released, but somebody else held or replaced it meanwhile.".into()),
            ),
            _ => result.map_err(|error| error.to_string()),
        };
        let target = &self.config.target;
        let report = Report {
            action: action.name(),
            done: result.is_ok(),
            outcome: result.unwrap_or_else(|reason| reason),
            app_id: target.app_id.get(),
            api_version: target.api_version.name(),
            expected: Expected {
                url: target.url.to_string(),
            },
            registration,
            last_probe,
        };
        // A struct of texts and numbers always serializes.
        serde_json::to_value(report).unwrap_or_default()
    }

    async fn run_action(
        &self,
        action: Action,
        audit: Audit,
        deadline: Instant,
    ) -> Result<String, HookError> {
        let target = &self.config.target;
        match action {
            Action::Status => Ok("See registered and lastProbe.".into()),
            Action::Verify => {
                let probe = self.public_probe(target, deadline).await?;
                probe.verify(&target.url, deadline).await?;
                Ok("The webhook answers HubSpot, and nobody else.".into())
            }
            Action::Release => {
                let release = desired(target, IsReady::True, true);
                self.register(&release, audit, deadline).await
            }
            Action::Register { is_ready } => {
                let register = desired(target, is_ready, false);
                self.register(&register, audit, deadline).await
            }
            Action::Hold => {
                let registration = self.registration(target, audit, deadline).await?;
                withdrawn(registration.hold(&target.url, deadline).await?, true)
            }
            Action::Unregister => {
                let registration = self.registration(target, audit, deadline).await?;
                withdrawn(registration.remove(&target.url, deadline).await?, false)
            }
        }
    }

    async fn registration_report(
        &self,
        deadline: Instant,
    ) -> (RegistrationReport, Option<HookError>) {
        // What an action left of the time may be too little, and the report must not depend on it.
        let deadline = deadline.max(Instant::now() + self.budget.call * 2);
        let target = &self.config.target;
        let api = match self.settings_api(target, deadline).await {
            Ok(api) => api,
            Err(error) => return (RegistrationReport::unknown(None, &error), Some(error)),
        };
        let kind = api.credential_kind();
        match api.read(deadline).await {
            Ok((read, _)) => {
                let settings = read.as_ref().map(|read| &read.settings);
                (RegistrationReport::new(kind, target, settings), None)
            }
            Err(error) => {
                let error = error.into();
                let report = RegistrationReport::unknown(Some(kind), &error);
                (report, Some(error))
            }
        }
    }

    async fn last_probe(&self, deadline: Instant) -> LastProbe {
        let target = &self.config.target;
        match self.public_probe(target, deadline).await {
            Ok(probe) => probe.verify_once(&target.url).await.into(),
            Err(error) => LastProbe::failed(&error),
        }
    }
}

fn desired(target: &Target, is_ready: IsReady, must_be_registered: bool) -> DesiredState {
    DesiredState {
        target: target.clone(),
        previous_url: None,
        is_ready,
        must_be_registered,
    }
}

/// Without settings nothing can be held: a deploy that is running may still release.
fn withdrawn(outcome: WithdrawOutcome, holds: bool) -> Result<String, HookError> {
    match outcome {
        WithdrawOutcome::NotOwned => Err(HookError::NotWithdrawn(outcome)),
        WithdrawOutcome::NotRegistered if holds => Err(HookError::NotWithdrawn(outcome)),
        _ => Ok(outcome.explain().into()),
    }
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Verify => "verify",
            Self::Release => "release",
            Self::Hold => "hold",
            Self::Register { .. } => "register",
            Self::Unregister => "unregister",
        }
    }
}

impl RegistrationReport {
    fn unknown(credential: Option<&'static str>, error: &HookError) -> Self {
        Self {
            credential,
            credential_usable: error.rejects_credential().then_some(false),
            ..Self::default()
        }
    }

    fn new(
        credential: &'static str,
        target: &Target,
        settings: Option<&ChannelConnectionSettings>,
    ) -> Self {
        let is_own = settings.is_some_and(|settings| settings.url == *target.url.as_str());
        Self {
            credential: Some(credential),
            credential_usable: Some(true),
            registered: settings.map(|settings| RegisteredReport {
                url: settings.url.to_string(),
                is_ready: settings.is_ready,
            }),
            drift: Some(!is_own),
            ready: Some(settings.is_some_and(|settings| settings.is_ready)),
        }
    }
}

impl From<Result<Verified, ProbeError>> for LastProbe {
    fn from(result: Result<Verified, ProbeError>) -> Self {
        match result {
            Ok(verified) => Self {
                verified: true,
                numbers: Some(verified.numbers),
                milliseconds: Some(verified.milliseconds),
                reason: None,
            },
            Err(error) => Self::failed(&error),
        }
    }
}

impl LastProbe {
    fn failed(reason: &impl ToString) -> Self {
        Self {
            reason: Some(reason.to_string()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(request: Value) -> Result<Request, serde_json::Error> {
        serde_json::from_value(request)
    }

    #[test]
    fn parses_actions_by_name() {
        for (name, action) in [
            ("status", Action::Status),
            ("verify", Action::Verify),
            ("release", Action::Release),
            ("hold", Action::Hold),
            ("unregister", Action::Unregister),
        ] {
            let request = parse(json!({"action": name, "reason": "because"})).unwrap();
            assert_eq!((request.action, action.name()), (action, name));
            assert_eq!(request.reason, "because");
        }
        assert!(parse(json!({"action": "dance"})).is_err());
    }

    #[test]
    fn accepts_the_names_of_earlier_versions() {
        for (name, action) in [("probe", Action::Verify), ("remove", Action::Unregister)] {
            let request = parse(json!({"action": name, "why": "because"})).unwrap();
            assert_eq!(
                (request.action, request.reason.as_str()),
                (action, "because")
            );
        }
    }

    #[test]
    fn register_keeps_the_flag_by_default() {
        let is_ready = |request| match parse(request).unwrap().action {
            Action::Register { is_ready } => is_ready,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(is_ready(json!({"action": "register"})), IsReady::Keep);
        let no = json!({"action": "register", "isReady": "false"});
        assert_eq!(is_ready(no), IsReady::False);
        assert!(parse(json!({"action": "register", "isReady": "yes"})).is_err());
    }
}
