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

use crate::{
    numbers::NumbersError,
    terminal::{self, NotConfirmed, WRONG, coloured, escape},
};

/// A command that ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Done,
    /// Something is wrong with what was looked at.
    SomethingWrong,
    Interrupted,
}

/// The kind of a failure, which its exit code tells too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Failed,
    Usage,
    Findings,
    NotConfirmed,
    /// A file, its rows, or standard input.
    BadInput,
    /// By the deploy-hook's rules, or for lack of a permission.
    Refused,
    Interrupted,
    /// The reader of the output has read enough, which is no failure.
    OutputClosed,
}

/// The reason a command did not do what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
    /// The command to type next.
    pub next: Option<String>,
}

impl Kind {
    fn exit_code(self) -> u8 {
        match self {
            Self::OutputClosed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Findings => 3,
            Self::NotConfirmed => 4,
            Self::BadInput => 5,
            Self::Refused => 6,
            // As a shell says it of a process that SIGINT ended.
            Self::Interrupted => 130,
        }
    }
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

    /// Prints the failure, and returns its exit code.
    pub fn report(&self, as_json: bool) -> ExitCode {
        if self.kind != Kind::OutputClosed {
            self.print(as_json);
        }
        self.kind.exit_code().into()
    }

    fn print(&self, as_json: bool) {
        let Self {
            kind,
            message,
            next,
        } = self;
        if as_json {
            let error = json!({"error": {"kind": kind, "message": message, "next": next}});
            // A value of texts alone is always written.
            eprintln!("{}", terminal::json_line(&error).unwrap_or_default());
            return;
        }
        let lines: Vec<_> = message.lines().map(escape).collect();
        eprintln!("{} {}", coloured(WRONG, "channelctl:"), lines.join("\n"));
        if let Some(next) = next {
            eprintln!("next: {}", escape(next));
        }
    }
}

impl Ending {
    /// Returns the exit code; as JSON, what is not done is an error on standard error too.
    pub fn report(self, as_json: bool) -> ExitCode {
        let failure = match self {
            Self::Done => return ExitCode::SUCCESS,
            Self::SomethingWrong => Failure::new(
                Kind::Findings,
                "Something is wrong: see the findings on standard output.",
            ),
            Self::Interrupted => Failure::new(Kind::Interrupted, "Stopped by Ctrl-C."),
        };
        if as_json {
            failure.print(true);
        }
        failure.kind.exit_code().into()
    }
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

impl From<NotConfirmed> for Failure {
    fn from(error: NotConfirmed) -> Self {
        Self::new(Kind::NotConfirmed, error.to_string())
    }
}

impl From<NumbersError> for Failure {
    fn from(error: NumbersError) -> Self {
        let kind = match error {
            NumbersError::Aws(error) => return error.into(),
            NumbersError::Usage(_) => Kind::Usage,
            NumbersError::BadInput(_) | NumbersError::BadRows => Kind::BadInput,
            _ => Kind::Failed,
        };
        Self::new(kind, error.to_string())
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
            let sentence = IF_STOPPED.lock().ok().and_then(|current| current.clone());
            if let Some(sentence) = sentence {
                Failure::new(Kind::Interrupted, sentence).print(as_json);
                process::exit(Kind::Interrupted.exit_code().into());
            }
        }
    });
}
