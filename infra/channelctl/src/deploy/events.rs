//! CloudFormation's work on a stack, followed by its events.

use std::{collections::BTreeSet, time::Duration};

use anstream::eprintln;
use aws_sdk_cloudformation::{Client, types::StackEvent};
use tokio::time;

use crate::{
    aws::AwsError,
    outcome::{Failure, Outcome},
    stack::target::Target,
    terminal,
};

pub(super) const INTERVAL: Duration = Duration::from_secs(2);
/// Timeout of a stack's operation: a canary may take hours.
const TIMEOUT: Duration = Duration::from_secs(6 * 3_600);

/// The events of a stack that were seen, by their ids.
#[derive(Debug, Default)]
pub(super) struct Events(BTreeSet<String>);

impl Events {
    /// Counts what there is as seen.
    pub(super) async fn until_now(client: &Client, stack: &str) -> Result<Self, AwsError> {
        let seen = newest(client, stack).await?.into_iter();
        Ok(Self(seen.filter_map(|event| event.event_id).collect()))
    }

    /// Waits until a stack's operation has ended, and returns the stack's status; prints each new
    /// event.
    pub(super) async fn until_settled(
        mut self,
        client: &Client,
        stack: &str,
    ) -> Result<String, Failure> {
        let settled = async {
            loop {
                let mut events = newest(client, stack).await?;
                events.reverse();
                events.retain(|event| event.event_id.clone().is_some_and(|id| self.0.insert(id)));
                for event in &events {
                    print(event);
                }
                let own = events
                    .iter()
                    .filter(|event| event.physical_resource_id() == Some(stack));
                let status = own.filter_map(|event| event.resource_status()).next_back();
                match status.map(AsRef::as_ref) {
                    Some(status) if !status.ends_with("_IN_PROGRESS") => {
                        return Ok::<_, AwsError>(status.to_owned());
                    }
                    _ => time::sleep(INTERVAL).await,
                }
            }
        };
        let status = time::timeout(TIMEOUT, settled).await;
        Ok(status.map_err(|_| Failure::failed("CloudFormation is not done after hours."))??)
    }
}

/// Returns the newest hundred events, the newest first.
async fn newest(client: &Client, stack: &str) -> Result<Vec<StackEvent>, AwsError> {
    let request = client.describe_stack_events().stack_name(stack);
    let events = request.send().await;
    let events = events.map_err(|error| AwsError::new("read the stack's events", &error))?;
    Ok(events.stack_events.unwrap_or_default())
}

fn print(event: &StackEvent) {
    let status = event.resource_status.as_ref().map_or("", |it| it.as_str());
    let resource = event.logical_resource_id().unwrap_or_default();
    let reason = terminal::escape(event.resource_status_reason().unwrap_or_default());
    let line = format!("{status:<20} {resource}  {reason}");
    eprintln!("{}", line.trim_end());
}

/// Returns the sentence that Ctrl-C leaves while CloudFormation works.
pub(super) fn if_stopped(target: &Target) -> String {
    format!(
        "CloudFormation finishes what it has begun. See how far it is: {}",
        target.command("doctor")
    )
}

/// Tells that CloudFormation works on after Ctrl-C.
pub(super) fn goes_on(target: &Target) -> Outcome {
    eprintln!("{}", if_stopped(target));
    Outcome::Interrupted
}
