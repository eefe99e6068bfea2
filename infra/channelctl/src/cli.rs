//! The command line: what can be said, and which module does it.

use std::io::{self, Write};

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::{
    action::{Action, IsReady},
    doctor,
    ending::{Ending, Failure},
    event::{self, EventCommand},
    numbers::NumbersOptions,
    registration::{self, WriteOptions},
    simulate::{self, CallOptions},
    stack::Stack,
    status,
    target::TargetOptions,
};

/// Numbers in, state out: the operator's command for the HubSpot channel connection.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    subcommand_help_heading = "Commands",
    help_template = "{about}\n{usage-heading} {usage}\n{all-args}"
)]
pub struct Cli {
    #[command(flatten)]
    target: TargetOptions,
    /// Print JSON
    #[arg(long, global = true, display_order = 99)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Import, list, export, put, remove and check numbers
    Numbers(NumbersOptions),
    #[command(flatten)]
    OfStack(StackCommand),
    /// Find what is wrong, with the command that fixes it
    Doctor,
    /// Print a sample event, freshly signed
    #[command(subcommand)]
    Event(EventCommand),
    /// Print a shell's completions
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
enum StackCommand {
    /// Show how a stack stands, on one screen, and what to do next
    Status,
    /// Let every customer select the app, once verified
    Release(WriteOptions),
    /// Stop every customer from selecting the app, at once
    Hold(WriteOptions),
    /// Verify the webhook: signed, unsigned and forged requests
    Verify,
    /// Give HubSpot the stack's URL, and verify it
    Register(RegisterOptions),
    /// Remove the settings from HubSpot, if they are the stack's
    Unregister(WriteOptions),
    /// Ask the webhook as HubSpot does, and show its answer
    #[command(subcommand)]
    Simulate(SimulateCommand),
}

#[derive(Debug, Args)]
struct RegisterOptions {
    /// Whether every customer can select the app
    #[arg(long, value_enum, default_value_t)]
    is_ready: IsReady,
    #[command(flatten)]
    write: WriteOptions,
}

#[derive(Debug, Subcommand)]
enum SimulateCommand {
    /// Send the signed request for a portal's numbers
    Call(CallOptions),
}

impl Cli {
    /// Does what was said.
    pub async fn run(self) -> Result<Ending, Failure> {
        let Self {
            target,
            json,
            command,
        } = self;
        match command {
            Command::Numbers(options) => options.run(&target, json).await,
            Command::Event(command) => event::print(&command, &target).await,
            Command::Doctor => doctor::examine(target.target().await?, json).await,
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Self::command(), "channelctl", &mut script);
                io::stdout().write_all(&script)?;
                Ok(Ending::Done)
            }
            Command::OfStack(command) => {
                let stack = Stack::find(target.target().await?).await?;
                Box::pin(command.run(&stack, json)).await
            }
        }
    }
}

impl StackCommand {
    async fn run(self, stack: &Stack, json: bool) -> Result<Ending, Failure> {
        let (action, options) = match self {
            Self::Status => return Box::pin(status::show(stack, json)).await,
            Self::Simulate(SimulateCommand::Call(options)) => {
                return simulate::call(stack, &options, json).await;
            }
            Self::Release(options) => (Action::Release, options),
            Self::Hold(options) => (Action::Hold, options),
            Self::Verify => (Action::Verify, WriteOptions::default()),
            Self::Register(options) => (Action::Register(options.is_ready), options.write),
            Self::Unregister(options) => (Action::Unregister, options),
        };
        registration::act(stack, action, &options, json).await
    }
}
