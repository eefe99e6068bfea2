//! Phone numbers: into the table, out of it, and as HubSpot will show them.

pub mod columns;
pub mod delimited;
pub mod file;
pub mod import;
pub mod list;
pub mod phone;
pub mod plan;
pub mod row;
pub mod table;
pub mod users;
pub mod write;

use clap::{Args, Subcommand};

use crate::{
    numbers::{
        import::{ImportOptions, RemoveOptions, SetOptions},
        list::{CheckOptions, ExportOptions, ListOptions},
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
    List(ListOptions),
    /// Print rows in a format that import reads
    Export(ExportOptions),
    /// Add or change the number typed or piped in
    Set(SetOptions),
    /// Remove the number typed or piped in, or all of a portal
    Remove(RemoveOptions),
    /// Show what HubSpot cuts, disables or does not get
    Check(CheckOptions),
}

impl NumbersOptions {
    /// Runs the command.
    pub async fn run(&self, target: &TargetOptions, as_json: bool) -> Result<Outcome, Failure> {
        let table = match &self.table {
            Some(name) => Table::named(&target.aws_alone().await?, name),
            None => Table::of(&Stack::find(target.target().await?).await?)?,
        };
        match &self.command {
            NumbersCommand::Import(options) => import::import(&table, options, as_json).await,
            NumbersCommand::List(options) => list::list(&table, options, as_json).await,
            NumbersCommand::Export(options) => list::export(&table, options, as_json).await,
            NumbersCommand::Set(options) => import::set(&table, options, as_json).await,
            NumbersCommand::Remove(options) => import::remove(&table, options, as_json).await,
            NumbersCommand::Check(options) => list::check(&table, options, as_json).await,
        }
    }
}
