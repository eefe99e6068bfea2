//! Everything that was read of one portal.

use crate::{
    ids::UserId,
    number_row::{Attribute, Audience, NumberRow, RowError},
    numbers_response::{ListedNumber, MAX_BODY},
};

/// How many bad rows are remembered; the others are only counted.
const REMEMBERED_BAD_ROWS: usize = 5;
/// What a number takes in memory with its texts, roughly, beside the users it is for.
const NUMBER_BYTES: usize = 200;

/// A portal's numbers in the order of the table, and what was wrong with the other rows.
#[derive(Debug, Clone, Default)]
pub struct PortalNumbers {
    numbers: Vec<(ListedNumber, Audience)>,
    bad_rows: Vec<BadRow>,
    bad_row_count: usize,
    bytes: usize,
    /// A lower bound of what the numbers that every user sees take in a response.
    response_bytes: usize,
}

/// A row that was left out.
#[derive(Clone)]
pub struct BadRow {
    /// The row's sort key, empty where it has none; it may be a phone number.
    pub key: String,
    /// What is wrong with the row.
    pub reason: RowError,
}

impl PortalNumbers {
    /// Takes a row in, or remembers what is wrong with it.
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
                if self.bad_rows.len() < REMEMBERED_BAD_ROWS {
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

    /// Tells whether more numbers than fit into a response are there, whichever user it is for.
    pub fn exceed_response(&self) -> bool {
        self.response_bytes > MAX_BODY
    }

    /// Returns what all of it takes in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns how many rows were left out.
    pub fn bad_row_count(&self) -> usize {
        self.bad_row_count
    }

    /// Returns the first few rows that were left out.
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
    fn each_user_sees_what_is_for_everyone_and_what_is_theirs_in_the_tables_order() {
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
    fn all_bad_rows_are_counted_and_a_few_are_remembered() {
        let mut portal = PortalNumbers::default();
        for number in 0..100 {
            portal.add(row(&format!("bad {number}"), Attribute::Missing));
        }
        assert_eq!(portal.visible_to(UserId::LARGEST).count(), 0);
        assert_eq!((portal.bad_row_count(), portal.bad_rows().len()), (100, 5));
        assert_eq!(portal.bytes(), 5 * (NUMBER_BYTES + "bad 0".len()));
    }

    #[test]
    fn debug_tells_what_is_wrong_with_a_row_and_not_its_number() {
        let mut portal = PortalNumbers::default();
        portal.add(row("bad 0", Attribute::Missing));
        assert_eq!(
            format!("{:?}", portal.bad_rows()),
            "[BadRow(number is not an E.164 number: a plus sign, then 2 to 15 digits, the first not 0)]"
        );
    }

    #[test]
    fn memory_is_counted_of_each_number_and_of_each_user_that_it_is_for() {
        let mut portal = PortalNumbers::default();
        portal.add(row("+1800", Attribute::Missing));
        portal.add(row("+1801", Attribute::Value(vec!["7".into(), "8".into()])));
        assert_eq!(portal.bytes(), 2 * NUMBER_BYTES + 2 * size_of::<UserId>());
    }
}
