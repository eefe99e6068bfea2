//! Why a file cannot be read on.

use std::io;

use crate::numbers::{columns_error::ColumnsError, input::MAX_ROW, row::Place};

/// The reason a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened or read.
    #[error("{0}: {1}")]
    Unreadable(String, io::Error),
    /// There is nothing in it.
    #[error("The file is empty: 0 bytes, or nothing but blank lines.")]
    Empty,
    /// Its columns cannot be told apart.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// A row has no end.
    #[error("{0}: the row does not end within {MAX_ROW} bytes. Is a quotation mark left open?")]
    EndlessRow(Place),
    /// It is not text in the encoding that it is taken for.
    #[error(
        "{0}: this is no UTF-8. Save the file as CSV UTF-8, or say its encoding: --encoding windows-1252"
    )]
    Encoding(Place),
    /// It is no JSON.
    #[error("{0}: this is no JSON: {1}")]
    NotJson(Place, String),
    /// It is JSON, but no object.
    #[error(
        "{0}: this is no row. A JSON file is one array of objects, a JSONL file has an object in each line."
    )]
    NotARow(Place),
    /// A row could not be kept.
    #[error("cannot keep the rows on disk: {0}")]
    Keep(#[from] rusqlite::Error),
}
