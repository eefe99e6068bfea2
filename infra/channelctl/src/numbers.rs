//! The numbers: into the table, out of it, and as HubSpot will show them.

pub mod census;
pub mod changes;
pub mod check;
pub mod check_row;
pub mod column;
pub mod columns;
mod delimited;
pub mod edit;
pub mod export;
mod extension_text;
pub mod file;
pub mod file_error;
pub mod findings;
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
mod possible_number;
pub mod raw_row;
pub mod row;
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

/// What can be done with numbers.
#[derive(Debug, Subcommand)]
pub enum NumbersCommand {
    /// Check a file whole, show what it changes, and write it
    Import(Of<ImportOptions>),
    /// List a portal's numbers as they are stored
    List(Of<ListOptions>),
    /// Print the rows of a portal, or of all, as CSV, JSON or JSONL
    Export(Of<ExportOptions>),
    /// Add or change one number; it is asked for, or read from standard input
    Put(Of<PutOptions>),
    /// Remove one number, or all of a portal
    Remove(Of<RemoveOptions>),
    /// Show a portal as HubSpot will show it, or what is wrong anywhere
    Check(Of<CheckOptions>),
}

/// A command's options, and the table that it works on.
#[derive(Debug, Args)]
pub struct Of<T: Args> {
    #[command(flatten)]
    options: T,
    /// The table's name, where no stack is to be asked for it
    #[arg(long)]
    table: Option<String>,
}

impl NumbersCommand {
    /// Does what was said.
    pub async fn run(&self, target: &TargetOptions, as_json: bool) -> Result<Ending, Failure> {
        let table = match self.table_name() {
            Some(name) => Table::named(&target.aws_alone().await?, name),
            None => Table::of(&Stack::find(target.target().await?).await?)?,
        };
        match self {
            Self::Import(of) => import::import(&table, &of.options, as_json).await,
            Self::List(of) => export::list(&table, &of.options, as_json).await,
            Self::Export(of) => export::export(&table, &of.options, as_json).await,
            Self::Put(of) => edit::put(&table, &of.options, as_json).await,
            Self::Remove(of) => edit::remove(&table, &of.options, as_json).await,
            Self::Check(of) => check::check(&table, &of.options, as_json).await,
        }
    }

    fn table_name(&self) -> Option<&str> {
        let name = match self {
            Self::Import(Of { table, .. })
            | Self::List(Of { table, .. })
            | Self::Export(Of { table, .. })
            | Self::Put(Of { table, .. })
            | Self::Remove(Of { table, .. })
            | Self::Check(Of { table, .. }) => table,
        };
        name.as_deref()
    }
}
