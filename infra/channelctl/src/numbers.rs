//! Phone numbers: into the table, out of it, and as HubSpot will show them.

pub mod check;
pub mod columns;
pub mod connected;
pub mod country;
pub mod delimited;
pub mod file;
pub mod import;
pub mod item;
pub mod list;
pub mod objects;
pub mod phone;
pub mod plan;
pub mod row;
pub mod table;
pub mod users;
pub mod write;

use clap::{Args, Subcommand};

use crate::{
    numbers::{
        connected::ConnectedOptions,
        import::{ImportOptions, RemoveOptions, SetOptions},
        list::{ListOptions, PortalOptions},
        table::Table,
    },
    outcome::{Failure, Outcome},
    stack::{Stack, target::TargetOptions},
};

/// The command, and the table that it works on.
#[derive(Debug, Args)]
#[command(after_help = "Example: channelctl numbers check --stage dev")]
pub struct NumbersOptions {
    /// Table, without asking a stack for its name
    #[arg(long, global = true, display_order = 89)]
    table: Option<String>,
    #[command(subcommand)]
    command: NumbersCommand,
}

#[derive(Debug, Subcommand)]
enum NumbersCommand {
    /// Check a file, show what it changes, and write it
    Import(ImportOptions),
    /// List a portal's numbers as they are stored
    #[command(after_help = "Example: channelctl --stage dev numbers list --portal 62515")]
    List(ListOptions),
    /// Print rows in a format that import reads
    #[command(after_help = "Example: channelctl --stage dev numbers export --json > backup.json")]
    Export(PortalOptions),
    /// Add or change the number typed or piped in
    Set(SetOptions),
    /// Remove the number typed or piped in, or all of a portal
    Remove(RemoveOptions),
    /// Show what HubSpot cuts, disables or does not get
    #[command(after_help = "Example: channelctl --stage prod numbers check --json")]
    Check(PortalOptions),
    /// Show which numbers a portal has connected
    Connected(ConnectedOptions),
}

impl NumbersOptions {
    /// Runs the command.
    pub async fn run(&self, target: &TargetOptions, as_json: bool) -> Result<Outcome, Failure> {
        let (table, stack) = if let Some(name) = &self.table {
            (Table::named(&target.aws_alone().await?, name), None)
        } else {
            let stack = Stack::find(target.target().await?).await?;
            (Table::of(&stack)?, Some(stack))
        };
        match &self.command {
            NumbersCommand::Import(options) => import::import(&table, options, as_json).await,
            NumbersCommand::List(options) => list::list(&table, options, as_json).await,
            NumbersCommand::Export(options) => list::export(&table, options, as_json).await,
            NumbersCommand::Set(options) => import::set(&table, options, as_json).await,
            NumbersCommand::Remove(options) => import::remove(&table, options, as_json).await,
            NumbersCommand::Check(options) => check::check(&table, options, as_json).await,
            NumbersCommand::Connected(options) => {
                let of_no_app = || Failure::usage("A table has no app. Name the stack instead.");
                let stack = stack.ok_or_else(of_no_app)?;
                connected::show(&stack, &table, options, as_json).await
            }
        }
    }
}
