//! One number of one portal, checked, and the place in a file that it came from.

use std::{collections::BTreeSet, fmt};

use channel_connection::{
    ids::{PortalId, UserId},
    phone_number::NumberKey,
};

/// The longest name that is kept, in bytes; of what is longer, HubSpot would show a tenth.
pub const MAX_STORED_NAME: usize = 1_024;

/// Tells whether a name is longer than any that is kept.
pub fn is_too_long(name: &str) -> bool {
    name.len() > MAX_STORED_NAME
}

/// A row that can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The customer's account.
    pub portal: PortalId,
    /// The number, with its extension if it has one.
    pub key: NumberKey,
    /// The name; `None` leaves the table's as it is, an empty one takes it away.
    pub name: Option<String>,
    /// The only users who see the number; `None` leaves the table's, an empty set shows it to all.
    pub users: Option<BTreeSet<UserId>>,
}

/// Where a row stands, counted from 1 in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the line that it begins in.
    Line(u64),
    /// In a JSON array, whose lines mean nothing.
    Item(u64),
    /// In no file: it is the one that was typed.
    Typed,
}

impl Place {
    /// Returns the line's or item's number.
    pub fn at(self) -> u64 {
        match self {
            Self::Line(at) | Self::Item(at) => at,
            Self::Typed => 1,
        }
    }

    /// Returns another place of the same file.
    #[must_use]
    pub fn of(self, at: u64) -> Self {
        match self {
            Self::Line(_) => Self::Line(at),
            Self::Item(_) => Self::Item(at),
            Self::Typed => Self::Typed,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(at) => write!(formatter, "line {at}"),
            Self::Item(at) => write!(formatter, "item {at}"),
            Self::Typed => formatter.write_str("what was typed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_have_as_many_bytes_as_are_kept_and_no_more() {
        assert!(!is_too_long(&"n".repeat(MAX_STORED_NAME)));
        assert!(is_too_long(&"n".repeat(MAX_STORED_NAME + 1)));
    }

    #[test]
    fn a_place_is_told_in_lines_or_in_items_as_the_file_has_them() {
        let (line, item) = (Place::Line(7), Place::Item(7));
        assert_eq!((line.to_string(), line.at()), ("line 7".into(), 7));
        assert_eq!((item.to_string(), item.at()), ("item 7".into(), 7));
        assert_eq!(
            (line.of(8), item.of(8)),
            (Place::Line(8), Place::Item(8)),
            "another place of the same file"
        );
    }
}
