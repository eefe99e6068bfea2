//! Findings: what is wrong with a stack, and the command that fixes it.

use std::io::{self, Write};

use channel_connection::signature::MAX_AGE;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;

use crate::{
    aws::{self, AwsError},
    calling_settings::{Lack, lacks},
    cloudwatch::{self, Alarm, LastCheck},
    numbers::table::{Census, Table},
    outcome::{Failure, Outcome},
    registration::{self, Report},
    secrets,
    stack::{Stack, target::Target},
    terminal::{self, DOUBTFUL, GOOD, WRONG, ago, coloured},
};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    check: &'static str,
    severity: Severity,
    message: String,
    /// The command that fixes it.
    fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    Ok,
    Warning,
    Error,
}

fn error(
    check: &'static str,
    message: impl Into<String>,
    fix: impl Into<Option<String>>,
) -> Finding {
    Finding {
        check,
        severity: Severity::Error,
        message: message.into(),
        fix: fix.into(),
    }
}

fn warning(
    check: &'static str,
    message: impl Into<String>,
    fix: impl Into<Option<String>>,
) -> Finding {
    Finding {
        severity: Severity::Warning,
        ..error(check, message, fix)
    }
}

fn ok(check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Ok,
        ..error(check, message, None)
    }
}

fn failure(check: &'static str, failure: Failure) -> Finding {
    error(check, failure.message, failure.next)
}

impl Finding {
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub fn is_ok(&self) -> bool {
        self.severity == Severity::Ok
    }

    fn print(&self) -> io::Result<()> {
        let mark = match self.severity {
            Severity::Ok => coloured(GOOD, "ok   "),
            Severity::Warning => coloured(DOUBTFUL, "look "),
            Severity::Error => coloured(WRONG, "wrong"),
        };
        let (mut output, message) = (terminal::output(), &self.message);
        writeln!(output, "{mark} {:<14} {message}", self.check)?;
        if let Some(fix) = &self.fix {
            writeln!(output, "{:<20} fix it: {fix}", "")?;
        }
        Ok(())
    }
}

/// Looks at everything that can be wrong, from the clock on; prints each finding as it comes.
pub async fn examine(target: Target, as_json: bool) -> Result<Outcome, Failure> {
    let name = target.stack.clone();
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
    if as_json {
        terminal::print_json(&json!({"stack": name, "findings": findings}))?;
    }
    Ok(if findings.iter().any(Finding::is_error) {
        Outcome::Findings
    } else {
        Outcome::Done
    })
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
    let census = match Table::of(stack) {
        Ok(table) => table.census().await,
        Err(error) => Err(error),
    };
    match census {
        Ok(census) => of_census(stack, census),
        Err(error) => failure("numbers", error),
    }
}

fn of_census(stack: &Stack, census: Census) -> Finding {
    let check = "numbers";
    if census.numbers == 0 {
        let found = "the table is empty: every customer sees an empty list";
        return warning(check, found, stack.command("numbers import FILE"));
    }
    ok(check, census.to_string())
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
            let why = "the first deploy failed, and AWS updates no such stack";
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

/// Returns the report's findings; the client secret's explains the webhook's.
pub fn of_report(stack: &Stack, report: &Report, client_secret: Option<&Finding>) -> [Finding; 6] {
    [
        credential(stack, report),
        app(stack, report),
        registered_url(stack, report),
        webhook(stack, report, client_secret),
        release(stack, report),
        calling_settings(report),
    ]
}

fn credential(stack: &Stack, report: &Report) -> Finding {
    let (check, outcome) = ("credential", report.outcome.as_str());
    match (&report.credential, report.credential_usable) {
        (Some(kind), Some(true)) => {
            let version = &report.api_version;
            ok(check, format!("HubSpot accepts the {kind}, API {version}"))
        }
        (_, Some(_)) => error(check, outcome, stack.command("secrets set")),
        (_, None) => error(
            check,
            format!("{outcome} Look again once HubSpot answers."),
            stack.command("doctor"),
        ),
    }
}

fn app(stack: &Stack, report: &Report) -> Finding {
    let check = "app";
    let found = match stack.app_id() {
        Ok(app) if app.get() == report.app_id => return ok(check, app.to_string()),
        Ok(app) => format!("the stack's is {app}, the function's {}", report.app_id),
        Err(error) => error.to_string(),
    };
    error(check, found, stack.command("deploy"))
}

fn registered_url(stack: &Stack, report: &Report) -> Finding {
    let (check, register) = ("registration", stack.command("register"));
    match (&report.registered, report.drift) {
        (Some(held), Some(false)) => ok(check, format!("HubSpot has {}", held.url)),
        (Some(held), _) => {
            let expected = &report.expected.url;
            let found = format!(
                "HubSpot has {}, expected {expected}; register it, unless that URL is another stage's",
                held.url
            );
            error(check, found, register)
        }
        (None, Some(_)) => error(check, "HubSpot has no URL", register),
        (None, None) => error(check, "unknown: HubSpot could not be asked", None),
    }
}

fn webhook(stack: &Stack, report: &Report, client_secret: Option<&Finding>) -> Finding {
    let (check, probe) = ("webhook", &report.last_probe);
    if probe.verified {
        let milliseconds = probe.milliseconds.unwrap_or_default();
        let found = format!("answers HubSpot, and nobody else, in {milliseconds} ms");
        return ok(check, found);
    }
    let reason = probe.reason.as_deref().unwrap_or("no reason was given");
    let fix = client_secret.and_then(|secret| secret.fix.clone());
    error(check, reason, fix.unwrap_or_else(|| stack.command("logs")))
}

fn release(stack: &Stack, report: &Report) -> Finding {
    let check = "isReady";
    match report.is_ready {
        Some(true) => ok(check, "true: every customer can select the app"),
        Some(false) => warning(
            check,
            "false: no customer can select the app yet; test it in HubSpot first",
            stack.command("release"),
        ),
        None => error(check, "unknown: HubSpot could not be asked", None),
    }
}

fn calling_settings(report: &Report) -> Finding {
    let check = "help desk";
    let lacks = lacks(report);
    let found: Vec<_> = lacks
        .iter()
        .map(|lack| format!("{}. {}", lack.summary(), lack.detail(report)))
        .collect();
    match lacks.as_slice() {
        [] => ok(
            check,
            "the app supports inbound calling, as help desk needs",
        ),
        [Lack::Unknown(_)] => warning(check, found.join(" "), None),
        _ => error(check, found.join("; "), None),
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
mod tests {
    use super::*;
    use crate::{
        calling_settings::CallingSettings,
        registration::tests::{URL, report},
        stack::tests::stack as made_up,
    };

    fn stack(status: &str) -> Stack {
        made_up(status, ("", ""))
    }

    #[track_caller]
    fn assert_fix(name: &str, fix: Option<&str>, command: &str) {
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
    fn each_fault_in_a_report_has_its_fix() {
        type Fault = fn(&mut Report);
        let stack = stack("UPDATE_COMPLETE");
        let faults: [(&str, usize, &str, Fault); 11] = [
            ("refused credential", 0, "secrets set", |report| {
                report.credential_usable = Some(false);
            }),
            ("silent HubSpot", 0, "doctor", |report| {
                report.credential_usable = None;
            }),
            ("another app", 1, "deploy", |report| report.app_id = 7),
            ("drift", 2, "register", |report| report.drift = Some(true)),
            ("nothing registered", 2, "register", |report| {
                (report.drift, report.registered) = (Some(true), None);
            }),
            ("not asked", 2, "", |report| {
                (report.drift, report.registered) = (None, None);
            }),
            ("unverified", 3, "logs", |report| {
                report.last_probe.verified = false;
            }),
            ("held", 4, "release", |report| report.is_ready = Some(false)),
            ("unknown", 4, "", |report| report.is_ready = None),
            ("no calling settings", 5, "", |report| {
                report.calling_settings = Some(CallingSettings::Absent);
            }),
            ("none", 4, "", |_| {}),
        ];
        for (name, at, fix, fault) in faults {
            let mut report = report(Some((URL, true)));
            fault(&mut report);
            let findings = of_report(&stack, &report, None);
            assert_fix(name, findings[at].fix.as_deref(), fix);
            let wrong = findings.iter().filter(|finding| !finding.is_ok()).count();
            assert_eq!(wrong, usize::from(name != "none"), "{name}");
        }
        let mut unverified = report(Some((URL, true)));
        unverified.last_probe.verified = false;
        let unset = error("client secret", "not set", "set it".to_owned());
        let [_, _, _, webhook, _, _] = of_report(&stack, &unverified, Some(&unset));
        assert_eq!(webhook.fix.as_deref(), Some("set it"));
        let empty = of_census(&stack, Census::default());
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
