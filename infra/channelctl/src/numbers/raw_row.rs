//! A row as the file has it, before anything is checked.

use crate::numbers::{column::Column, file_error::FileError, row::Place};

/// A row as the file has it; a cell that the row does not have is `None`.
#[derive(Clone, PartialEq, Eq)]
pub struct RawRow {
    /// Where it stands.
    pub place: Place,
    /// The cells by column, in the order of [`Column::ALL`].
    pub cells: [Option<String>; Column::ALL.len()],
    /// The first column that holds neither text nor number, as a JSON object's may.
    pub of_wrong_type: Option<Column>,
}

/// What a row is given to; an error of it ends the reading.
pub type Sink<'a> = dyn FnMut(RawRow) -> Result<(), FileError> + 'a;

impl RawRow {
    /// Returns a cell's text, empty where there is none.
    pub fn text(&self, column: Column) -> &str {
        self.cells[column as usize].as_deref().unwrap_or_default()
    }
}
