//! Why a file's columns cannot be told apart, and what to say instead.

use crate::numbers::column::Column;

/// The reason columns cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// No column has numbers by its name.
    #[error(
        "No column looks like the numbers. There are: {0}. Say which it is: --map number=HEADER"
    )]
    NoNumber(String),
    /// The first line is no header.
    #[error("The first line must name the columns, like: portalId,number,friendlyName")]
    NoHeader,
    /// Two columns could be the same.
    #[error(
        "Both {first} and {second} look like the {column}. Say which it is: --map {column}=HEADER"
    )]
    Ambiguous {
        /// What both look like.
        column: Column,
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// Two mappings are of one column.
    #[error("--map {0}=HEADER is given twice. Give it once: a row has one {0}.")]
    MappedTwice(Column),
    /// A mapping names what is there twice.
    #[error("--map {column}={header}: two columns have that name. Rename one of them in the file.")]
    TwoOfThatName {
        /// What was to be mapped.
        column: Column,
        /// What was said.
        header: String,
    },
    /// A mapping names what is not there.
    #[error("--map {column}={header}: there is no such column. There are: {known}")]
    NoSuchHeader {
        /// What was to be mapped.
        column: Column,
        /// What was said.
        header: String,
        /// What there is.
        known: String,
    },
}

/// Names the columns that there are.
pub(super) fn listed(headers: &[&str]) -> String {
    let headers: Vec<_> = headers.iter().map(|header| header.trim()).collect();
    headers.join(", ")
}
