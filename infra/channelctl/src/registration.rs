//! The registration, changed through the deploy-hook: release, hold, verify, register, unregister.

use std::{env, io::Write, time::Duration};

use anstream::eprintln;
use aws_sdk_lambda::{
    Client,
    config::{Builder, retry::RetryConfig},
    primitives::Blob,
};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    aws::{self, AwsError},
    calling_settings::CallingSettings,
    doctor,
    outcome::{self, Failure, Kind, Outcome},
    stack::Stack,
    terminal::{self, GOOD, coloured},
};

/// Longer than the deploy-hook takes for an action.
const HOOK_TIMEOUT: Duration = Duration::from_secs(100);

/// The options of everything that writes to HubSpot.
#[derive(Debug, Clone, Default, Args)]
pub struct WriteOptions {
    /// Reason, for the deploy-hook's log
    #[arg(long)]
    pub reason: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Show the change without making it, whatever else is given
    #[arg(long)]
    pub dry_run: bool,
}

/// An action of the deploy-hook's, which alone writes to HubSpot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Release,
    Hold,
    Verify,
    Register(IsReady),
    Unregister,
}

/// Whether every customer can select the app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum IsReady {
    // As HubSpot has it for this stack
    #[default]
    Keep,
    True,
    // Only people who set the flag in their browser can
    False,
}

/// The deploy-hook's report of an action, and of the state after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub action: String,
    pub done: bool,
    pub outcome: String,
    pub app_id: i64,
    pub api_version: String,
    pub expected: Expected,
    /// The kind of credential that HubSpot was asked with.
    pub credential: Option<String>,
    /// `false` where it is missing, unusable or refused; none where HubSpot could not be asked.
    pub credential_usable: Option<bool>,
    /// None where HubSpot has nothing, or could not be asked.
    pub registered: Option<Settings>,
    /// Whether that differs from what is expected; none where HubSpot could not be asked.
    pub drift: Option<bool>,
    #[serde(rename(deserialize = "ready"))]
    pub is_ready: Option<bool>,
    pub last_probe: LastProbe,
    /// None of a deploy-hook from before them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calling_settings: Option<CallingSettings>,
    /// HubSpot's settings after an action that was only tried.
    #[serde(default, skip_serializing)]
    pub plan: Option<Settings>,
}

/// What an action prints as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registration<'a> {
    #[cfg_attr(test, schemars(extend("enum" = ["release", "hold", "verify", "register", "unregister"])))]
    action: &'static str,
    stack: &'a str,
    dry_run: bool,
    /// Whether the deploy-hook's rules allow it; null where it was not tried before.
    allowed: Option<bool>,
    /// Before the action.
    registered: Option<&'a Settings>,
    /// After the action.
    plan: Option<&'a Settings>,
    outcome: &'a str,
    /// Null where nothing was done.
    result: Option<&'a Report>,
    next: Option<&'a str>,
}

/// The settings that a stack would register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Expected {
    pub url: String,
}

/// HubSpot's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    pub url: String,
    pub is_ready: bool,
}

/// The webhook's responses to a signed request and to forgeries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LastProbe {
    pub verified: bool,
    /// How many numbers the probed portal has.
    pub numbers: Option<u64>,
    pub milliseconds: Option<u64>,
    /// Why it is not verified.
    pub reason: Option<String>,
}

impl Action {
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Hold => "hold",
            Self::Verify => "verify",
            Self::Register(_) => "register",
            Self::Unregister => "unregister",
        }
    }

    /// Returns the deploy-hook's event for this action.
    pub fn event(self, reason: &str) -> Value {
        let mut event = json!({"action": self.name(), "reason": reason});
        if let Self::Register(is_ready) = self {
            event["isReady"] = json!(is_ready);
        }
        event
    }
}

/// Shows the change of HubSpot's settings, asks, and has the deploy-hook make it.
pub async fn act(
    stack: &Stack,
    action: Action,
    options: &WriteOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let user = env::var("USER").unwrap_or_else(|_| "an unknown user".into());
    let reason = options.reason.clone().filter(|reason| !reason.is_empty());
    let reason = reason.unwrap_or_else(|| format!("channelctl {} by {user}", action.name()));
    let event = action.event(&reason);
    // In an emergency the look before would cost seconds, and nothing it shows could stop a hold.
    let is_urgent = action == Action::Hold && options.yes && !options.dry_run;
    let tried = if is_urgent || action == Action::Verify {
        None
    } else {
        Some(dry_run(stack, event.clone()).await?)
    };
    let result = match &tried {
        Some(tried) if options.dry_run || !tried.done => None,
        tried => {
            if let Some(tried) = tried {
                // It belongs to the question, wherever the output goes.
                eprintln!("{}", plan(stack, action, tried));
                terminal::confirm("Go on?", options.yes)?;
            } else {
                eprintln!("{}: {}", action.name(), stack.target.stack);
            }
            outcome::if_stopped(format!(
                "Stopped waiting. The deploy-hook finishes what it has begun. See how it ended: {}",
                stack.command("status")
            ));
            Some(invoke(stack, &event).await?)
        }
    };
    let (tried, result) = (tried.as_ref(), result.as_ref());
    let Some(last) = result.or(tried) else {
        return Ok(Outcome::Done);
    };
    let is_tried_only = result.is_none() && last.done;
    let next = (!is_tried_only)
        .then(|| next(stack, action, last))
        .flatten();
    let document = Registration {
        action: action.name(),
        stack: &stack.target.stack,
        dry_run: options.dry_run,
        allowed: tried.map(|tried| tried.done),
        registered: tried.and_then(|tried| tried.registered.as_ref()),
        plan: tried.and_then(|tried| tried.plan.as_ref()),
        outcome: &last.outcome,
        result,
        next: next.as_deref(),
    };
    let shown = terminal::print(as_json, &document, || {
        let mut output = terminal::output();
        if is_tried_only {
            return writeln!(output, "{}", plan(stack, action, last));
        }
        if !last.done {
            return Ok(());
        }
        let (done, next) = (coloured(GOOD, "done:"), next.as_deref());
        let next = next.unwrap_or("nothing");
        writeln!(output, "{done} {}\nnext: {next}", last.outcome)
    });
    if last.done {
        shown?;
        return Ok(Outcome::Done);
    }
    // Whether anybody read the output or not.
    let is_refused = tried.is_some_and(|tried| !tried.done) && last.drift.is_some()
        || action == Action::Hold && last.drift == Some(true);
    let kind = match action {
        Action::Verify => Kind::Findings,
        _ if is_refused => Kind::Refused,
        _ => Kind::Failed,
    };
    Err(Failure::new(kind, format!("Not done: {}", last.outcome)).then(next))
}

fn plan(stack: &Stack, action: Action, tried: &Report) -> String {
    let shown = |settings: &Option<Settings>| match settings {
        Some(Settings { url, is_ready }) => format!("{url} with isReady={is_ready}"),
        None => "nothing".into(),
    };
    let (before, after) = (shown(&tried.registered), shown(&tried.plan));
    let (action, stack, outcome) = (action.name(), &stack.target.stack, &tried.outcome);
    format!("{action}: {stack}\nHubSpot has: {before}\nAfter it:    {after}\n{outcome}")
}

fn next(stack: &Stack, action: Action, report: &Report) -> Option<String> {
    match action {
        // After these, a next step could only undo them.
        Action::Release | Action::Hold | Action::Verify | Action::Unregister if report.done => {
            Some(stack.command("status"))
        }
        _ => doctor::next_step(stack, report),
    }
}

/// Asks the deploy-hook for its report.
pub async fn status(stack: &Stack, reason: &str) -> Result<Report, Failure> {
    invoke(stack, &json!({"action": "status", "reason": reason})).await
}

/// Asks the deploy-hook what an action would do; nothing is written.
async fn dry_run(stack: &Stack, mut event: Value) -> Result<Report, Failure> {
    // A function that is older than this output would not try the action, but do it.
    if stack.output("Version").is_err() {
        return Err(answer_of_another_version(stack));
    }
    event["dryRun"] = true.into();
    invoke(stack, &event).await
}

/// Invokes the deploy-hook once: an action that may have been done is not asked for twice.
async fn invoke(stack: &Stack, event: &Value) -> Result<Report, Failure> {
    let config = Builder::from(&stack.target.aws)
        .retry_config(RetryConfig::disabled())
        .timeout_config(aws::timeouts(HOOK_TIMEOUT))
        .build();
    let asked = Client::from_conf(config)
        .invoke()
        .function_name(stack.output("DeployHookFunction")?)
        .payload(Blob::new(event.to_string()))
        .send();
    let answer = terminal::wait("the deploy-hook", asked).await;
    let answer = answer.map_err(|error| AwsError::new("invoke the deploy-hook", &error))?;
    let said = answer.payload.map(Blob::into_inner).unwrap_or_default();
    if answer.function_error.is_some() {
        let said: Value = serde_json::from_slice(&said).unwrap_or_default();
        let reason = said["errorMessage"].as_str().unwrap_or("no reason given");
        let failed = Failure::failed(format!("The deploy-hook failed: {reason}"));
        return Err(failed.then(stack.command("logs")));
    }
    serde_json::from_slice(&said).map_err(|_| answer_of_another_version(stack))
}

fn answer_of_another_version(stack: &Stack) -> Failure {
    Failure::failed("The stack is of another version than this channelctl. Deploy it again, or use the stack's own version of channelctl.")
        .then(stack.command("deploy"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const URL: &str = "https://calls.example.com/numbers";

    /// A report of a stack whose webhook is verified.
    pub(crate) fn report(registered: Option<(&str, bool)>) -> Report {
        let registered = registered.map(|(url, is_ready)| Settings {
            url: url.into(),
            is_ready,
        });
        Report {
            action: "status".into(),
            done: true,
            outcome: "See registered and lastProbe.".into(),
            app_id: 1_234_567,
            api_version: "2026-03".into(),
            expected: Expected { url: URL.into() },
            credential: Some("access token".into()),
            credential_usable: Some(true),
            drift: Some(registered.as_ref().is_none_or(|held| held.url != URL)),
            is_ready: Some(registered.as_ref().is_some_and(|held| held.is_ready)),
            registered,
            last_probe: LastProbe {
                verified: true,
                numbers: Some(0),
                milliseconds: Some(41),
                reason: None,
            },
            calling_settings: Some(CallingSettings::Found {
                supports_inbound_calling: Some(true),
                is_ready: Some(true),
            }),
            plan: None,
        }
    }

    #[test]
    fn waits_longer_than_any_function_takes() {
        let functions = include_str!("../../template.yaml")
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Timeout: ")?.parse().ok());
        assert!(functions.max().map(Duration::from_secs) < Some(HOOK_TIMEOUT));
    }
}
