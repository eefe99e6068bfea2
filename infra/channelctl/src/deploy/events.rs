//! CloudFormation's events of a stack, printed as they come.

use std::collections::BTreeSet;

use anstream::eprintln;
use aws_sdk_cloudformation::{Client, types::StackEvent};

use crate::{aws::AwsError, terminal};

/// The events of a stack that were seen, by their ids.
#[derive(Debug, Default)]
pub(super) struct Events(BTreeSet<String>);

impl Events {
    /// Counts what there is as seen.
    pub(super) async fn until_now(client: &Client, stack: &str) -> Result<Self, AwsError> {
        let seen = newest(client, stack).await?.into_iter();
        Ok(Self(seen.filter_map(|event| event.event_id).collect()))
    }

    /// Prints what is new, and returns it, the oldest first.
    pub(super) async fn print_new(
        &mut self,
        client: &Client,
        stack: &str,
    ) -> Result<Vec<StackEvent>, AwsError> {
        let mut events = newest(client, stack).await?;
        events.reverse();
        events.retain(|event| event.event_id.clone().is_some_and(|id| self.0.insert(id)));
        for event in &events {
            eprintln!("{}", line(event));
        }
        Ok(events)
    }
}

/// Returns the newest hundred events, the newest first.
async fn newest(client: &Client, stack: &str) -> Result<Vec<StackEvent>, AwsError> {
    let asked = client.describe_stack_events().stack_name(stack);
    let events = asked.send().await;
    let events = events.map_err(|error| AwsError::new("read the stack's events", &error))?;
    Ok(events.stack_events.unwrap_or_default())
}

fn line(event: &StackEvent) -> String {
    let status = event.resource_status.as_ref().map_or("", |it| it.as_str());
    let resource = event.logical_resource_id().unwrap_or_default();
    let reason = terminal::escape(event.resource_status_reason().unwrap_or_default());
    let line = format!("{status:<20} {resource}  {reason}");
    line.trim_end().to_owned()
}
