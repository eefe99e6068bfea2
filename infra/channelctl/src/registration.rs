//! The registration, changed through the deploy-hook: release, hold, verify, register, unregister.

use std::{
    env,
    io::{self, Write},
};

use anstream::eprintln;
use clap::Args;
use serde_json::json;

use crate::{
    action::{self, Action},
    doctor::diagnosis::next_step,
    ending::{Ending, Failure},
    hook::{self, Report},
    stack::Stack,
    terminal::{self, GOOD, WRONG, coloured},
};

/// The options of everything that writes to HubSpot.
#[derive(Debug, Clone, Default, Args)]
pub struct WriteOptions {
    /// Reason, for the deploy-hook's log
    #[arg(long)]
    pub reason: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Show the change without making it
    #[arg(long)]
    pub dry_run: bool,
}

/// Shows the change of HubSpot's settings, asks, and has the deploy-hook make it.
pub async fn act(
    stack: &Stack,
    action: Action,
    options: &WriteOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    // In an emergency the second look would cost seconds, and nothing it shows could stop a hold.
    let is_urgent = action == Action::Hold && options.yes && !options.dry_run;
    if is_urgent || action == Action::Verify {
        eprintln!("{}: {}", action.name(), stack.target.stack);
    } else {
        let report = hook::status(stack, "look before a change").await?;
        let plan = action::plan(action, &report).unwrap_or_default();
        show_plan(stack, action, &plan, options.dry_run, as_json)?;
        if options.dry_run {
            return Ok(Ending::Done);
        }
        terminal::confirm("Go on?", options.yes)?;
    }
    let user = env::var("USER").unwrap_or_else(|_| "an unknown user".into());
    let reason = options.reason.clone().filter(|reason| !reason.is_empty());
    let reason = reason.unwrap_or_else(|| format!("channelctl {} by {user}", action.name()));
    let report = hook::act(stack, &action.request(reason)).await?;
    show(stack, action, &report, as_json)
}

fn show_plan(
    stack: &Stack,
    action: Action,
    plan: &str,
    is_dry_run: bool,
    as_json: bool,
) -> io::Result<()> {
    let action = action.name();
    let text = format!("{action}: {}\n{plan}", stack.target.stack);
    match (is_dry_run, as_json) {
        (true, true) => terminal::print_json(&json!({"action": action, "plan": plan})),
        (true, false) => writeln!(terminal::output(), "{text}"),
        // It belongs to the question, wherever the output goes.
        (false, _) => writeln!(anstream::stderr(), "{text}"),
    }
}

fn show(stack: &Stack, action: Action, report: &Report, as_json: bool) -> Result<Ending, Failure> {
    let shown = if as_json {
        terminal::print_json(&json!(report))
    } else {
        let verdict = if report.done {
            coloured(GOOD, "done:")
        } else {
            coloured(WRONG, "not done:")
        };
        let (outcome, next) = (&report.outcome, next(stack, action, report));
        writeln!(terminal::output(), "{verdict} {outcome}\nnext: {next}")
    };
    if !report.done {
        // Whether anybody read it or not.
        return Ok(Ending::NotDone);
    }
    shown?;
    Ok(Ending::Done)
}

pub(crate) fn next(stack: &Stack, action: Action, report: &Report) -> String {
    match action {
        // After these, a next step could only undo them.
        Action::Release | Action::Hold | Action::Verify if report.done => stack.command("status"),
        _ => next_step(stack, report),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        action::IsReady,
        hook::tests::{URL, report},
    };

    #[track_caller]
    fn assert_next(action: Action, report: &Report, command: &str) {
        let next = next(&Stack::in_state("UPDATE_COMPLETE"), action, report);
        assert!(next.contains(command), "{action:?}: {next}");
    }

    #[test]
    fn a_verified_registration_is_released_next() {
        let register = Action::Register(IsReady::Keep);
        let mut held = report(Some((URL, false)));
        assert_next(register, &held, "test it in HubSpot, then channelctl");
        held.last_probe.verified = false;
        assert_next(register, &held, "doctor");
        assert_next(Action::Unregister, &report(None), "register");
    }

    #[test]
    fn done_leads_to_status_and_not_done_to_doctor() {
        let mut held = report(Some((URL, false)));
        assert_next(Action::Hold, &held, "status");
        held.done = false;
        for action in [Action::Hold, Action::Release, Action::Unregister] {
            assert_next(action, &held, "doctor");
        }
    }
}
