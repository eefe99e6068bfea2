//! What is wrong with a stack, and the command that mends it.

use std::io;

use aws_sdk_sts::Client;
use jiff::SignedDuration;

use crate::{
    aws_error::AwsError,
    clock,
    ending::{Ending, Failure},
    finding::{Finding, Findings, doubtful, right, wrong},
    hook::{self, Report},
    numbers::table::Table,
    registration, secrets,
    stack::Stack,
    target::Target,
};

/// Looks at everything that can be wrong, from the credentials on; each finding as it comes.
pub async fn examine(target: Target, as_json: bool) -> Result<Ending, Failure> {
    let mut findings = Findings::new(as_json);
    findings.add(credentials(&target).await)?;
    match Stack::find(target).await {
        Err(error) => findings.add(wrong("stack", error.to_string(), None))?,
        Ok(stack) => of_stack(&stack, &mut findings).await?,
    }
    Ok(findings.finish()?)
}

async fn of_stack(stack: &Stack, findings: &mut Findings) -> io::Result<()> {
    findings.add(deployment(stack))?;
    findings.add(clock_of(stack).await)?;
    findings.add(client_secret(stack).await)?;
    let asked = registration::request("status", None, "channelctl doctor");
    match hook::act(stack, &asked).await {
        Err(error) => findings.add(wrong(
            "deploy-hook",
            error.to_string(),
            Some(stack.make("logs")),
        ))?,
        Ok(report) => {
            findings.add(credential(stack, &report))?;
            findings.add(app(stack, &report))?;
            findings.add(registered_url(stack, &report))?;
            findings.add(webhook(stack, &report))?;
            findings.add(release(stack, &report))?;
        }
    }
    findings.add(numbers(stack).await)
}

async fn credentials(target: &Target) -> Finding {
    let about = "credentials";
    let answer = Client::new(&target.aws).get_caller_identity().send().await;
    match answer {
        Ok(caller) => {
            let account = caller
                .account
                .unwrap_or_else(|| "an account without a number".into());
            let region = target.aws.region().map_or("no region", AsRef::as_ref);
            right(about, format!("account {account}, {region}"))
        }
        Err(error) => {
            let error = AwsError::new("say who you are", &error);
            let mend = match &error {
                AwsError::SignedOut(_) => Some("aws sso login".to_owned()),
                _ => None,
            };
            wrong(about, error.to_string(), mend)
        }
    }
}

fn deployment(stack: &Stack) -> Finding {
    let about = "stack";
    let found = format!("{}: {}", stack.target.stack, stack.status);
    match stack.status.as_str() {
        "UPDATE_ROLLBACK_FAILED" => wrong(
            about,
            found,
            Some(format!(
                "mend what its events name, then aws cloudformation continue-update-rollback --stack-name {}",
                stack.target.stack
            )),
        ),
        status if status.contains("ROLLBACK") => doubtful(
            about,
            found,
            Some(format!(
                "{}: the last deploy failed; its events say why",
                stack.make("deploy")
            )),
        ),
        status if status.ends_with("_IN_PROGRESS") => {
            doubtful(about, found, Some("wait until the deploy is done".into()))
        }
        status if status.ends_with("_FAILED") => wrong(about, found, Some(stack.make("deploy"))),
        _ => right(about, &found),
    }
}

async fn clock_of(stack: &Stack) -> Finding {
    let about = "clock";
    let Ok(url) = stack.webhook_url() else {
        return wrong(
            about,
            "the stack has no URL to ask for the time",
            Some(stack.make("deploy")),
        );
    };
    match clock::ahead_of(&url).await {
        None => doubtful(about, "no server told the time", None),
        Some(ahead) if ahead.abs() > clock::TOLERATED => {
            let found =
                format!("this machine is {ahead:#} off: AWS and the webhook refuse what it signs");
            wrong(about, found, Some("set this machine's clock".into()))
        }
        Some(ahead) if ahead.abs() > SignedDuration::from_secs(30) => doubtful(
            about,
            format!("this machine is {ahead:#} off"),
            Some("set this machine's clock".into()),
        ),
        Some(_) => right(about, "this machine agrees with the server"),
    }
}

async fn client_secret(stack: &Stack) -> Finding {
    let about = "client secret";
    if let Err(error) = secrets::client_secret(stack).await {
        return wrong(about, error.to_string(), Some(stack.make("secrets")));
    }
    let changed = secrets::client_secret_changed(stack).await.ok().flatten();
    let ago = changed.map_or_else(|| "at an unknown time".into(), clock::ago);
    right(about, format!("set, changed {ago}"))
}

fn credential(stack: &Stack, report: &Report) -> Finding {
    let about = "HubSpot";
    match (&report.credential, report.drift) {
        (Some(kind), Some(_)) => right(
            about,
            format!("accepts the {kind}, API {}", report.api_version),
        ),
        _ => wrong(
            about,
            report.outcome.as_str(),
            Some(format!(
                "{}, then {}",
                stack.make("secrets"),
                stack.command("doctor")
            )),
        ),
    }
}

fn app(stack: &Stack, report: &Report) -> Finding {
    let about = "app";
    match stack.app_id() {
        Ok(app) if app.get() == report.app_id => right(about, app.to_string()),
        Ok(app) => wrong(
            about,
            format!("the stack's is {app}, the function's {}", report.app_id),
            Some(stack.make("deploy")),
        ),
        Err(error) => wrong(about, error.to_string(), Some(stack.make("deploy"))),
    }
}

fn registered_url(stack: &Stack, report: &Report) -> Finding {
    let about = "registration";
    let register = || Some(stack.command("register"));
    match (&report.registered, report.drift) {
        (Some(held), Some(false)) => right(about, format!("HubSpot holds {}", held.url)),
        (Some(held), _) => {
            let found = format!("HubSpot holds {}, not {}", held.url, report.expected.url);
            wrong(about, found, register())
        }
        (None, Some(_)) => wrong(about, "HubSpot holds no URL", register()),
        (None, None) => wrong(about, "unknown, as HubSpot could not be asked", None),
    }
}

fn webhook(stack: &Stack, report: &Report) -> Finding {
    let about = "webhook";
    let probe = &report.last_probe;
    if probe.proved {
        let milliseconds = probe.milliseconds.unwrap_or_default();
        return right(
            about,
            format!("answers HubSpot, and nobody else, in {milliseconds} ms"),
        );
    }
    let reason = probe.reason.as_deref().unwrap_or("no reason was given");
    wrong(about, reason, Some(stack.make("logs")))
}

fn release(stack: &Stack, report: &Report) -> Finding {
    let about = "isReady";
    match report.ready {
        Some(true) => right(about, "true: every customer can select the app"),
        Some(false) => doubtful(
            about,
            "false: no customer can select the app yet",
            Some(format!(
                "test it in HubSpot, then {}",
                stack.command("release")
            )),
        ),
        None => wrong(about, "unknown, as HubSpot could not be asked", None),
    }
}

async fn numbers(stack: &Stack) -> Finding {
    let about = "numbers";
    let census = match Table::of(stack) {
        Ok(table) => table.census().await.map_err(Failure::from),
        Err(error) => Err(error.into()),
    };
    match census {
        Ok(census) if census.is_empty() => doubtful(
            about,
            "the table is empty: every customer sees an empty list",
            Some(stack.command("numbers import FILE")),
        ),
        Ok(census) => right(about, census.to_string()),
        Err(error) => wrong(about, error.to_string(), None),
    }
}
