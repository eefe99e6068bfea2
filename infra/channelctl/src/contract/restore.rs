//! Restores the previous settings from another process, however the one that writes ends.
//!
//! The writing process keeps a pipe open to the other, which restores once the pipe is closed. If
//! the other is killed, the writing process restores. Both killed at once leave what was written.

use std::{
    env,
    io::{self, BufRead, Read},
    process::Stdio,
    time::Duration,
};

use channel_connection::ids::AppId;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
    time::sleep,
};

use super::{
    api,
    credentials::{Access, Current, current},
    writes::is_own,
};
use crate::{
    hubspot::HubSpot,
    outcome::{Failure, Outcome},
};

/// The last line of a process whose writes were all answered.
const ANSWERED: &str = "answered";
const RESTORED: &str = "restored";
const OVERWRITTEN: &str = "overwritten by somebody else";
/// Seconds before each attempt.
const PAUSES: [u64; 5] = [0, 1, 3, 9, 27];
/// A write that was not answered may take effect after the first attempt.
const ATTEMPTS_WHILE_UNSURE: usize = 3;

/// The settings to restore, and the ways to HubSpot.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    /// The port of the local stack's HubSpot.
    pub port: Option<u16>,
    pub accesses: Vec<Access>,
    pub previous: Current,
}

/// The process that waits to restore.
pub(super) struct Guard {
    order: Order,
    child: Child,
}

impl Guard {
    /// Starts the process, and gives it its order.
    pub(super) async fn start(order: Order, app_id: AppId) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::failed(format!("Nothing was written, for lack of a guard: {error}"))
        };
        let mut command = Command::new(env::current_exe().map_err(failed)?);
        command.args(["contract", "--restore", "--app-id", &app_id.to_string()]);
        // Ctrl-C is for the writing process alone.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(failed)?;
        let line = json!(order).to_string() + "\n";
        give(child.stdin.as_mut(), &line).await.map_err(failed)?;
        Ok(Self { order, child })
    }

    /// Has the previous settings restored; returns what happened to them.
    pub(super) async fn finish(
        mut self,
        hubspot: &HubSpot,
        are_answered: bool,
    ) -> Result<&'static str, Failure> {
        if are_answered {
            // Without it, the restoration only takes longer.
            let _ = give(self.child.stdin.as_mut(), ANSWERED).await;
        }
        // Closes the pipe.
        let ended = self.child.wait().await;
        if ended.is_ok_and(|status| status.success()) {
            return Ok(RESTORED);
        }
        self.order.restore(hubspot, are_answered).await
    }
}

async fn give(pipe: Option<&mut ChildStdin>, text: &str) -> io::Result<()> {
    let pipe = pipe.ok_or(io::ErrorKind::BrokenPipe)?;
    pipe.write_all(text.as_bytes()).await
}

/// Waits until the process that writes has ended, and restores.
pub(super) async fn when_input_ends() -> Result<Outcome, Failure> {
    let mut input = io::stdin().lock();
    let (mut line, mut ending) = (String::new(), String::new());
    if input.read_line(&mut line)? == 0 {
        // Ended before anything was written.
        return Ok(Outcome::Done);
    }
    let order: Order = serde_json::from_str(&line).map_err(io::Error::from)?;
    // An error ends the input too.
    let _ = input.read_to_string(&mut ending);
    let hubspot = api(order.port)?;
    let outcome = order.restore(&hubspot, ending == ANSWERED).await?;
    if ending != ANSWERED {
        anstream::eprintln!("channelctl: the previous settings were {outcome}");
    }
    match outcome {
        RESTORED => Ok(Outcome::Done),
        outcome => Err(Failure::failed(format!("The settings were {outcome}."))),
    }
}

impl Order {
    async fn restore(
        &self,
        hubspot: &HubSpot,
        are_answered: bool,
    ) -> Result<&'static str, Failure> {
        let needed = if are_answered {
            1
        } else {
            ATTEMPTS_WHILE_UNSURE
        };
        let mut outcome = None;
        for (attempt, pause) in PAUSES.into_iter().enumerate() {
            if attempt >= needed && outcome.is_some() {
                break;
            }
            sleep(Duration::from_secs(pause)).await;
            outcome = self.attempt(hubspot).await;
        }
        outcome.ok_or_else(|| {
            let lost = self
                .previous
                .as_ref()
                .map(|previous| previous.url.to_string());
            let lost = lost.unwrap_or_else(|| "no URL".to_owned());
            Failure::failed(format!(
                "Cannot restore the settings: {lost}, isReady=false."
            ))
        })
    }

    /// Takes the first way that leads to an outcome.
    async fn attempt(&self, hubspot: &HubSpot) -> Option<&'static str> {
        for access in &self.accesses {
            let call = |method, body| access.call(hubspot, "restore", method, body);
            let Some(current) = current(&call(Method::GET, None).await) else {
                continue;
            };
            if current != self.previous && !is_own(&current) {
                return Some(OVERWRITTEN);
            }
            let (method, body) = match (&current, &self.previous) {
                (current, previous) if current == previous => return Some(RESTORED),
                (_, None) => (Method::DELETE, None),
                (None, Some(previous)) => (Method::POST, Some(json!(previous))),
                (Some(_), Some(previous)) => (Method::PATCH, Some(json!(previous))),
            };
            call(method, body).await;
            if super::current(&call(Method::GET, None).await).as_ref() == Some(&self.previous) {
                return Some(RESTORED);
            }
        }
        None
    }
}
