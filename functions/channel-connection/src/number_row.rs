//! From a row of the numbers table to a number in HubSpot's list.
//!
//! A vendor's own backend may write the table, so any row may be wrong; one that is never hides
//! the others.

#[cfg(feature = "dynamodb")]
use std::collections::HashMap;

#[cfg(feature = "dynamodb")]
use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    friendly_name::FriendlyName,
    ids::UserId,
    numbers_response::ListedNumber,
    phone_number::{InvalidNumber, NumberKey},
};

/// A row as it was read; a number or name of another type than the table's contract says counts as missing.
///
/// Users of another type hide the number from everyone.
#[derive(Clone)]
pub struct NumberRow {
    pub number: Option<String>,
    pub friendly_name: Option<String>,
    pub audience: Result<Audience, RowError>,
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
    /// Checks the row; where it has no name, the number serves as name.
    pub fn parse(&self) -> Result<(ListedNumber, Audience), RowError> {
        let key = self.number.as_deref().ok_or(RowError::NoNumber)?;
        let NumberKey { number, extension } = key.parse()?;
        let name = self.friendly_name.as_deref();
        let listed = ListedNumber {
            friendly_name: name
                .and_then(FriendlyName::truncate)
                .unwrap_or_else(|| (&number).into()),
            number,
            extension,
        };
        Ok((listed, self.audience.clone()?))
    }
}

#[cfg(feature = "dynamodb")]
impl From<HashMap<String, AttributeValue>> for NumberRow {
    fn from(mut item: HashMap<String, AttributeValue>) -> Self {
        let mut text = |name| match item.remove(name) {
            Some(AttributeValue::S(text)) => Some(text),
            _ => None,
        };
        Self {
            number: text("number"),
            friendly_name: text("friendlyName"),
            audience: match item.remove("userIds") {
                None => Ok(Audience::Everyone),
                Some(AttributeValue::Ns(ids)) => Audience::only(&ids),
                Some(_) => Err(RowError::InvalidUserIds),
            },
        }
    }
}

impl Audience {
    /// Parses `userIds`: the only users who see the number, each as decimal digits.
    pub fn only(ids: &[String]) -> Result<Self, RowError> {
        let ids: Result<_, _> = ids.iter().map(|id| id.parse()).collect();
        ids.map(Self::Only).map_err(|_| RowError::InvalidUserIds)
    }

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

    #[test]
    fn names_the_defect_of_a_row() {
        let number = "+18001231234";
        let not_e164 = RowError::InvalidNumber(InvalidNumber::NotE164);
        let not_an_extension = RowError::InvalidNumber(InvalidNumber::NotAnExtension);
        let one_is_none = ["7".into(), "0.5".into()];
        let no_users = Audience::only(&one_is_none);
        for (case, number, audience, error) in [
            (
                "no number",
                None,
                Ok(Audience::Everyone),
                RowError::NoNumber,
            ),
            (
                "not E.164",
                Some("18001231234"),
                Ok(Audience::Everyone),
                not_e164,
            ),
            (
                "extension",
                Some("+1800;ext=x"),
                Ok(Audience::Everyone),
                not_an_extension,
            ),
            ("no user", Some(number), no_users, RowError::InvalidUserIds),
        ] {
            let row = NumberRow {
                number: number.map(str::to_owned),
                friendly_name: None,
                audience,
            };
            assert_eq!(row.parse(), Err(error), "{case}");
        }
    }
}
