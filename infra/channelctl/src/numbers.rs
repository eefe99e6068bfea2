//! The numbers: into the table, out of it, and as HubSpot will show them.

pub mod census;
pub mod check;
pub mod check_row;
pub mod column;
pub mod columns;
mod delimited;
pub mod edit;
pub mod export;
pub mod file;
pub mod findings;
pub mod import;
pub mod input;
mod json_rows;
mod line_starts;
pub mod number_text;
pub mod plan;
mod possible_number;
pub mod row;
pub mod staged;
pub mod stored;
pub mod table;
pub mod write;

use clap::{Args, Subcommand};

use crate::{
    aws_error::AwsError,
    ending::{Ending, Failure},
    numbers::{
        check::CheckOptions,
        edit::{PutOptions, RemoveOptions},
        export::{ExportOptions, ListOptions},
        file::FileError,
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

/// The reason numbers could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum NumbersError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file has nothing but a header.
    #[error("The file has a header, but no rows.")]
    NoRows,
    /// Some rows cannot be written, so none is.
    #[error("Nothing was written: mend the bad rows first.")]
    BadRows,
    /// A number was to be read from standard input, and is none.
    #[error("The number {0}.")]
    Number(#[from] number_text::NumberProblem),
    /// Neither a number nor all of them are meant.
    #[error("Nothing was said: type the number, or give it on standard input.")]
    NothingSaid,
    /// The table has no such number.
    #[error("Portal {0} has no such number.")]
    NoSuchNumber(channel_connection::ids::PortalId),
    /// The name is longer than anybody's.
    #[error("The name is too long.")]
    NameTooLong,
    /// AWS refused the table.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A write was lost in this process.
    #[error("a write ended without an outcome")]
    Lost(#[from] tokio::task::JoinError),
    /// The rows could not be kept on disk.
    #[error("cannot keep the rows on disk: {0}")]
    Keep(#[from] rusqlite::Error),
}

impl NumbersCommand {
    /// Does what was said.
    pub async fn run(&self, target: &TargetOptions, as_json: bool) -> Result<Ending, Failure> {
        let table = match self.table_name() {
            Some(name) => Table::named(&target.aws_alone().await, name),
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
