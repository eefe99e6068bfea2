//! The numbers of one portal, as they were read from the table.

use crate::{
    ids::UserId,
    number_row::{Audience, NumberRow, RowError},
    numbers_response::{MAX_BODY, element_size},
};

/// The most bad rows that are kept; the others are only counted.
const MAX_BAD_ROWS: usize = 5;

/// A portal's numbers in the order of the table, and the rows that are bad.
#[derive(Clone, Default)]
pub struct PortalNumbers {
    /// The numbers' JSON, one after the other. Two allocations for all numbers, not for each: thousands
    /// of portals are kept at once.
    json: String,
    numbers: Vec<Number>,
    bad_rows: Vec<BadRow>,
    bad_row_count: usize,
    /// The memory of audiences and bad rows.
    other_bytes: usize,
    /// What the numbers that every user sees take in a response.
    response_bytes: usize,
}

#[derive(Clone)]
struct Number {
    /// Where its JSON ends.
    end: usize,
    audience: Audience,
}

/// A row that is not listed.
#[derive(Clone)]
pub struct BadRow {
    /// The row's sort key, empty where it has none; it may be a phone number.
    pub key: String,
    pub reason: RowError,
}

impl PortalNumbers {
    /// Adds a row's number, or else counts the row as bad.
    pub fn add(&mut self, row: NumberRow) {
        match row.parse() {
            Ok((number, audience)) => {
                let json = number.to_json();
                if audience == Audience::Everyone {
                    self.response_bytes += element_size(&json);
                }
                self.other_bytes += audience.bytes();
                self.json.push_str(&json);
                self.numbers.push(Number {
                    end: self.json.len(),
                    audience,
                });
            }
            Err(reason) => {
                self.bad_row_count += 1;
                if self.bad_rows.len() < MAX_BAD_ROWS {
                    let key = row.number.unwrap_or_default();
                    self.other_bytes += size_of::<BadRow>() + key.len();
                    self.bad_rows.push(BadRow { key, reason });
                }
            }
        }
    }

    /// Returns the numbers that a user sees, each as an element of HubSpot's list.
    pub fn visible_to(&self, user: UserId) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.numbers.iter().filter_map(move |number| {
            let json = &self.json[start..number.end];
            start = number.end;
            number.audience.includes(user).then_some(json)
        })
    }

    /// Gives back the memory that was reserved for more numbers.
    pub fn shrink_to_fit(&mut self) {
        self.json.shrink_to_fit();
        self.numbers.shrink_to_fit();
    }

    /// Tells whether the numbers exceed a response, whichever user it is for.
    pub fn exceed_response(&self) -> bool {
        self.response_bytes > MAX_BODY
    }

    /// Returns the memory that it takes, roughly.
    pub fn bytes(&self) -> usize {
        self.json.len() + size_of_val(self.numbers.as_slice()) + self.other_bytes
    }

    pub fn bad_row_count(&self) -> usize {
        self.bad_row_count
    }

    pub fn bad_rows(&self) -> &[BadRow] {
        &self.bad_rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: &str, audience: Audience) -> NumberRow {
        NumberRow {
            number: Some(number.into()),
            friendly_name: None,
            audience: Ok(audience),
        }
    }

    #[test]
    fn shows_each_user_their_numbers_in_order() {
        let users = ["7".into(), "8".into()];
        let mut portal = PortalNumbers::default();
        portal.add(row("+1800", Audience::Everyone));
        portal.add(row("+1801", Audience::only(&users).unwrap()));
        portal.add(row("+1802", Audience::Everyone));
        let seen_by = |user: i64| -> Vec<_> {
            let visible = portal.visible_to(user.try_into().unwrap());
            visible.map(|json| json[20..25].to_owned()).collect()
        };
        assert_eq!(seen_by(7), ["+1800", "+1801", "+1802"]);
        assert_eq!(seen_by(9), ["+1800", "+1802"]);
        let json = r#"{"e164PhoneNumber":"+1800","friendlyName":"+1800"}"#.len();
        let number = json + size_of::<Number>();
        assert_eq!(portal.bytes(), 3 * number + 2 * size_of::<UserId>());
    }

    #[test]
    fn counts_all_bad_rows_and_keeps_a_few() {
        let mut portal = PortalNumbers::default();
        for number in 0..100 {
            portal.add(row(&format!("bad {number}"), Audience::Everyone));
        }
        assert_eq!(portal.visible_to(UserId::MAX).count(), 0);
        assert_eq!((portal.bad_row_count(), portal.bad_rows().len()), (100, 5));
        let bad_row = size_of::<BadRow>() + "bad 0".len();
        assert_eq!(portal.bytes(), 5 * bad_row);
    }
}
