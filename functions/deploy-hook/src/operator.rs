//! An operator's action, and the report that it returns.
//!
//! The function is invoked with `{"action":"release","reason":"tested in portal 62515"}`.

use std::error::Error;

use channel_connection::{
    hook_report::{CallingSettings, Expected, LastProbe, Report, Settings},
    settings::ChannelConnectionSettings,
};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use crate::{
    Handler, HookError,
    config::Target,
    desired_state::{DesiredState, IsReady, Operation},
    hubspot::client::{Audit, SettingsApi},
};

/// An operator's request; a mistyped field is refused, as `dryrun` would be a write.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Request {
    action: Action,
    /// For the log; `why` is the name in earlier versions.
    #[serde(default, alias = "why")]
    reason: String,
    /// Whether to report what the action would do, and write nothing.
    #[serde(default)]
    dry_run: bool,
    /// What `register` sets.
    #[serde(default)]
    is_ready: IsReady,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Action {
    /// Report what HubSpot has.
    Status,
    /// Verify the webhook, with retries; `probe` is the name in earlier versions.
    #[serde(alias = "probe")]
    Verify,
    /// Verify the webhook and release it to every customer, if HubSpot has its URL.
    Release,
    /// Set isReady=false, if HubSpot has this stack's URL; `registration::hold` has it win over releases.
    Hold,
    /// Register the URL and verify it, as a deploy does.
    Register,
    /// Remove the settings, if they have this stack's URL; `remove` is the name in earlier versions.
    #[serde(alias = "remove")]
    Unregister,
}

impl Handler {
    /// Runs an operator's action; the report says how things are after it, even if it failed.
    pub(crate) async fn operate(&self, request: Request, deadline: Instant) -> Report {
        let action = request.action;
        let operation = request.operation(&self.config.target);
        let deadline = deadline.min(Instant::now() + self.budget.action);
        let result = if request.dry_run {
            None
        } else {
            let run = Box::pin(self.run_action(&request, &operation, deadline));
            let run = timeout_at(deadline, run).await;
            let result = run.unwrap_or(Err(HookError::Interrupted));
            Some(result.inspect_err(|error| {
                tracing::error!(error = error as &dyn Error, action = action.name());
            }))
        };
        // An action may leave too little of its time, and the report must not depend on it.
        let report_by = deadline.max(Instant::now() + self.budget.call * 2);
        let is_status = action == Action::Status;
        let ((settings, credential, calling_settings), last_probe) = tokio::join!(
            self.read_hubspot(is_status, report_by),
            self.last_probe(report_by),
        );
        let current = settings.as_ref().ok().map(Option::as_ref);
        let is_released = current.flatten().is_some_and(|current| current.is_ready);
        let releases = matches!(&operation,
            Operation::Register(desired) if desired.is_ready == IsReady::True);
        let mut plan = None;
        let outcome = match (result, &settings) {
            (None, Err(error)) => Err(error.to_string()),
            (Some(_), Err(error)) if is_status => Err(error.to_string()),
            (None, Ok(current)) => {
                let planned = operation.plan(current.as_ref());
                plan.clone_from(planned.as_ref().unwrap_or(current));
                planned
                    .map(|_| explain(plan.as_ref()))
                    .map_err(|error| error.to_string())
            }
            (Some(Ok(_)), Ok(_)) if action == Action::Hold && is_released => {
                Err("It was held, but a release that started later set isReady=true again.".into())
            }
            (Some(Ok(_)), Ok(_)) if releases && !is_released => {
                Err("It was released, but somebody else held or replaced it meanwhile.".into())
            }
            (Some(result), _) => result.map_err(|error| error.to_string()),
        };
        let target = &self.config.target;
        Report {
            action: action.name().into(),
            done: outcome.is_ok(),
            outcome: outcome.unwrap_or_else(|reason| reason),
            app_id: target.app_id.get(),
            api_version: target.api_version.name().into(),
            expected: Expected {
                url: target.url.to_string(),
            },
            credential: credential.map(Into::into),
            credential_usable: match &settings {
                Ok(_) => Some(true),
                Err(error) => error.rejects_credential().then_some(false),
            },
            registered: current.flatten().map(Settings::from),
            drift: current
                .map(|current| !current.is_some_and(|current| current.has_url(&target.url))),
            is_ready: current.map(|_| is_released),
            plan: plan.as_ref().map(Settings::from),
            last_probe,
            calling_settings,
        }
    }

    /// Reads HubSpot's settings, and the calling settings if asked for; returns between them the kind
    /// of a credential that can be used.
    pub(crate) async fn read_hubspot(
        &self,
        with_calling_settings: bool,
        until: Instant,
    ) -> (
        Result<Option<ChannelConnectionSettings>, HookError>,
        Option<&'static str>,
        Option<CallingSettings>,
    ) {
        let target = &self.config.target;
        let api = match self.settings_api(target, Audit::default(), until).await {
            Ok(api) => api,
            Err(error) => {
                let calling_settings = with_calling_settings.then(|| unknown(&error));
                return (Err(error), None, calling_settings);
            }
        };
        let calling_settings = async {
            if with_calling_settings {
                Some(calling_settings(&api, until).await)
            } else {
                None
            }
        };
        let (read, calling_settings) = tokio::join!(api.read(until), calling_settings);
        let settings = read.map(|(read, _)| read.map(|read| read.settings));
        (
            settings.map_err(HookError::from),
            Some(api.auth.kind()),
            calling_settings,
        )
    }

    /// Probes the webhook once.
    async fn last_probe(&self, until: Instant) -> LastProbe {
        let verified = match self.public_probe(&self.config.target, until).await {
            Ok(probe) => probe.verify_once().await.map_err(HookError::from),
            Err(error) => Err(error),
        };
        match verified {
            Ok(response) => LastProbe {
                verified: true,
                numbers: Some(response.numbers as u64),
                milliseconds: Some(response.milliseconds),
                reason: None,
            },
            Err(error) => LastProbe {
                reason: Some(error.to_string()),
                ..LastProbe::default()
            },
        }
    }

    async fn run_action(
        &self,
        request: &Request,
        operation: &Operation,
        deadline: Instant,
    ) -> Result<String, HookError> {
        if request.action == Action::Verify {
            self.verify(deadline).await?;
            return Ok(
                "The webhook answers what the stored client secret signs, and nothing else.".into(),
            );
        }
        let actor = format!("action {}", request.action.name());
        let audit = Audit::new(actor, &request.reason);
        self.run(operation, audit, deadline).await
    }
}

/// Reads the app's calling settings, which help desk needs beside the channel connection's.
async fn calling_settings(api: &SettingsApi, until: Instant) -> CallingSettings {
    match api.read_calling_settings(until).await {
        Ok(found) => found.map_or(CallingSettings::Absent, CallingSettings::Found),
        Err(error) => unknown(&error),
    }
}

fn unknown(error: &dyn Error) -> CallingSettings {
    CallingSettings::Unknown {
        reason: error.to_string(),
    }
}

fn explain(plan: Option<&ChannelConnectionSettings>) -> String {
    match plan {
        Some(plan) => format!(
            "HubSpot would have {} with isReady={}.",
            plan.url, plan.is_ready
        ),
        None => "HubSpot would have no settings.".into(),
    }
}

impl Request {
    fn operation(&self, target: &Target) -> Operation {
        let register = |is_ready, must_be_registered| {
            Operation::Register(DesiredState {
                target: target.clone(),
                previous_url: None,
                is_ready,
                must_be_registered,
            })
        };
        match self.action {
            Action::Status | Action::Verify => Operation::NoOp("See registered and lastProbe."),
            Action::Release => register(IsReady::True, true),
            Action::Register => register(self.is_ready, false),
            Action::Hold => Operation::Hold(target.clone()),
            Action::Unregister => Operation::Remove(target.clone()),
        }
    }
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Verify => "verify",
            Self::Release => "release",
            Self::Hold => "hold",
            Self::Register => "register",
            Self::Unregister => "unregister",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    #[test]
    fn parses_actions_by_name() {
        for (name, action) in [
            ("status", Action::Status),
            ("verify", Action::Verify),
            ("probe", Action::Verify),
            ("release", Action::Release),
            ("hold", Action::Hold),
            ("register", Action::Register),
            ("unregister", Action::Unregister),
            ("remove", Action::Unregister),
        ] {
            for reason in ["reason", "why"] {
                let request: Request =
                    from_value(json!({"action": name, reason: "because"})).unwrap();
                assert_eq!(
                    (request.action, request.reason.as_str()),
                    (action, "because")
                );
                assert_eq!((request.dry_run, request.is_ready), (false, IsReady::Keep));
            }
        }
    }

    #[test]
    fn refuses_mistyped_requests() {
        let cases: [(&str, Value); 5] = [
            ("action", json!({"action": "dance"})),
            ("field", json!({"action": "hold", "dryrun": true})),
            (
                "text for a flag",
                json!({"action": "hold", "dryRun": "true"}),
            ),
            ("no flag", json!({"action": "hold", "dryRun": null})),
            ("isReady", json!({"action": "register", "isReady": "yes"})),
        ];
        for (case, request) in cases {
            assert!(from_value::<Request>(request).is_err(), "{case}");
        }
    }
}
