//! Findings: what is wrong with a stack, and the command that fixes it.

mod finding;
mod report;

use std::io;

use channel_connection::{hook_report::Report, signature::MAX_AGE};
use jiff::SignedDuration;
use serde::Serialize;

pub use self::{
    finding::{Finding, Severity},
    report::of_report,
};
use self::{
    finding::{error, failure, ok, warning},
    report::{registered_url, release},
};
use crate::{
    aws::{self, AwsError},
    cloudwatch::{self, Alarm, LastCheck},
    numbers::table::{NumberCount, Table},
    outcome::{Failure, Outcome},
    registration, secrets,
    stack::{Stack, target::Target},
    terminal::{self, ago},
};

/// The document of doctor.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Findings {
    stack: String,
    findings: Vec<Finding>,
}

/// Looks at everything that can be wrong, from the clock on; prints each finding as it comes.
pub async fn examine(target: Target, as_json: bool) -> Result<Outcome, Failure> {
    let stack = target.stack.clone();
    let mut findings = Vec::new();
    let mut add = |finding: Finding| {
        if !as_json {
            finding.print()?;
        }
        findings.push(finding);
        io::Result::Ok(())
    };
    let credentials = terminal::wait("AWS STS", credentials(&target)).await;
    // AWS refuses whatever a clock that is far off has signed, and does not always say why.
    add(clock())?;
    add(credentials)?;
    match Stack::find(target).await {
        Err(missing) => add(failure("stack", missing))?,
        Ok(stack) => of_stack(&stack, &mut add).await?,
    }
    let has_errors = findings.iter().any(Finding::is_error);
    if as_json {
        terminal::print_json(&Findings { stack, findings })?;
    }
    Ok(Outcome::of(has_errors))
}

async fn of_stack(stack: &Stack, mut add: impl FnMut(Finding) -> io::Result<()>) -> io::Result<()> {
    add(stack_state(stack))?;
    let secret = terminal::wait("Secrets Manager", client_secret(stack)).await;
    add(secret.clone())?;
    match registration::status(stack, "channelctl doctor").await {
        Err(no_report) => add(failure("deploy-hook", no_report))?,
        Ok(report) => {
            let mut findings = of_report(stack, &report, Some(&secret)).into_iter();
            findings.try_for_each(&mut add)?;
        }
    }
    add(terminal::wait("DynamoDB", numbers(stack)).await)?;
    let alarms = terminal::wait("CloudWatch", cloudwatch::alarms(stack)).await;
    of_alarms(stack, &alarms).into_iter().try_for_each(add)
}

fn clock() -> Finding {
    let check = "clock";
    let ahead = match aws::clock_ahead() {
        None => return warning(check, "AWS did not tell the time", None),
        Some(ahead) => ahead.abs(),
    };
    let off = format!("this machine is {ahead:#} off: set its clock");
    if ahead.unsigned_abs() > MAX_AGE {
        let found = format!("{off}, or AWS and the webhook refuse what it signs");
        return error(check, found, None);
    }
    if ahead > SignedDuration::from_secs(30) {
        return warning(check, off, None);
    }
    ok(check, "this machine agrees with AWS")
}

async fn credentials(target: &Target) -> Finding {
    let check = "credentials";
    match aws::account(&target.aws).await {
        Ok(account) => ok(check, format!("account {account}, {}", target.region())),
        Err(refused) => {
            let is_signed_out = matches!(refused, AwsError::SignedOut(_));
            let fix = is_signed_out.then(|| target.sign_in());
            error(check, refused.to_string(), fix)
        }
    }
}

async fn client_secret(stack: &Stack) -> Finding {
    let check = "client secret";
    if let Err(unusable) = secrets::client_secret(stack).await {
        return failure(check, unusable);
    }
    let changed = secrets::client_secret_changed_at(stack).await;
    let ago = changed.map_or_else(|| "at an unknown time".into(), ago);
    ok(check, format!("set, changed {ago}"))
}

async fn numbers(stack: &Stack) -> Finding {
    let count = match Table::of(stack) {
        Ok(table) => table.count().await,
        Err(error) => Err(error),
    };
    match count {
        Ok(count) => of_count(stack, count),
        Err(error) => failure("numbers", error),
    }
}

fn of_count(stack: &Stack, count: NumberCount) -> Finding {
    let check = "numbers";
    if count.numbers == 0 {
        let found = "the table is empty: every customer sees an empty list";
        return warning(check, found, stack.command("numbers import FILE"));
    }
    ok(check, count.to_string())
}

/// Returns a finding for each alarm that is on.
pub fn of_alarms(stack: &Stack, alarms: &Result<Vec<Alarm>, AwsError>) -> Vec<Finding> {
    let check = "alarm";
    match alarms {
        Err(refused) => vec![warning(check, refused.to_string(), None)],
        Ok(alarms) if alarms.is_empty() => vec![ok(check, "none is on")],
        Ok(alarms) => {
            let logs = || stack.command("logs");
            let on = alarms.iter();
            on.map(|alarm| error(check, alarm.text(), logs())).collect()
        }
    }
}

/// Returns a finding if it is not known how the last scheduled check ended.
pub fn of_last_check(check: &Result<Option<LastCheck>, Failure>) -> Option<Finding> {
    let unknown = check.as_ref().err()?;
    Some(warning("last check", unknown.to_string(), None))
}

/// Tells how CloudFormation left the stack.
pub fn stack_state(stack: &Stack) -> Finding {
    let (check, deploy) = ("stack", stack.command("deploy"));
    let state = format!("{}: {}", stack.target.stack, stack.status);
    match stack.status.as_str() {
        "UPDATE_ROLLBACK_FAILED" => {
            let command = "cloudformation continue-update-rollback --stack-name";
            let target = &stack.target;
            let go_on = target.aws_command(&format!("{command} {}", target.stack));
            let found = format!("{state}; fix what its events name, then go on");
            error(check, found, go_on)
        }
        // A change set was looked at, and nothing deployed yet.
        "REVIEW_IN_PROGRESS" => warning(check, state, deploy),
        "DELETE_FAILED" => error(check, state, stack.command("delete")),
        _ if stack.is_in_progress() => {
            let found = format!("{state}; wait until that is done");
            warning(check, found, stack.command("status"))
        }
        _ if stack.was_never_created() => {
            let why = "the first deploy failed, as its events say, and AWS updates no such stack";
            let found = format!("{state}; {why}: delete it, then deploy again");
            error(check, found, stack.command("delete"))
        }
        status if status.ends_with("_FAILED") => error(check, state, deploy),
        status if status.contains("ROLLBACK") => {
            let found = format!("{state}; the last deploy failed, and its events say why");
            warning(check, found, deploy)
        }
        _ => ok(check, state),
    }
}

/// Names the command that comes next: what fixes the first thing that is wrong, or the release.
///
/// A fault of more than one possible cause leads to doctor, which looks for it.
pub fn next_step(stack: &Stack, report: &Report) -> Option<String> {
    let doctor = stack.command("doctor");
    let hubspot_was_asked = report.drift.is_some();
    if !(report.done && hubspot_was_asked) {
        return Some(doctor);
    }
    stack_state(stack)
        .fix
        .or_else(|| registered_url(stack, report).fix)
        .or_else(|| (!report.last_probe.verified).then_some(doctor))
        .or_else(|| release(stack, report).fix)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        registration::tests::{URL, report},
        stack::tests::stack as made_up,
    };

    pub(in crate::doctor) fn stack(status: &str) -> Stack {
        made_up(status, ("", ""))
    }

    #[track_caller]
    pub(in crate::doctor) fn assert_fix(name: &str, fix: Option<&str>, command: &str) {
        let command = (!command.is_empty()).then(|| format!("channelctl --stage dev {command}"));
        assert_eq!(fix, command.as_deref(), "{name}");
    }

    #[test]
    fn each_state_of_a_stack_has_its_fix() {
        for (status, fix) in [
            ("CREATE_COMPLETE", ""),
            ("UPDATE_COMPLETE", ""),
            ("CREATE_IN_PROGRESS", "status"),
            ("DELETE_IN_PROGRESS", "status"),
            ("UPDATE_IN_PROGRESS", "status"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", "status"),
            ("REVIEW_IN_PROGRESS", "deploy"),
            ("UPDATE_FAILED", "deploy"),
            ("UPDATE_ROLLBACK_COMPLETE", "deploy"),
            ("CREATE_FAILED", "delete"),
            ("DELETE_FAILED", "delete"),
            ("ROLLBACK_COMPLETE", "delete"),
            ("ROLLBACK_FAILED", "delete"),
        ] {
            assert_fix(status, stack_state(&stack(status)).fix.as_deref(), fix);
        }
        let stuck = stack_state(&stack("UPDATE_ROLLBACK_FAILED")).fix.unwrap();
        let go_on = "aws cloudformation continue-update-rollback --stack-name calls-dev --region";
        assert!(stuck.starts_with(go_on), "{stuck}");
    }

    #[test]
    fn an_empty_table_has_its_fix() {
        let empty = of_count(&stack("UPDATE_COMPLETE"), NumberCount::default());
        assert_fix("empty table", empty.fix.as_deref(), "numbers import FILE");
    }

    #[test]
    fn the_first_fault_is_the_next_step() {
        let mut unverified = report(Some((URL, true)));
        unverified.last_probe.verified = false;
        let mut unknown = report(None);
        (unknown.drift, unknown.is_ready) = (None, None);
        let (released, held) = (report(Some((URL, true))), report(Some((URL, false))));
        let (complete, running) = ("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS");
        for (name, status, report, command) in [
            ("nothing", complete, &released, ""),
            ("held", complete, &held, "release"),
            ("unregistered", complete, &report(None), "register"),
            ("unverified", complete, &unverified, "doctor"),
            ("unknown", complete, &unknown, "doctor"),
            ("deploying", running, &held, "status"),
        ] {
            let next = next_step(&stack(status), report);
            assert_fix(name, next.as_deref(), command);
        }
    }
}
