//! The webhook from outside: events in, responses and log lines out.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's set-up may fail loudly"
)]

mod aws_calls;
mod client_secret;
mod events;
mod init;
mod logs;
mod numbers;
mod outage;
mod sample_events;
mod signed_url;

use std::path::PathBuf;

use test_support::{FunctionProcess, webhook_command};
use tokio::process::Command;

/// Returns the real binary's command, with endpoints of this machine.
fn command(dynamodb: &str, secrets_manager: &str) -> Command {
    let mut command = webhook_command(env!("CARGO_BIN_EXE_numbers-webhook"));
    command
        .env("AWS_ENDPOINT_URL_DYNAMODB", dynamodb)
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_manager);
    command
}

/// Starts the real binary with a log file named after the test.
async fn start(test: &str, command: Command) -> FunctionProcess {
    FunctionProcess::start(command, &file(&format!("{test}.log"))).await
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}
