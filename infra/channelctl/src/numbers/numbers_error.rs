//! Why numbers could not be read or written.

use channel_connection::ids::PortalId;

use crate::{
    aws_error::AwsError,
    numbers::{file_error::FileError, number_problem::NumberProblem, row::MAX_STORED_NAME},
};

/// The reason numbers could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum NumbersError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file has nothing but a header, or an empty array.
    #[error("The file has no rows.")]
    NoRows,
    /// Some rows cannot be written, so none is.
    #[error("Nothing was written: fix the bad rows first.")]
    BadRows,
    /// A number was to be read from standard input, and is none.
    #[error("The number {0}.")]
    Number(#[from] NumberProblem),
    /// Neither a number nor all of them are meant.
    #[error("Nothing was said: type the number, or give it on standard input.")]
    NothingSaid,
    /// Standard input cannot be read.
    #[error("cannot read the number from standard input: {0}")]
    Unheard(std::io::Error),
    /// The table has no number of the portal.
    #[error("Portal {0} has no numbers.")]
    NoNumbers(PortalId),
    /// The table has no such number.
    #[error("Portal {0} has no such number.")]
    NoSuchNumber(PortalId),
    /// The name is longer than anybody's.
    #[error("The name is longer than {MAX_STORED_NAME} bytes. Say a shorter one.")]
    NameTooLong,
    /// AWS refused the table.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A write was lost in this process.
    #[error("a write ended without an outcome")]
    Lost(#[from] tokio::task::JoinError),
    /// Ctrl-C could not be listened for.
    #[error("cannot listen for Ctrl-C: {0}")]
    NotInterruptible(std::io::Error),
    /// The rows could not be kept on disk.
    #[error("cannot keep the rows on disk: {0}")]
    Keep(#[from] rusqlite::Error),
}
