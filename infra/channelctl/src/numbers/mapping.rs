//! A column of a file that is named with `--map`, rather than guessed.

use std::str::FromStr;

use crate::numbers::{
    column::Column,
    columns_error::{ColumnsError, listed},
};

/// One `--map COLUMN=HEADER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    column: Column,
    header: String,
}

/// The reason a text is no mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write COLUMN=HEADER, where COLUMN is portal, number, extension, name or users")]
pub struct InvalidMapping;

impl Mapping {
    /// Refuses two of one column, of which one would count for nothing.
    pub fn each_once(mappings: &[Self]) -> Result<(), ColumnsError> {
        let of = |column| mappings.iter().filter(move |one| one.column == column);
        let twice = Column::ALL
            .into_iter()
            .find(|column| of(*column).count() > 1);
        twice.map_or(Ok(()), |column| Err(ColumnsError::MappedTwice(column)))
    }

    /// Returns which column it names.
    pub fn column(&self) -> Column {
        self.column
    }

    /// Returns where the header stands that is mapped.
    pub fn at(&self, headers: &[&str]) -> Option<usize> {
        headers.iter().position(|name| name.trim() == self.header)
    }

    /// Refuses a header that is not there, or twice.
    pub fn check(&self, headers: &[&str]) -> Result<(), ColumnsError> {
        let named = headers.iter().filter(|name| name.trim() == self.header);
        match named.count() {
            0 => Err(self.no_such_header(headers)),
            1 => Ok(()),
            _ => Err(ColumnsError::TwoOfThatName {
                column: self.column,
                header: self.header.clone(),
            }),
        }
    }

    /// Says that the header is none of those there are.
    pub fn no_such_header(&self, headers: &[&str]) -> ColumnsError {
        ColumnsError::NoSuchHeader {
            column: self.column,
            header: self.header.clone(),
            known: listed(headers),
        }
    }
}

impl FromStr for Mapping {
    type Err = InvalidMapping;

    fn from_str(text: &str) -> Result<Self, InvalidMapping> {
        let (name, header) = text.split_once('=').ok_or(InvalidMapping)?;
        let column = Column::ALL
            .into_iter()
            .find(|column| column.to_string() == name.trim());
        Ok(Self {
            column: column.ok_or(InvalidMapping)?,
            header: header.trim().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_is_mapped_once_at_most() {
        let mappings = |texts: &[&str]| {
            let mappings: Vec<Mapping> = texts.iter().map(|text| text.parse().unwrap()).collect();
            Mapping::each_once(&mappings)
        };
        assert_eq!(mappings(&[]), Ok(()));
        assert_eq!(mappings(&["number=A", "name=A"]), Ok(()));
        let twice = Err(ColumnsError::MappedTwice(Column::Number));
        assert_eq!(mappings(&["number=A", "name=B", "number=C"]), twice);
    }

    #[test]
    fn a_mapping_is_a_column_and_a_header() {
        for text in ["number", "nummer=A", "=A"] {
            assert!(text.parse::<Mapping>().is_err(), "{text}");
        }
    }
}
