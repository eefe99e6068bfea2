//! The operator's command: numbers in, state out.

use std::{io::ErrorKind, process::ExitCode};

use channelctl::{cli::Cli, ending::Failure, terminal};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(Cli::parse().run()).await {
        Ok(ending) => ending.into(),
        // Whoever reads has read enough.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::complain(&failure);
            failure.exit_code()
        }
    }
}
