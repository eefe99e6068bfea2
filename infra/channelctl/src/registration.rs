//! The registration, changed through the deploy-hook: release, hold, verify, register, unregister.

use std::{env, io::Write, time::Duration};

use anstream::eprintln;
use aws_sdk_lambda::{
    Client,
    config::{Builder, retry::RetryConfig},
    primitives::Blob,
};
use channel_connection::hook_report::{Report, Settings};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    aws::{self, AwsError},
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
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Let every customer select the app, once verified
    #[command(after_help = "Example: channelctl --stage prod release --reason 'tested in HubSpot'")]
    Release(WriteOptions),
    /// Stop every customer from selecting the app, at once
    #[command(after_help = "Example: channelctl --stage prod hold --yes --reason 'wrong numbers'")]
    Hold(WriteOptions),
    /// Verify the webhook: signed, unsigned and forged requests
    #[command(after_help = "Example: channelctl --stage dev verify")]
    Verify,
    /// Give HubSpot the stack's URL, and verify it
    #[command(after_help = "Example: channelctl --stage dev register --is-ready false")]
    Register {
        /// Whether every customer can select the app
        #[arg(long, value_enum, default_value_t)]
        is_ready: IsReady,
        #[command(flatten)]
        write: WriteOptions,
    },
    /// Remove the stack's URL from HubSpot
    #[command(after_help = "Example: channelctl --stage dev unregister --dry-run")]
    Unregister(WriteOptions),
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

/// The document of release, hold, verify, register and unregister.
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

impl Action {
    /// Returns the name that the deploy-hook knows it by, and how to write.
    fn parts(&self) -> (&'static str, WriteOptions) {
        match self {
            Self::Release(options) => ("release", options.clone()),
            Self::Hold(options) => ("hold", options.clone()),
            Self::Verify => ("verify", WriteOptions::default()),
            Self::Register { write, .. } => ("register", write.clone()),
            Self::Unregister(options) => ("unregister", options.clone()),
        }
    }

    /// Returns the deploy-hook's event for this action.
    pub fn event(&self, reason: &str) -> Value {
        let mut event = json!({"action": self.parts().0, "reason": reason});
        if let Self::Register { is_ready, .. } = self {
            event["isReady"] = json!(is_ready);
        }
        event
    }
}

/// Shows the change of HubSpot's settings, asks, and has the deploy-hook make it.
pub async fn act(stack: &Stack, action: &Action, as_json: bool) -> Result<Outcome, Failure> {
    let (name, options) = action.parts();
    let user = env::var("USER").unwrap_or_else(|_| "an unknown user".into());
    let reason = options.reason.filter(|reason| !reason.is_empty());
    let reason = reason.unwrap_or_else(|| format!("channelctl {name} by {user}"));
    let event = action.event(&reason);
    // In an emergency the look before would cost seconds, and nothing it shows could stop a hold.
    let is_urgent = matches!(action, Action::Hold(_)) && options.yes && !options.dry_run;
    let tried = if is_urgent || matches!(action, Action::Verify) {
        None
    } else {
        Some(dry_run(stack, event.clone()).await?)
    };
    let plan = tried.as_ref().map(|tried| plan(stack, name, tried));
    let is_allowed = tried.as_ref().map(|tried| tried.done);
    let result = if options.dry_run || is_allowed == Some(false) {
        None
    } else {
        if let Some(plan) = &plan {
            // It belongs to the question, wherever the output goes.
            eprintln!("{plan}");
            terminal::confirm("Go on?", options.yes)?;
        } else {
            eprintln!("{name}: {}", stack.target.stack);
        }
        outcome::if_stopped(format!(
            "Stopped waiting. The deploy-hook finishes what it has begun. See how it ended: {}",
            stack.command("status")
        ));
        Some(invoke(stack, &event).await?)
    };
    let Some(last) = result.as_ref().or(tried.as_ref()) else {
        return Ok(Outcome::Done);
    };
    let next = match &result {
        None if last.done => None,
        // After these, a next step could only undo them.
        _ if last.done && !matches!(action, Action::Register { .. }) => {
            Some(stack.command("status"))
        }
        None if matches!(action, Action::Release(_)) && last.drift == Some(true) => {
            Some(stack.command("register"))
        }
        _ => doctor::next_step(stack, last),
    };
    let document = Registration {
        action: name,
        stack: &stack.target.stack,
        dry_run: options.dry_run,
        allowed: is_allowed,
        registered: tried.as_ref().and_then(|tried| tried.registered.as_ref()),
        plan: tried.as_ref().and_then(|tried| tried.plan.as_ref()),
        outcome: &last.outcome,
        result: result.as_ref(),
        next: next.as_deref(),
    };
    let shown = terminal::print(as_json, &document, || {
        let mut output = terminal::output();
        match (&result, &plan) {
            _ if !last.done => Ok(()),
            (None, Some(plan)) => writeln!(output, "{plan}"),
            _ => {
                let (done, next) = (coloured(GOOD, "done:"), next.as_deref());
                let next = next.unwrap_or("nothing");
                writeln!(output, "{done} {}\nnext: {next}", last.outcome)
            }
        }
    });
    if last.done {
        shown?;
        return Ok(Outcome::Done);
    }
    // Whether anybody read the output or not.
    let is_refused = is_allowed == Some(false) && last.drift.is_some()
        || matches!(action, Action::Hold(_)) && last.drift == Some(true);
    let kind = match action {
        Action::Verify => Kind::Findings,
        _ if is_refused => Kind::Refused,
        _ => Kind::Failed,
    };
    Err(Failure::new(kind, format!("Not done: {}", last.outcome)).then(next))
}

fn plan(stack: &Stack, action: &str, tried: &Report) -> String {
    let shown = |settings: &Option<Settings>| match settings {
        Some(Settings { url, is_ready }) => format!("{url} with isReady={is_ready}"),
        None => "nothing".into(),
    };
    let (before, after) = (shown(&tried.registered), shown(&tried.plan));
    let stack = &stack.target.stack;
    format!("{action}: {stack}\nHubSpot has: {before}\nAfter it:    {after}")
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
    let request = Client::from_conf(config)
        .invoke()
        .function_name(stack.output("DeployHookFunction")?)
        .payload(Blob::new(event.to_string()))
        .send();
    let response = terminal::wait("the deploy-hook", request).await;
    let response = response.map_err(|error| AwsError::new("invoke the deploy-hook", &error))?;
    let payload = response.payload.map(Blob::into_inner).unwrap_or_default();
    if response.function_error.is_some() {
        let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let reason = payload["errorMessage"]
            .as_str()
            .unwrap_or("no reason given");
        let failed = Failure::failed(format!("The deploy-hook failed: {reason}"));
        return Err(failed.then(stack.command("logs")));
    }
    serde_json::from_slice(&payload).map_err(|_| answer_of_another_version(stack))
}

fn answer_of_another_version(stack: &Stack) -> Failure {
    Failure::failed("The stack is of another version than this channelctl. Deploy it again, or use the stack's own version of channelctl.")
        .then(stack.command("deploy"))
}

#[cfg(test)]
pub(crate) mod tests;
