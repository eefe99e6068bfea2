//! Follows the logs of both functions, a line for each event.

use std::{
    collections::HashMap,
    io::{self, Write},
    str::FromStr,
    time::Duration,
};

use anstream::eprintln;
use aws_sdk_cloudwatchlogs::{Client, types::FilteredLogEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::{
    aws::{self, AwsError},
    outcome::{self, Failure, Outcome},
    stack::Stack,
    terminal::{self, escape},
};

const INTERVAL: Duration = Duration::from_secs(2);
/// CloudWatch may show an event later than one that was logged after it.
const MAX_DELAY: SignedDuration = SignedDuration::from_secs(10);

/// The time of the first event that is shown.
#[derive(Debug, Clone, Copy)]
pub struct Since(Timestamp);

/// One log, as far as it was shown.
struct Log<'a> {
    group: &'a str,
    from: Timestamp,
    /// The events that were shown since then, by their ids.
    shown: HashMap<String, Timestamp>,
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ago = text.parse().map(|ago: SignedDuration| ago.abs());
        let time = match ago {
            Ok(ago) => Timestamp::now().checked_sub(ago).ok(),
            Err(_) => text.parse().ok(),
        };
        time.map(Self)
            .ok_or("expected '10min ago' or a time like 2026-11-28T09:00:00Z")
    }
}

/// Prints events as they come, until Ctrl-C.
pub async fn follow(stack: &Stack, since: Since) -> Result<Outcome, Failure> {
    let log = |group| Log {
        group,
        from: since.0,
        shown: HashMap::new(),
    };
    let mut logs = [
        log(stack.output("NumbersWebhookLogs")?),
        log(stack.output("DeployHookLogs")?),
    ];
    let account = terminal::wait("AWS STS", aws::account(&stack.target.aws)).await?;
    let place = stack.target.place(&account);
    eprintln!("{place}, since {:.0}; Ctrl-C ends", since.0);
    outcome::if_stopped("Stopped.".to_owned());
    let client = Client::new(&stack.target.aws);
    loop {
        for log in &mut logs {
            log.show(&client).await?;
        }
        sleep(INTERVAL).await;
    }
}

impl Log<'_> {
    /// Prints the events that were not shown yet.
    async fn show(&mut self, client: &Client) -> Result<(), Failure> {
        let request = client.filter_log_events().log_group_name(self.group);
        let request = request.start_time(self.from.as_millisecond());
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| AwsError::new("read the logs", &error))?;
            for event in page.events.unwrap_or_default() {
                self.print(event)?;
            }
        }
        self.shown.retain(|_, at| *at >= self.from);
        Ok(())
    }

    fn print(&mut self, event: FilteredLogEvent) -> io::Result<()> {
        let at = event.timestamp.map(Timestamp::from_millisecond);
        let (Some(Ok(at)), Some(message)) = (at, event.message) else {
            return Ok(());
        };
        let id = event.event_id.unwrap_or_default();
        if self.shown.insert(id, at).is_none() {
            self.from = self.from.max(at - MAX_DELAY);
            writeln!(terminal::output(), "{at:.3} {}", line(&message)?)?;
        }
        Ok(())
    }
}

/// Writes an event's level and message before its other fields, without the metadata of its metrics.
fn line(event: &str) -> io::Result<String> {
    let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(event) else {
        return Ok(escape(event.trim_end()));
    };
    for left_out in ["_aws", "timestamp"] {
        fields.remove(left_out);
    }
    let start = ["level", "message"].map(|name| match fields.remove(name) {
        Some(Value::String(text)) => escape(&text) + " ",
        _ => String::new(),
    });
    Ok(start.concat() + &terminal::json_line(&fields)?)
}
