//! What is wrong with a stack, and the command that fixes it.

pub mod diagnosis;
pub mod finding;
pub mod stack_state;

use std::io;

use aws_sdk_sts::Client;
use channel_connection::signature::MAX_AGE;
use jiff::SignedDuration;

use crate::{
    aws_error::AwsError,
    clock,
    ending::{Ending, Failure},
    hook,
    numbers::table::Table,
    secrets::{self, SecretsError},
    stack::Stack,
    target::Target,
};
use finding::{Finding, Findings, doubtful, right, wrong};

/// Looks at everything that can be wrong, from the clock on; each finding as it comes.
pub async fn examine(target: Target, as_json: bool) -> Result<Ending, Failure> {
    let mut findings = Findings::new(as_json);
    // AWS refuses whatever a clock that is far off has signed, and does not always say why.
    findings.add(clock_of(&target).await)?;
    findings.add(credentials(&target).await)?;
    match Stack::find(target).await {
        Err(error) => findings.add(wrong("stack", error.to_string(), None))?,
        Ok(stack) => of_stack(&stack, &mut findings).await?,
    }
    Ok(findings.finish()?)
}

async fn of_stack(stack: &Stack, findings: &mut Findings) -> io::Result<()> {
    findings.add(stack_state::examine(stack))?;
    let secret = client_secret(stack).await;
    findings.add(secret.clone())?;
    match hook::status(stack, "channelctl doctor").await {
        Err(error) => findings.add(diagnosis::no_report(stack, &error))?,
        Ok(report) => {
            for finding in diagnosis::of_report(stack, &report, Some(&secret)) {
                findings.add(finding)?;
            }
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
            right(about, format!("account {account}, {}", target.region()))
        }
        Err(error) => {
            let error = AwsError::new("say who you are", &error);
            let fix = match &error {
                AwsError::SignedOut(_) => Some(target.sign_in()),
                _ => None,
            };
            wrong(about, error.to_string(), fix)
        }
    }
}

async fn clock_of(target: &Target) -> Finding {
    let about = "clock";
    match clock::ahead_of_aws(&target.aws).await {
        None => doubtful(about, "AWS did not tell the time", None),
        Some(ahead) if ahead.unsigned_abs() > MAX_AGE => {
            let found =
                format!("this machine is {ahead:#} off: AWS and the webhook refuse what it signs");
            wrong(about, found, Some("set this machine's clock".into()))
        }
        Some(ahead) if ahead.abs() > SignedDuration::from_secs(30) => doubtful(
            about,
            format!("this machine is {ahead:#} off"),
            Some("set this machine's clock".into()),
        ),
        Some(_) => right(about, "this machine agrees with AWS"),
    }
}

async fn client_secret(stack: &Stack) -> Finding {
    let about = "client secret";
    match secrets::client_secret(stack).await {
        Ok(_) => {}
        Err(SecretsError::NotSet(set)) => return wrong(about, "not set yet", Some(set)),
        Err(error @ SecretsError::Invalid(_)) => {
            return wrong(about, error.to_string(), Some(stack.command("secrets set")));
        }
        Err(error) => return wrong(about, error.to_string(), None),
    }
    let changed = secrets::client_secret_changed(stack).await;
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
