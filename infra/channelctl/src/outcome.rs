//! How a command ends: its exit code, and what it says when it fails.

use std::{
    io,
    process::{self, ExitCode},
    sync::Mutex,
};

use anstream::eprintln;
use serde::Serialize;
use serde_json::json;
use tokio::signal;

use crate::terminal::{self, WRONG, coloured, escape};

/// A command that ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Something is wrong with what was looked at.
    Findings,
    Interrupted,
}

impl Outcome {
    pub fn of(has_findings: bool) -> Self {
        if has_findings {
            Self::Findings
        } else {
            Self::Done
        }
    }
}

/// The kind of a failure, and its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The reader of the output has read enough, which is no failure.
    #[cfg_attr(test, schemars(skip))]
    OutputClosed = 0,
    Failed = 1,
    Usage = 2,
    Findings = 3,
    NotConfirmed = 4,
    /// A file, its rows, or standard input.
    BadInput = 5,
    /// By the deploy-hook's rules, or for lack of a permission.
    Refused = 6,
    // As a shell says it of a process that SIGINT ended.
    Interrupted = 130,
}

/// The reason a command did not do what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[error("{message}")]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
    /// The command to type next.
    pub next: Option<String>,
}

impl Failure {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            next: None,
        }
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(Kind::BadInput, message)
    }

    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// Names the command to type next.
    #[must_use]
    pub fn then(mut self, next: impl Into<Option<String>>) -> Self {
        self.next = next.into();
        self
    }

    fn print(&self, as_json: bool) {
        if as_json {
            // A value of texts alone is always written.
            let error = terminal::json_line(&json!({"error": self}));
            eprintln!("{}", error.unwrap_or_default());
            return;
        }
        let lines: Vec<_> = self.message.lines().map(escape).collect();
        eprintln!("{} {}", coloured(WRONG, "channelctl:"), lines.join("\n"));
        if let Some(next) = &self.next {
            eprintln!("next: {}", escape(next));
        }
    }
}

/// Prints a failure, and returns the exit code; as JSON, findings are an error on standard error too.
pub fn report(result: Result<Outcome, Failure>, as_json: bool) -> ExitCode {
    let (failure, is_told) = match result {
        Ok(Outcome::Done) => return ExitCode::SUCCESS,
        Ok(Outcome::Findings) => {
            let message = "Something is wrong: see the findings on standard output.";
            (Failure::new(Kind::Findings, message), true)
        }
        Ok(Outcome::Interrupted) => {
            let message = "Stopped by Ctrl-C.";
            (Failure::new(Kind::Interrupted, message), true)
        }
        Err(failure) => (failure, false),
    };
    if failure.kind != Kind::OutputClosed && (as_json || !is_told) {
        failure.print(as_json);
    }
    ExitCode::from(failure.kind as u8)
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::BrokenPipe => Kind::OutputClosed,
            _ => Kind::Failed,
        };
        Self::new(kind, format!("cannot write the output: {error}"))
    }
}

/// The sentence that Ctrl-C leaves; without one, the command itself takes care of it.
static IF_STOPPED: Mutex<Option<String>> = Mutex::new(None);

/// Sets the sentence that Ctrl-C leaves from now on.
pub fn if_stopped(sentence: impl Into<Option<String>>) {
    if let Ok(mut current) = IF_STOPPED.lock() {
        *current = sentence.into();
    }
}

/// Ends this process at Ctrl-C, with a sentence that is true.
pub fn stop_at_ctrl_c(as_json: bool) {
    if_stopped("Stopped. Nothing was changed.".to_owned());
    tokio::spawn(async move {
        while signal::ctrl_c().await.is_ok() {
            // Locked until the end, so that the sentence stays true.
            if let Ok(current) = IF_STOPPED.lock()
                && let Some(sentence) = &*current
            {
                Failure::new(Kind::Interrupted, sentence).print(as_json);
                process::exit(Kind::Interrupted as i32);
            }
        }
    });
}
