//! CloudFormation's events of a stack, as they come.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_cloudformation::{Client, types::StackEvent};

use crate::{aws_error::AwsError, stack::StackError, terminal};

const INTERVAL: Duration = Duration::from_secs(3);
/// Timeout of a delete: CloudFormation gives up after an hour.
const TIMEOUT: Duration = Duration::from_secs(3_700);

/// Waits until a stack is gone, and returns how CloudFormation left it.
///
/// With the ids of the events that were there before, prints each new one.
pub async fn until_deleted(
    client: &Client,
    stack: &str,
    mut seen: Option<BTreeSet<String>>,
) -> Result<String, StackError> {
    let waits = async {
        loop {
            if let Some(seen) = &mut seen {
                print_new(client, stack, seen).await?;
            }
            // By its id a stack is described when it is gone, too.
            let described = client.describe_stacks().stack_name(stack).send().await;
            let described = described.map_err(|error| AwsError::new("read the stack", &error))?;
            let found = described.stacks.unwrap_or_default().pop();
            let status = found.and_then(|stack| stack.stack_status);
            let status =
                status.map_or_else(|| "DELETE_COMPLETE".into(), |it| it.as_str().to_owned());
            if status == "DELETE_COMPLETE" || status.ends_with("_FAILED") {
                return Ok(status);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    };
    let waited = tokio::time::timeout(TIMEOUT, waits).await;
    waited.unwrap_or_else(|_| Ok("DELETE_IN_PROGRESS for more than an hour".into()))
}

/// Returns the ids of the events that there are.
pub async fn known(client: &Client, stack: &str) -> Result<BTreeSet<String>, StackError> {
    let events = newest(client, stack).await?.into_iter();
    Ok(events.filter_map(|event| event.event_id).collect())
}

async fn print_new(
    client: &Client,
    stack: &str,
    seen: &mut BTreeSet<String>,
) -> Result<(), StackError> {
    for event in newest(client, stack).await?.into_iter().rev() {
        let is_new = event.event_id.clone().is_some_and(|id| seen.insert(id));
        if is_new {
            anstream::eprintln!("{}", line(&event));
        }
    }
    Ok(())
}

/// Returns the newest page, a hundred events, the newest first.
async fn newest(client: &Client, stack: &str) -> Result<Vec<StackEvent>, StackError> {
    let events = client
        .describe_stack_events()
        .stack_name(stack)
        .send()
        .await;
    let events = events.map_err(|error| AwsError::new("read the stack's events", &error))?;
    Ok(events.stack_events.unwrap_or_default())
}

fn line(event: &StackEvent) -> String {
    let status = event
        .resource_status
        .as_ref()
        .map_or("", |status| status.as_str());
    let resource = event.logical_resource_id.as_deref().unwrap_or_default();
    let reason = event.resource_status_reason.as_deref().unwrap_or_default();
    let reason = terminal::escape(reason);
    format!("{status:<20} {resource}  {reason}")
        .trim_end()
        .to_owned()
}
