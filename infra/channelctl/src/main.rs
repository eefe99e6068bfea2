//! Starts channelctl.

use std::process::ExitCode;

use channelctl::cli;

#[tokio::main]
async fn main() -> ExitCode {
    Box::pin(cli::run()).await
}
