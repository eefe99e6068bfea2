//! The numbers: into the table, out of it, and as HubSpot will show them.

pub mod census;
pub mod changes;
pub mod check;
pub mod check_row;
pub mod column;
pub mod columns;
mod columns_error;
mod delimited;
pub mod edit;
pub mod export;
mod extension_text;
pub mod file;
pub mod file_error;
pub mod import;
pub mod input;
mod json_rows;
mod line_starts;
pub mod mapping;
pub mod number_item;
pub mod number_problem;
pub mod number_text;
pub mod numbers_error;
pub mod plan;
pub mod planned;
mod possible_number;
pub mod raw_row;
pub mod row;
pub mod row_findings;
mod spreadsheet_text;
pub mod staged;
pub mod stored;
pub mod table;
pub mod write;

use clap::{Args, Subcommand};

use crate::{
    ending::{Ending, Failure},
    numbers::{
        check::CheckOptions,
        edit::{PutOptions, RemoveOptions},
        export::{ExportOptions, ListOptions},
        import::ImportOptions,
        table::Table,
    },
    stack::Stack,
    target::TargetOptions,
};

/// What is to be done, and with which table.
#[derive(Debug, Args)]
pub struct NumbersOptions {
    /// The table's name, where no stack is to be asked for it
    #[arg(long, global = true, display_order = 89)]
    table: Option<String>,
    #[command(subcommand)]
    command: NumbersCommand,
}

/// What can be done with numbers.
#[derive(Debug, Subcommand)]
enum NumbersCommand {
    /// Check a file whole, show what it changes, and write it
    Import(ImportOptions),
    /// List a portal's numbers as they are stored
    List(ListOptions),
    /// Print the rows of a portal, or of all, as CSV, JSON or JSONL
    Export(ExportOptions),
    /// Add or change one number; it is asked for, or read from standard input
    Put(PutOptions),
    /// Remove one number, or all of a portal
    Remove(RemoveOptions),
    /// Show a portal as HubSpot will show it, or what is wrong anywhere
    Check(CheckOptions),
}

impl NumbersOptions {
    /// Does what was said.
    pub async fn run(&self, target: &TargetOptions, as_json: bool) -> Result<Ending, Failure> {
        let table = match &self.table {
            Some(name) => Table::named(&target.aws_alone().await?, name),
            None => Table::of(&Stack::find(target.target().await?).await?)?,
        };
        match &self.command {
            NumbersCommand::Import(options) => import::import(&table, options, as_json).await,
            NumbersCommand::List(options) => export::list(&table, options, as_json).await,
            NumbersCommand::Export(options) => export::export(&table, options, as_json).await,
            NumbersCommand::Put(options) => edit::put(&table, options, as_json).await,
            NumbersCommand::Remove(options) => edit::remove(&table, options, as_json).await,
            NumbersCommand::Check(options) => check::check(&table, options, as_json).await,
        }
    }
}
