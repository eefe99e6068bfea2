//! From a row of the numbers table to a number in HubSpot's list.
//!
//! A vendor's own backend may write the table, so any row may be wrong; one that is never hides
//! the others.

use crate::{
    friendly_name::FriendlyName,
    ids::UserId,
    numbers_response::ListedNumber,
    phone_number::{InvalidNumber, NumberKey},
};

/// What a row holds under one attribute's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute<T> {
    /// The row has no such attribute.
    Missing,
    /// The attribute is of another type than the table's contract says.
    WrongType,
    /// The attribute's value.
    Value(T),
}

/// A row as it was read, unchecked.
#[derive(Clone)]
pub struct NumberRow {
    /// `number`, the sort key.
    pub number: Attribute<String>,
    /// `friendlyName`.
    pub friendly_name: Attribute<String>,
    /// `userIds`: the only users who see the number, each as decimal digits.
    pub user_ids: Attribute<Vec<String>>,
}

/// Who sees a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Every user of the portal.
    Everyone,
    /// These users alone.
    Only(Vec<UserId>),
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
    #[error("userIds is not a set of user ids")]
    InvalidUserIds,
}

impl NumberRow {
    /// Checks the row; where its name is missing or of another type, the number serves as name.
    pub fn parse(&self) -> Result<(ListedNumber, Audience), RowError> {
        let Attribute::Value(key) = &self.number else {
            return Err(RowError::NoNumber);
        };
        let NumberKey { number, extension } = key.parse()?;
        let name = match &self.friendly_name {
            Attribute::Value(name) => FriendlyName::truncate(name),
            _ => None,
        };
        let friendly_name = name.unwrap_or_else(|| (&number).into());
        Ok((
            ListedNumber {
                number,
                extension,
                friendly_name,
            },
            self.audience()?,
        ))
    }

    /// Says who sees the number, whatever else the row holds.
    pub fn audience(&self) -> Result<Audience, RowError> {
        match &self.user_ids {
            Attribute::Missing => Ok(Audience::Everyone),
            Attribute::WrongType => Err(RowError::InvalidUserIds),
            Attribute::Value(ids) => {
                let ids: Result<_, _> = ids.iter().map(|id| id.parse()).collect();
                ids.map(Audience::Only)
                    .map_err(|_| RowError::InvalidUserIds)
            }
        }
    }
}

impl Audience {
    /// Returns what the users' ids take in memory.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Everyone => 0,
            Self::Only(users) => size_of_val(users.as_slice()),
        }
    }

    /// Tells whether a user is among those who see the number.
    pub fn includes(&self, user: UserId) -> bool {
        match self {
            Self::Everyone => true,
            Self::Only(users) => users.contains(&user),
        }
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
    fn a_row_lists_its_number_extension_and_name_to_everyone() {
        let (listed, audience) = row("+18001231234;ext=1", "Sales").parse().unwrap();
        assert_eq!(listed.number.as_str(), "+18001231234");
        assert_eq!(listed.extension.unwrap().as_str(), "1");
        assert_eq!(listed.friendly_name.as_str(), "Sales");
        assert_eq!(audience, Audience::Everyone);
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
                row.parse().unwrap().0.friendly_name.as_str(),
                "+18001231234"
            );
        }
    }

    #[test]
    fn a_number_with_user_ids_is_for_those_users_only() {
        let user_ids = Attribute::Value(vec!["7".into(), "42".into()]);
        let (_, audience) = NumberRow {
            user_ids,
            ..row("+18001231234", "Sales")
        }
        .parse()
        .unwrap();
        assert!(audience.includes(user(42)));
        assert!(!audience.includes(user(4)));
    }

    #[test]
    fn says_what_is_wrong_with_a_row() {
        let good = row("+18001231234", "Sales");
        let user_ids = Attribute::Value(vec!["7".into(), "0.5".into()]);
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
                    ..good.clone()
                },
                RowError::InvalidUserIds,
            ),
            (NumberRow { user_ids, ..good }, RowError::InvalidUserIds),
        ];
        for (row, error) in cases {
            assert_eq!(row.parse(), Err(error));
        }
    }
}
