//! Rows as the table has them, page by page.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use channel_connection::{
    ids::UserId,
    number_row::{Attribute, Audience, NumberRow},
};

/// A row as DynamoDB has it, or its keys alone: where a page begins.
pub type Item = HashMap<String, AttributeValue>;

/// A row as the table has it.
#[derive(Clone)]
pub struct Stored {
    /// The portal's id, as digits.
    pub portal: String,
    /// What it holds, unchecked.
    pub row: NumberRow,
}

/// Some rows, and where the next page begins.
pub struct Page {
    /// The rows.
    pub rows: Vec<Stored>,
    /// Where the next page begins; none behind the last one.
    pub next: Option<Item>,
}

impl Page {
    /// Takes over what DynamoDB answered.
    pub fn new(items: Option<Vec<Item>>, next: Option<Item>) -> Self {
        let stored = |item: Item| Stored {
            portal: portal(&item),
            row: row(item),
        };
        Self {
            rows: items.unwrap_or_default().into_iter().map(stored).collect(),
            next,
        }
    }
}

impl Stored {
    /// Returns the sort key, empty where it is none.
    pub fn key(&self) -> &str {
        text(&self.row.number).unwrap_or_default()
    }

    /// Returns the name as it is stored.
    pub fn name(&self) -> Option<&str> {
        text(&self.row.friendly_name)
    }

    /// Returns the users as they are stored; `None` where they are no set of ids.
    pub fn users(&self) -> Option<BTreeSet<UserId>> {
        Some(match self.row.audience().ok()? {
            Audience::Everyone => BTreeSet::new(),
            Audience::Only(users) => users.into_iter().collect(),
        })
    }
}

/// Takes a row out of an item; what it holds is not checked yet.
fn row(mut item: Item) -> NumberRow {
    let mut text = |name| match item.remove(name) {
        None => Attribute::Missing,
        Some(AttributeValue::S(text)) => Attribute::Value(text),
        Some(_) => Attribute::WrongType,
    };
    NumberRow {
        number: text("number"),
        friendly_name: text("friendlyName"),
        user_ids: match item.remove("userIds") {
            None => Attribute::Missing,
            Some(AttributeValue::Ns(ids)) => Attribute::Value(ids),
            Some(_) => Attribute::WrongType,
        },
    }
}

fn text(attribute: &Attribute<String>) -> Option<&str> {
    match attribute {
        Attribute::Value(text) => Some(text),
        Attribute::Missing | Attribute::WrongType => None,
    }
}

/// Returns the portal's id, as digits.
pub fn portal(item: &Item) -> String {
    let id = item.get("portalId").and_then(|id| id.as_n().ok());
    id.cloned().unwrap_or_default()
}
