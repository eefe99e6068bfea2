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
    Missing,
    /// The attribute is of another type than the table's contract says.
    WrongType,
    Value(T),
}

/// A row as it was read, unchecked.
#[derive(Clone)]
pub struct NumberRow {
    pub number: Attribute<String>,
    pub friendly_name: Attribute<String>,
    /// `userIds`: the only users who see the number, each as decimal digits.
    pub user_ids: Attribute<Vec<String>>,
}

/// Who sees a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    Everyone,
    Only(Vec<UserId>),
}

/// The reason a row is left out; it never repeats what the row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("number is not a text")]
    NoNumber,
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

    fn row(number: &str) -> NumberRow {
        NumberRow {
            number: Attribute::Value(number.into()),
            friendly_name: Attribute::Value("Sales".into()),
            user_ids: Attribute::Missing,
        }
    }

    #[test]
    fn number_serves_where_no_name_can() {
        let number = "+18001231234";
        for (case, friendly_name, shown) in [
            ("name", Attribute::Value("Sales".into()), "Sales"),
            ("empty name", Attribute::Value(" ".into()), number),
            ("no name", Attribute::Missing, number),
            ("name of another type", Attribute::WrongType, number),
        ] {
            let row = NumberRow {
                friendly_name,
                ..row(number)
            };
            let (listed, _) = row.parse().unwrap();
            assert_eq!(listed.friendly_name.as_str(), shown, "{case}");
        }
    }

    #[test]
    fn names_the_defect_of_a_row() {
        let (mut no_number, mut not_text) = (row(""), row(""));
        no_number.number = Attribute::Missing;
        not_text.number = Attribute::WrongType;
        let (mut no_users, mut bad_user) = (row("+18001231234"), row("+18001231234"));
        no_users.user_ids = Attribute::WrongType;
        bad_user.user_ids = Attribute::Value(vec!["7".into(), "0.5".into()]);
        let not_e164 = RowError::InvalidNumber(InvalidNumber::NotE164);
        let not_an_extension = RowError::InvalidNumber(InvalidNumber::NotAnExtension);
        for (case, row, error) in [
            ("no number", no_number, RowError::NoNumber),
            ("number of another type", not_text, RowError::NoNumber),
            ("not E.164", row("18001231234"), not_e164),
            ("extension", row("+1800;ext=x"), not_an_extension),
            ("users of another type", no_users, RowError::InvalidUserIds),
            ("bad user", bad_user, RowError::InvalidUserIds),
        ] {
            assert_eq!(row.parse(), Err(error), "{case}");
        }
    }
}
