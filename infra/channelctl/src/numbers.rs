//! Phone numbers: into the table, out of it, and as HubSpot will show them.

pub mod check;
pub mod columns;
pub mod delimited;
pub mod edit;
pub mod error;
pub mod file;
pub mod import;
pub mod item;
pub mod json;
pub mod list;
pub mod phone;
pub mod plan;
pub mod report;
pub mod row;
pub mod table;
pub mod words;
pub mod write;

use clap::{Args, Subcommand};

use crate::{
    ending::{Ending, Failure},
    numbers::{
        check::CheckOptions,
        edit::{RemoveOptions, SetOptions},
        import::ImportOptions,
        list::{ExportOptions, ListOptions},
        table::Table,
    },
    stack::Stack,
    target::TargetOptions,
};

/// What to do with numbers, and with which table's.
#[derive(Debug, Args)]
pub struct NumbersOptions {
    /// The table's name, without asking a stack for it
    #[arg(long, global = true, display_order = 89)]
    table: Option<String>,
    #[command(subcommand)]
    command: NumbersCommand,
}

#[derive(Debug, Subcommand)]
enum NumbersCommand {
    /// Check a file whole, show what it changes, and write it
    Import(ImportOptions),
    /// List a portal's numbers as they are stored
    List(ListOptions),
    /// Print the rows of a portal, or of all, as CSV, JSON or JSONL
    Export(ExportOptions),
    /// Add or change one number; it is asked for, or read from standard input
    Set(SetOptions),
    /// Remove one number, or all of a portal
    Remove(RemoveOptions),
    /// Show a portal as HubSpot will show it, or what is wrong anywhere
    Check(CheckOptions),
}

impl NumbersOptions {
    /// Runs the command.
    pub async fn run(&self, target: &TargetOptions, as_json: bool) -> Result<Ending, Failure> {
        let table = match &self.table {
            Some(name) => Table::named(&target.aws_alone().await?, name),
            None => Table::of(&Stack::find(target.target().await?).await?)?,
        };
        match &self.command {
            NumbersCommand::Import(options) => import::import(&table, options, as_json).await,
            NumbersCommand::List(options) => list::list(&table, options, as_json).await,
            NumbersCommand::Export(options) => list::export(&table, options, as_json).await,
            NumbersCommand::Set(options) => edit::set(&table, options, as_json).await,
            NumbersCommand::Remove(options) => edit::remove(&table, options, as_json).await,
            NumbersCommand::Check(options) => check::check(&table, options, as_json).await,
        }
    }
}
