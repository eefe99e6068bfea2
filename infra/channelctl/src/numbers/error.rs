//! Why numbers could not be read or written.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use channel_connection::ids::PortalId;

use crate::{aws_error::AwsError, terminal::escape};

/// The reason numbers could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum NumbersError {
    /// The file cannot be read, or is damaged: nothing of it is taken.
    #[error("{0}")]
    File(String),
    /// The file's columns cannot be told apart.
    #[error("{0}")]
    Columns(String),
    /// Some rows cannot be written, so none is.
    #[error("Nothing was written: fix the bad rows first.")]
    BadRows,
    /// No number came from the terminal or from standard input.
    #[error("{0}")]
    Input(String),
    /// The portal has no such number, or none at all.
    #[error("Portal {0} has no {1}.")]
    NotFound(PortalId, &'static str),
    /// `DynamoDB` has no table of that name.
    #[error("There is no table {} in this account and region. Check --table, --profile and --region.", escape(.0))]
    NoTable(String),
    /// AWS refused a call.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A write was lost in this process.
    #[error("a write ended without an outcome: {0}")]
    Lost(#[from] tokio::task::JoinError),
    /// Ctrl-C could not be listened for.
    #[error("cannot listen for Ctrl-C: {0}")]
    NotInterruptible(std::io::Error),
    /// The plan could not be shown, so nothing was written.
    #[error("Nothing was written, because what would change cannot be shown: {0}")]
    Unshown(std::io::Error),
}

impl NumbersError {
    /// Tells what kept `DynamoDB` from doing something with a table.
    pub fn of_table<E: ProvideErrorMetadata, R>(
        table: &str,
        what: &'static str,
        error: &SdkError<E, R>,
    ) -> Self {
        match error.code() {
            Some("ResourceNotFoundException") => Self::NoTable(table.to_owned()),
            _ => AwsError::new(what, error).into(),
        }
    }

    /// Tells whether the rows are at fault, rather than the file around them or AWS.
    pub fn is_bad_rows(&self) -> bool {
        matches!(self, Self::BadRows)
    }
}
