//! The registration, steered through the deploy-hook: release, hold, probe, register, remove.

use std::{env, io::Write};

use anstream::eprintln;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::{
    ending::{Ending, Failure},
    hook::{self, Report, Request},
    stack::Stack,
    terminal::{self, GOOD, WRONG, coloured},
};

/// What can be asked of the deploy-hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Every customer may select the app.
    Release,
    /// No customer may.
    Hold,
    /// The webhook is called as HubSpot would, and as forgers would.
    Probe,
    /// The stack's URL is told to HubSpot.
    Register(IsReady),
    /// The settings are removed.
    Remove,
}

/// Whether customers shall see the app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum IsReady {
    // As HubSpot has it for this stack
    #[default]
    Keep,
    // Every customer may select the app
    True,
    // Nobody may, but for those who set the flag in their browser
    False,
}

/// The options of everything that writes to HubSpot.
#[derive(Debug, Clone, Default, Args)]
pub struct WriteOptions {
    /// Why, for the deploy-hook's log
    #[arg(long, env = "WHY", hide_env_values = true)]
    pub why: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Show what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Hold => "hold",
            Self::Probe => "probe",
            Self::Register(_) => "register",
            Self::Remove => "remove",
        }
    }

    /// Says what it would do to HubSpot's settings; `None` where it only looks.
    fn plan(self, report: &Report) -> Option<String> {
        let held = match (&report.registered, report.drift) {
            (Some(held), _) => format!("{} with isReady={}", held.url, held.is_ready),
            (None, Some(_)) => "nothing".to_owned(),
            (None, None) => "what it does not tell".to_owned(),
        };
        let url = &report.expected.url;
        let then = match self {
            Self::Probe => return None,
            Self::Release => format!(
                "{url} with isReady=true, once it is proved: every customer can select the app"
            ),
            Self::Hold => format!("{url} with isReady=false: no customer can select the app"),
            Self::Register(is_ready) => {
                let is_ready = match is_ready {
                    IsReady::Keep => "as it is".to_owned(),
                    other => other.text().to_owned(),
                };
                format!("{url} with isReady={is_ready}, once it is proved")
            }
            Self::Remove => "nothing: the app is no provider of channels any more".to_owned(),
        };
        Some(format!("HubSpot holds {held}.\nAfter it:     {then}."))
    }
}

impl IsReady {
    fn text(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::True => "true",
            Self::False => "false",
        }
    }
}

/// Shows what would become of HubSpot's settings, asks, and has it done.
pub async fn act(
    stack: &Stack,
    action: Action,
    options: &WriteOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    // In an emergency the second look would cost seconds, and tells nothing that could stop a hold.
    let looks_first = action != Action::Probe && !(action == Action::Hold && options.yes);
    if looks_first {
        let report = hook::act(stack, &request("status", None, "look before a change")).await?;
        if let Some(plan) = action.plan(&report) {
            eprintln!("{}: {}\n{plan}", action.name(), stack.target.stack);
        }
        if options.dry_run {
            return Ok(Ending::Done);
        }
        terminal::confirm("Go on?", options.yes)?;
    }
    let user = env::var("USER").unwrap_or_else(|_| "nobody known".into());
    let why = options.why.clone().filter(|why| !why.is_empty());
    let why = why.unwrap_or_else(|| format!("channelctl {} by {user}", action.name()));
    let is_ready = match action {
        Action::Register(is_ready) => Some(is_ready.text()),
        _ => None,
    };
    let report = hook::act(stack, &request(action.name(), is_ready, &why)).await?;
    show(stack, action, &report, as_json)
}

/// Builds what the deploy-hook is asked for.
pub fn request(action: &'static str, is_ready: Option<&'static str>, why: &str) -> Request {
    Request {
        action,
        why: why.to_owned(),
        is_ready,
    }
}

fn show(stack: &Stack, action: Action, report: &Report, as_json: bool) -> Result<Ending, Failure> {
    if as_json {
        terminal::print_json(&json!(report))?;
    } else if report.done {
        writeln!(
            terminal::output(),
            "{} {}",
            coloured(GOOD, "done:"),
            report.outcome
        )?;
        writeln!(terminal::output(), "next: {}", next(stack, action))?;
    } else {
        writeln!(
            terminal::output(),
            "{} {}",
            coloured(WRONG, "not done:"),
            report.outcome
        )?;
        writeln!(terminal::output(), "next: {}", stack.command("doctor"))?;
    }
    Ok(if report.done {
        Ending::Done
    } else {
        Ending::SomethingWrong
    })
}

fn next(stack: &Stack, action: Action) -> String {
    match action {
        Action::Remove => stack.command("register"),
        Action::Register(_) => format!("test it in HubSpot, then {}", stack.command("release")),
        Action::Release | Action::Hold | Action::Probe => stack.command("status"),
    }
}
