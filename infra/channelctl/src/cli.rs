//! The command line: the commands, and which module runs each.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use tracing::Level;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    call::{self, CallOptions},
    contract::{self, ContractOptions},
    deploy::{self, DeployOptions, SourceOptions},
    doctor,
    explain::{self, ExplainOptions},
    logs::{self, Since},
    numbers::NumbersOptions,
    outcome::{self, Failure, Outcome},
    registration::{self, Action},
    secrets,
    stack::{Stack, target::TargetOptions},
    status,
};

const MORE: &str = "\
Exit codes:  0 done, 1 failed, 2 wrong arguments, 3 findings or drift, 4 not
             confirmed, 5 bad input, 6 refused, 130 stopped by Ctrl-C
JSON:        a document on stdout, an error on stderr; infra/channelctl/schema/
Environment: CHANNELCTL_STAGE, CHANNELCTL_STACK, PARAMETERS, NO_COLOR, AWS_...
Documents:   infra/README.md and infra/RUNBOOK.md in the repository
Example:     channelctl --stage dev status";

const SECRETS: &str = "Example: channelctl --stage dev secrets set";

const CONTRACT: &str = r#"Reads one app's settings with every credential and API version, and prints a
report without secrets or URLs, to attach to an issue. --write also deletes,
creates and changes the settings, then restores them: a second process does,
should this one be killed. createdAt alone cannot be restored.
Pipe in one or more credentials, as JSON:
  {"developerApiKey":"...","accessToken":"...","clientId":"...","clientSecret":"..."}

Example: channelctl contract --app-id 1234567 < credentials.json"#;

/// Manage phone numbers and the HubSpot registration of a deployed stack
#[derive(Debug, Parser)]
#[command(
    name = "channelctl",
    version,
    max_term_width = 100,
    subcommand_help_heading = "Commands",
    next_help_heading = "Global options",
    help_template = "{about}\n{usage-heading} {usage}\n{all-args}{after-help}",
    after_help = MORE
)]
pub struct Cli {
    #[command(flatten)]
    target: TargetOptions,
    /// Print JSON
    #[arg(long, global = true, display_order = 99)]
    json: bool,
    /// Show each AWS call, and each retry, on standard error
    #[arg(long, short, global = true, display_order = 98)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Deploy a stack, and show what comes next
    #[command(after_help = "Example: channelctl --stage dev deploy --parameter IsReady=false")]
    Deploy(DeployOptions),
    /// Show the changes of a deploy without deploying
    #[command(after_help = "Example: channelctl --stage prod diff")]
    Diff(SourceOptions),
    /// Set the client secret and the HubSpot credential
    #[command(subcommand, disable_help_subcommand = true, after_help = SECRETS)]
    Secrets(secrets::Change),
    /// Delete a stack and keep its numbers
    #[command(after_help = "Example: channelctl --stage dev delete")]
    Delete {
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Find problems, with the command that fixes each
    #[command(after_help = "Example: channelctl --stage dev doctor")]
    Doctor,
    #[command(flatten)]
    OfStack(StackCommand),
    /// Import, list, export, set, remove and check numbers
    #[command(disable_help_subcommand = true)]
    Numbers(NumbersOptions),
    /// Try HubSpot's contract on a real account's test app
    #[command(after_help = CONTRACT)]
    Contract(ContractOptions),
    /// Print a shell's completions
    #[command(after_help = "Example: channelctl completion zsh > ~/.zfunc/_channelctl")]
    Completion {
        /// Shell
        shell: Shell,
    },
    /// Show the version, and the stack's if one is named
    #[command(after_help = "Example: channelctl --stage prod version")]
    Version,
}

#[derive(Debug, Subcommand)]
enum StackCommand {
    /// Show a stack's state on one screen, and the next step
    #[command(after_help = "Example: channelctl --stage dev status --json")]
    Status,
    /// Follow the logs of both functions
    #[command(after_help = "Example: channelctl --stage dev logs --since '1h ago'")]
    Logs {
        /// Start, as a time or like '10min ago'
        #[arg(long, default_value = "10min ago")]
        since: Since,
    },
    #[command(flatten)]
    Registration(Action),
    /// Explain why a user does not see a number
    #[command(after_help = "Example: channelctl --stage dev explain --portal 62515 --user 41")]
    Explain(ExplainOptions),
    /// Call the webhook as HubSpot does, and show the response
    #[command(after_help = "Example: channelctl --stage dev call --portal 62515")]
    Call(CallOptions),
}

/// Runs the command line's command, and returns its exit code.
pub async fn run() -> ExitCode {
    let mut command = Cli::command();
    if env::var("COLUMNS").is_ok_and(|columns| columns == "0") {
        // As `script` and `docker -t` say that a terminal has no known width.
        command = command.term_width(80);
    }
    let matches = command.try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && env::args().any(|argument| argument == "--json") => {
            let message = error.render().to_string();
            let (message, _) = message.split_once("\n\nFor more").unwrap_or((&message, ""));
            let message = message.trim_start_matches("error: ").trim_end();
            let failure = Failure::usage(message).then("channelctl --help".to_owned());
            return outcome::report(Err(failure), true);
        }
        Err(error) => error.exit(),
    };
    if cli.verbose {
        // The SDK's own lines bury the calls.
        let own = Targets::new().with_target("channelctl", Level::DEBUG);
        let lines = fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(false)
            .with_target(false)
            .without_time();
        tracing_subscriber::registry().with(lines).with(own).init();
    }
    let json = cli.json;
    outcome::stop_at_ctrl_c(json);
    outcome::report(Box::pin(cli.run()).await, json)
}

impl Cli {
    async fn run(self) -> Result<Outcome, Failure> {
        let Self {
            target,
            json,
            command,
            ..
        } = self;
        match command {
            Command::Numbers(options) => options.run(&target, json).await,
            Command::Doctor => doctor::examine(target.target().await?, json).await,
            Command::Deploy(options) => {
                let target = options.target(&target).await?;
                Box::pin(deploy::deploy(target, &options, json)).await
            }
            Command::Diff(options) => {
                Box::pin(deploy::diff(target.target().await?, &options, json)).await
            }
            Command::Delete { yes } => deploy::delete(target.target().await?, yes, json).await,
            Command::Secrets(change) => {
                let stack = Stack::find(target.target().await?).await?;
                secrets::change(&stack, change, json).await
            }
            Command::Version => match target.target_if_named().await? {
                Some(target) => status::show_version(Some(&Stack::find(target).await?), json).await,
                None => status::show_version(None, json).await,
            },
            Command::Completion { .. } | Command::OfStack(StackCommand::Logs { .. }) if json => {
                Err(Failure::usage(
                    "This command prints lines. Run it without --json.",
                ))
            }
            Command::Contract(options) => Box::pin(contract::run(&target, &options)).await,
            Command::Completion { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Self::command(), "channelctl", &mut script);
                io::stdout().write_all(&script)?;
                Ok(Outcome::Done)
            }
            Command::OfStack(command) => {
                let stack = Stack::find(target.target().await?).await?;
                Box::pin(command.run(&stack, json)).await
            }
        }
    }
}

impl StackCommand {
    async fn run(self, stack: &Stack, json: bool) -> Result<Outcome, Failure> {
        match self {
            Self::Status => Box::pin(status::show(stack, json)).await,
            Self::Logs { since } => logs::follow(stack, since).await,
            Self::Registration(action) => registration::act(stack, &action, json).await,
            Self::Explain(options) => Box::pin(explain::explain(stack, &options, json)).await,
            Self::Call(options) => call::send(stack, &options, json).await,
        }
    }
}
