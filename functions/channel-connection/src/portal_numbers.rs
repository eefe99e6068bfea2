//! The numbers of one portal, as they were read from the table.

use crate::{
    ids::UserId,
    number_row::{Attribute, Audience, NumberRow, RowError},
    numbers_response::{ListedNumber, MAX_BODY},
};

/// The most bad rows that are kept; the others are only counted.
const MAX_BAD_ROWS: usize = 5;
/// What a number takes in memory with its texts, roughly, beside the users it is for.
const NUMBER_BYTES: usize = 200;

/// A portal's numbers in the order of the table, and the rows that are bad.
#[derive(Debug, Clone, Default)]
pub struct PortalNumbers {
    numbers: Vec<(ListedNumber, Audience)>,
    bad_rows: Vec<BadRow>,
    bad_row_count: usize,
    bytes: usize,
    /// A lower bound of what the numbers that every user sees take in a response.
    response_bytes: usize,
}

/// A row that is not listed.
#[derive(Clone)]
pub struct BadRow {
    /// The row's sort key, empty where it has none; it may be a phone number.
    pub key: String,
    /// The reason.
    pub reason: RowError,
}

impl PortalNumbers {
    /// Adds a row's number, or else counts the row as bad.
    pub fn add(&mut self, row: NumberRow) {
        match row.parse() {
            Ok((number, audience)) => {
                self.bytes += NUMBER_BYTES + audience.bytes();
                if audience == Audience::Everyone {
                    self.response_bytes += number.min_response_bytes();
                }
                self.numbers.push((number, audience));
            }
            Err(reason) => {
                self.bad_row_count += 1;
                if self.bad_rows.len() < MAX_BAD_ROWS {
                    let key = if let Attribute::Value(key) = row.number {
                        key
                    } else {
                        String::new()
                    };
                    self.bytes += NUMBER_BYTES + key.len();
                    self.bad_rows.push(BadRow { key, reason });
                }
            }
        }
    }

    /// Returns the numbers that a user sees.
    pub fn visible_to(&self, user: UserId) -> impl Iterator<Item = &ListedNumber> {
        self.numbers
            .iter()
            .filter(move |(_, audience)| audience.includes(user))
            .map(|(number, _)| number)
    }

    /// Tells whether the numbers exceed a response, whichever user it is for.
    pub fn exceed_response(&self) -> bool {
        self.response_bytes > MAX_BODY
    }

    /// Returns the memory that it takes, roughly.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns how many rows are bad.
    pub fn bad_row_count(&self) -> usize {
        self.bad_row_count
    }

    /// Returns the first few bad rows.
    pub fn bad_rows(&self) -> &[BadRow] {
        &self.bad_rows
    }
}

impl std::fmt::Debug for BadRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "BadRow({})", self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: &str, user_ids: Attribute<Vec<String>>) -> NumberRow {
        NumberRow {
            number: Attribute::Value(number.into()),
            friendly_name: Attribute::Missing,
            user_ids,
        }
    }

    #[test]
    fn shows_each_user_their_numbers_in_order() {
        let mut portal = PortalNumbers::default();
        portal.add(row("+1800", Attribute::Missing));
        portal.add(row("+1801", Attribute::Value(vec!["7".into()])));
        portal.add(row("+1802", Attribute::Missing));
        let seen_by = |user: i64| -> Vec<_> {
            portal
                .visible_to(user.try_into().unwrap())
                .map(|listed| listed.number.as_str())
                .collect()
        };
        assert_eq!(seen_by(7), ["+1800", "+1801", "+1802"]);
        assert_eq!(seen_by(8), ["+1800", "+1802"]);
    }

    #[test]
    fn counts_all_bad_rows_and_keeps_a_few() {
        let mut portal = PortalNumbers::default();
        for number in 0..100 {
            portal.add(row(&format!("bad {number}"), Attribute::Missing));
        }
        assert_eq!(portal.visible_to(UserId::LARGEST).count(), 0);
        assert_eq!((portal.bad_row_count(), portal.bad_rows().len()), (100, 5));
        assert_eq!(portal.bytes(), 5 * (NUMBER_BYTES + "bad 0".len()));
    }

    #[test]
    fn debug_shows_the_reason_but_no_number() {
        let mut portal = PortalNumbers::default();
        portal.add(row("bad 0", Attribute::Missing));
        assert_eq!(
            format!("{:?}", portal.bad_rows()),
            "[BadRow(number is not an E.164 number: a plus sign, then 2 to 15 digits, the first not 0)]"
        );
    }

    #[test]
    fn counts_the_memory_of_numbers_and_users() {
        let mut portal = PortalNumbers::default();
        portal.add(row("+1800", Attribute::Missing));
        portal.add(row("+1801", Attribute::Value(vec!["7".into(), "8".into()])));
        assert_eq!(portal.bytes(), 2 * NUMBER_BYTES + 2 * size_of::<UserId>());
    }
}
