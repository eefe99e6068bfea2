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
const MAX_DELAY: SignedDuration = SignedDuration::from_secs(60);

/// The time of the first event that is shown.
#[derive(Debug, Clone, Copy)]
pub struct Since(Timestamp);

/// One function's log, as far as it was shown.
struct Log<'a> {
    function: &'static str,
    group: &'a str,
    from: Timestamp,
    /// The events that were shown since then, by their ids.
    shown: HashMap<String, Timestamp>,
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = match text.parse::<SignedDuration>() {
            Ok(ago) if ago.is_negative() => Timestamp::now().checked_add(ago).ok(),
            Ok(ago) => Timestamp::now().checked_sub(ago).ok(),
            Err(_) => text.parse().ok(),
        };
        time.map(Self)
            .ok_or("expected '10min ago' or a time like 2026-11-28T09:00:00Z")
    }
}

/// Prints events as they come, until Ctrl-C.
pub async fn follow(stack: &Stack, since: Since) -> Result<Outcome, Failure> {
    let log = |function, group| Log {
        function,
        group,
        from: since.0,
        shown: HashMap::new(),
    };
    let mut logs = [
        log("numbers-webhook", stack.output("NumbersWebhookLogs")?),
        log("deploy-hook", stack.output("DeployHookLogs")?),
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
    /// Prints the events that were not shown yet, as far as AWS tells them now.
    async fn show(&mut self, client: &Client) -> Result<(), Failure> {
        let request = client.filter_log_events().log_group_name(self.group);
        let request = request.start_time(self.from.as_millisecond());
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => match AwsError::new("read the logs", &error) {
                    error @ (AwsError::Throttled(_) | AwsError::NoAnswer(_)) => {
                        eprintln!("{error}\nTrying again.");
                        return Ok(());
                    }
                    error => return Err(error.into()),
                },
            };
            for event in page.events.unwrap_or_default() {
                self.print(event)?;
            }
            self.shown.retain(|_, at| *at >= self.from);
        }
        Ok(())
    }

    fn print(&mut self, event: FilteredLogEvent) -> io::Result<()> {
        let at = event.timestamp.map(Timestamp::from_millisecond);
        let (Some(Ok(at)), Some(message)) = (at, event.message) else {
            return Ok(());
        };
        let seen = event.event_id.and_then(|id| self.shown.insert(id, at));
        if seen.is_none() {
            let from = at.checked_sub(MAX_DELAY).unwrap_or(at);
            self.from = self.from.max(from);
            let (function, line) = (self.function, line(&message)?);
            writeln!(terminal::output(), "{at:.3} {function} {line}")?;
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
    let mut line = String::new();
    for name in ["level", "message"] {
        if let Some(text) = fields.get(name).and_then(Value::as_str) {
            line += &(escape(text) + " ");
            fields.remove(name);
        }
    }
    Ok(line + &terminal::json_line(&fields)?)
}
