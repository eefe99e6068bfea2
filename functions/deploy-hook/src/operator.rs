//! An operator's action, and the report that it returns.
//!
//! The function is invoked with `{"action":"release","reason":"tested in portal 62515"}`.

use std::error::Error;

use channel_connection::settings::ChannelConnectionSettings;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::{
    config::Target,
    desired_state::{DesiredState, IsReady, OnDelete},
    handler::{Handler, HookError},
    hubspot::versioned::{Audit, redacted},
    probe::Verified,
    registration::WithdrawOutcome,
};

const FIELDS: [&str; 5] = ["action", "reason", "why", "dryRun", "isReady"];

/// An operator's request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Request {
    #[serde(flatten)]
    action: Action,
    /// For the log; `why` is the name in earlier versions.
    #[serde(default, alias = "why")]
    reason: String,
    /// Whether to report what the action would do, and write nothing.
    #[serde(default, rename = "dryRun")]
    dry_run: bool,
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

impl Request {
    /// Parses an action; a mistyped field is none of an action's, as `dryrun` would be a write.
    pub(crate) fn parse(event: Value) -> Option<Self> {
        let fields = event.as_object()?;
        let is_known = |name: &String| FIELDS.contains(&name.as_str());
        fields.keys().all(is_known).then_some(())?;
        serde_json::from_value(event).ok()
    }
}

/// A registration that is a release too.
const RELEASE: Action = Action::Register {
    is_ready: IsReady::True,
};

/// What could be read for the report.
pub(crate) struct Read {
    /// The credential's kind; `None` if there is no usable one.
    credential: Option<&'static str>,
    pub(crate) settings: Result<Option<ChannelConnectionSettings>, HookError>,
}

impl Handler {
    /// Runs an operator's action; the report says how things are after it, even if it failed.
    pub(crate) async fn operate(&self, request: Request, deadline: Instant) -> Value {
        let Request {
            action,
            reason,
            dry_run,
        } = request;
        let deadline = deadline.min(Instant::now() + self.budget.action);
        let audit = Audit::new(format!("action {}", action.name()), &reason);
        let run = async {
            let run = timeout_at(deadline, self.run_action(action, audit, deadline)).await;
            run.unwrap_or(Err(HookError::OutOfTime))
                .inspect_err(|error| {
                    tracing::error!(error = error as &dyn Error, action = action.name());
                })
        };
        let result = if dry_run { None } else { Some(run.await) };
        // An action may leave too little of its time, and the report must not depend on it.
        let report_by = deadline.max(Instant::now() + self.budget.call * 2);
        let (read, last_probe) = tokio::join!(self.read(report_by), self.last_probe(report_by));
        let registered = read.settings.as_ref().ok().and_then(Option::as_ref);
        let is_ready = registered.is_some_and(|held| held.is_ready);
        let mut plan = registered.cloned();
        let result = match (result, action, &read.settings) {
            (None, ..) | (_, Action::Status, _) if read.settings.is_err() => Err(read.failure()),
            (None, ..) => match self.plan(action, registered) {
                Ok(planned) => {
                    plan = planned;
                    Ok(explain(plan.as_ref()))
                }
                Err(reason) => Err(reason),
            },
            (Some(Ok(_)), Action::Hold, Ok(_)) if is_ready => {
                Err("It was held, but a release that started later set isReady=true again.".into())
            }
            (Some(Ok(_)), Action::Release | RELEASE, Ok(_)) if !is_ready => {
                Err("It was released, but somebody else held or replaced it meanwhile.".into())
            }
            (Some(result), ..) => result.map_err(|error| error.to_string()),
        };
        let target = &self.config.target;
        let has_own_url = registered.is_some_and(|held| held.has_url(&target.url));
        let is_usable = match &read.settings {
            Ok(_) => Some(true),
            Err(error) => error.rejects_credential().then_some(false),
        };
        json!({
            "action": action.name(),
            "done": result.is_ok(),
            "outcome": result.unwrap_or_else(|reason| reason),
            "appId": target.app_id,
            "apiVersion": target.api_version.name(),
            "expected": {"url": target.url.to_string()},
            "credential": read.credential,
            "credentialUsable": is_usable,
            "registered": registered.map(redacted),
            "drift": read.settings.is_ok().then_some(!has_own_url),
            "ready": read.settings.is_ok().then_some(is_ready),
            "plan": dry_run.then_some(plan.as_ref().map(redacted)),
            "lastProbe": last_probe,
        })
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
                let held = self.withdraw(target, OnDelete::Hold, audit, deadline);
                withdrawn(action, held.await?)
            }
            Action::Unregister => {
                let removed = self.withdraw(target, OnDelete::Remove, audit, deadline);
                withdrawn(action, removed.await?)
            }
        }
    }

    /// Returns the settings that an action would lead to.
    fn plan(
        &self,
        action: Action,
        current: Option<&ChannelConnectionSettings>,
    ) -> Result<Option<ChannelConnectionSettings>, String> {
        let target = &self.config.target;
        let registered = |is_ready, must_be_registered| {
            let desired = desired(target, is_ready, must_be_registered);
            let settings = desired.settings(current);
            settings.map(Some).map_err(|error| error.to_string())
        };
        match action {
            Action::Status | Action::Verify => Ok(current.cloned()),
            Action::Release => registered(IsReady::True, true),
            Action::Register { is_ready } => registered(is_ready, false),
            Action::Hold | Action::Unregister => {
                if let Some(outcome) = WithdrawOutcome::without_own(current, &target.url) {
                    withdrawn(action, outcome).map_err(|error| error.to_string())?;
                }
                let held = current.filter(|_| action == Action::Hold);
                Ok(held.map(ChannelConnectionSettings::unreleased))
            }
        }
    }

    pub(crate) async fn read(&self, deadline: Instant) -> Read {
        match self.settings_api(&self.config.target, deadline).await {
            Ok(api) => Read {
                credential: Some(api.credential_kind()),
                settings: match api.read(deadline).await {
                    Ok((read, _)) => Ok(read.map(|read| read.settings)),
                    Err(error) => Err(error.into()),
                },
            },
            Err(error) => Read {
                credential: None,
                settings: Err(error),
            },
        }
    }

    async fn last_probe(&self, deadline: Instant) -> Value {
        let target = &self.config.target;
        let failed = |reason: String| json!({"verified": false, "reason": reason});
        match self.public_probe(target, deadline).await {
            Err(error) => failed(error.to_string()),
            Ok(probe) => match probe.verify_once(&target.url).await {
                Err(error) => failed(error.to_string()),
                Ok(Verified {
                    numbers,
                    milliseconds,
                }) => {
                    json!({"verified": true, "numbers": numbers, "milliseconds": milliseconds})
                }
            },
        }
    }
}

/// Without settings nothing can be held: a deploy that is running may still release.
fn withdrawn(action: Action, outcome: WithdrawOutcome) -> Result<String, HookError> {
    match outcome {
        WithdrawOutcome::NotOwned => Err(HookError::NotWithdrawn(outcome)),
        WithdrawOutcome::NotRegistered if action == Action::Hold => {
            Err(HookError::NotWithdrawn(outcome))
        }
        _ => Ok(outcome.explain().into()),
    }
}

fn explain(plan: Option<&ChannelConnectionSettings>) -> String {
    match plan {
        Some(plan) => format!(
            "HubSpot would hold {} with isReady={}.",
            plan.url, plan.is_ready
        ),
        None => "HubSpot would hold no settings.".into(),
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

impl Read {
    fn failure(&self) -> String {
        let error = self.settings.as_ref().err();
        error.map(ToString::to_string).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(request: Value) -> Option<Request> {
        Request::parse(request)
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
        for unknown in [
            json!({"action": "dance"}),
            json!({"action": "hold", "dryrun": true}),
        ] {
            assert_eq!(parse(unknown), None);
        }
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
        assert_eq!(parse(json!({"action": "register", "isReady": "yes"})), None);
    }
}
