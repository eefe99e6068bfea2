//! From a row of the numbers table to a number in HubSpot's list.
//!
//! A vendor's own backend may write the table, so any row may be wrong; one that is never hides
//! the others.

use crate::{
    ids::UserId,
    numbers_response::ListedNumber,
    phone_number::{InvalidNumber, NumberKey},
};

/// What a row holds under one attribute's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Attribute<T> {
    /// The row has no such attribute.
    #[default]
    Missing,
    /// The attribute is of another type than the table's contract says.
    WrongType,
    /// The attribute's value.
    Value(T),
}

/// A row as it was read, unchecked.
#[derive(Clone, Default)]
pub struct NumberRow {
    /// `number`, the sort key.
    pub number: Attribute<String>,
    /// `friendlyName`.
    pub friendly_name: Attribute<String>,
    /// `userIds`: the only users who see the number, each as decimal digits.
    pub user_ids: Attribute<Vec<String>>,
}

/// The reason a row is left out; it never repeats what the row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The sort key is missing or of another type.
    #[error("number is not a text")]
    NoNumber,
    /// The sort key is no number with or without an extension.
    #[error("number is {0}")]
    InvalidNumber(#[from] InvalidNumber),
    /// Nobody can tell who may see the number, so nobody does.
    #[error("userIds is not a set of numbers")]
    InvalidUserIds,
}

impl NumberRow {
    /// Returns the number as `user` sees it; `None` where the row is not for that user.
    pub fn listed_for(self, user: UserId) -> Result<Option<ListedNumber>, RowError> {
        let Attribute::Value(key) = self.number else {
            return Err(RowError::NoNumber);
        };
        let NumberKey { number, extension } = key.parse()?;
        if !is_visible(self.user_ids, user)? {
            return Ok(None);
        }
        let friendly_name = match self.friendly_name {
            Attribute::Value(name) if !name.trim().is_empty() => name,
            _ => number.as_str().to_owned(),
        };
        Ok(Some(ListedNumber {
            number,
            extension,
            friendly_name,
        }))
    }
}

fn is_visible(user_ids: Attribute<Vec<String>>, user: UserId) -> Result<bool, RowError> {
    match user_ids {
        Attribute::Missing => Ok(true),
        Attribute::WrongType => Err(RowError::InvalidUserIds),
        Attribute::Value(ids) => Ok(ids.iter().any(|id| id.parse() == Ok(user))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: &str, name: &str) -> NumberRow {
        NumberRow {
            number: Attribute::Value(number.into()),
            friendly_name: Attribute::Value(name.into()),
            user_ids: Attribute::Missing,
        }
    }

    fn user(id: i64) -> UserId {
        id.try_into().unwrap()
    }

    #[test]
    fn a_row_lists_its_number_extension_and_name() {
        let listed = row("+18001231234;ext=1", "Sales")
            .listed_for(user(42))
            .unwrap()
            .unwrap();
        assert_eq!(listed.number.as_str(), "+18001231234");
        assert_eq!(listed.extension.unwrap().as_str(), "1");
        assert_eq!(listed.friendly_name, "Sales");
    }

    #[test]
    fn the_number_serves_as_name_where_there_is_none() {
        for friendly_name in [
            Attribute::Missing,
            Attribute::WrongType,
            Attribute::Value(" ".into()),
        ] {
            let row = NumberRow {
                friendly_name,
                ..row("+18001231234", "")
            };
            assert_eq!(
                row.listed_for(user(42)).unwrap().unwrap().friendly_name,
                "+18001231234"
            );
        }
    }

    #[test]
    fn a_number_with_user_ids_is_for_those_users_only() {
        let row = NumberRow {
            user_ids: Attribute::Value(vec!["7".into(), "42".into()]),
            ..row("+18001231234", "Sales")
        };
        assert!(row.clone().listed_for(user(42)).unwrap().is_some());
        assert!(row.listed_for(user(4)).unwrap().is_none());
    }

    #[test]
    fn says_what_is_wrong_with_a_row() {
        let good = row("+18001231234", "Sales");
        let cases = [
            (
                NumberRow {
                    number: Attribute::Missing,
                    ..good.clone()
                },
                RowError::NoNumber,
            ),
            (
                NumberRow {
                    number: Attribute::WrongType,
                    ..good.clone()
                },
                RowError::NoNumber,
            ),
            (
                row("18001231234", "Sales"),
                RowError::InvalidNumber(InvalidNumber::NotE164),
            ),
            (
                row("+18001231234;ext=x", "Sales"),
                RowError::InvalidNumber(InvalidNumber::NotAnExtension),
            ),
            (
                NumberRow {
                    user_ids: Attribute::WrongType,
                    ..good
                },
                RowError::InvalidUserIds,
            ),
        ];
        for (row, error) in cases {
            assert_eq!(row.listed_for(user(42)), Err(error));
        }
    }
}
