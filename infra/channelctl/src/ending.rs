//! How a command ends: what its exit code says, and what is printed when it fails.

use std::process::ExitCode;

use crate::{
    aws_error::AwsError, delete::NotDeleted, deploy::DeployError, fresh_event::EventError,
    hook::HookError, numbers::NumbersError, secret_input::SecretInputError, secrets::SecretsError,
    stack::StackError, target::TargetError, terminal::NotConfirmed, timed_call::TimedCallError,
};

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// What was asked for is done.
    Done,
    /// It was looked at, and something is wrong with it.
    SomethingWrong,
    /// The deploy-hook or HubSpot refused, and the output says why.
    NotDone,
    /// Ctrl-C stopped it.
    Interrupted,
}

/// The reason a command could not do what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No stack can be told from the options.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The stack is not there, or not as the template makes it.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// AWS refused a call.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A secret is missing or unusable.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// No new secrets were given.
    #[error(transparent)]
    SecretInput(#[from] SecretInputError),
    /// The stack was not deployed.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// The stack was not deleted.
    #[error(transparent)]
    NotDeleted(#[from] NotDeleted),
    /// The deploy-hook did not do it.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The numbers could not be read or written.
    #[error(transparent)]
    Numbers(#[from] NumbersError),
    /// There is no such event.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The webhook gave no answer.
    #[error(transparent)]
    Call(#[from] TimedCallError),
    /// Nobody said yes.
    #[error(transparent)]
    NotConfirmed(#[from] NotConfirmed),
    /// What was to be printed could not be.
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    /// Returns the exit code that says so.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Target(error) if error.is_usage() => 2,
            Self::Deploy(error) if error.is_usage() => 2,
            Self::NotConfirmed(_) => 4,
            Self::Numbers(error) => error.exit_code(),
            _ => 1,
        }
        .into()
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => 0,
            Ending::NotDone => 1,
            Ending::SomethingWrong => 3,
            // As a shell says it of a process that SIGINT ended.
            Ending::Interrupted => 130,
        }
        .into()
    }
}
