//! What is wrong with a stack, and the command that fixes it.

use std::io;

use aws_sdk_sts::Client;
use channel_connection::signature::LONGEST_AGE;
use jiff::SignedDuration;

use crate::{
    aws_error::AwsError,
    clock, diagnosis,
    ending::{Ending, Failure},
    finding::{Finding, Findings, doubtful, right, wrong},
    hook,
    numbers::table::Table,
    registration,
    secrets::{self, SecretsError},
    stack::Stack,
    stack_state,
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
    findings.add(stack_state::examine(stack))?;
    findings.add(clock_of(stack).await)?;
    let secret = client_secret(stack).await;
    findings.add(secret.clone())?;
    let asked = registration::request("status", None, "channelctl doctor");
    match hook::act(stack, &asked).await {
        Err(error) => findings.add(wrong(
            "deploy-hook",
            error.to_string(),
            Some(stack.make("logs")),
        ))?,
        Ok(report) => {
            findings.add(diagnosis::credential(stack, &report))?;
            findings.add(diagnosis::app(stack, &report))?;
            findings.add(diagnosis::registered_url(stack, &report))?;
            findings.add(diagnosis::webhook(stack, &report, &secret))?;
            findings.add(diagnosis::release(stack, &report))?;
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
            let fix = match &error {
                AwsError::SignedOut(_) => Some("aws sso login".to_owned()),
                _ => None,
            };
            wrong(about, error.to_string(), fix)
        }
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
        Some(ahead) if ahead.unsigned_abs() > LONGEST_AGE => {
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
    match secrets::client_secret(stack).await {
        Ok(_) => {}
        Err(SecretsError::NotSet(set)) => return wrong(about, "not set yet", Some(set)),
        Err(error @ SecretsError::Invalid(_)) => {
            return wrong(about, error.to_string(), Some(stack.make("secrets")));
        }
        Err(error) => return wrong(about, error.to_string(), None),
    }
    let changed = secrets::client_secret_changed(stack).await.ok().flatten();
    let ago = changed.map_or_else(|| "at an unknown time".into(), clock::ago);
    right(about, format!("set, changed {ago}"))
}

async fn numbers(stack: &Stack) -> Finding {
    let census = match Table::of(stack) {
        Ok(table) => table.census().await.map_err(Failure::from),
        Err(error) => Err(error.into()),
    };
    match census {
        Ok(census) => diagnosis::numbers(stack, census),
        Err(error) => wrong("numbers", error.to_string(), None),
    }
}
