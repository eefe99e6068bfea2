//! A row of the numbers table as DynamoDB has it: what is read of it, and what is written.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use channel_connection::{
    ids::{PortalId, UserId},
    number_row::{Attribute, Audience, NumberRow},
    phone_number,
};
use jiff::{Timestamp, Unit};
use serde::Serialize;
use serde_json::Value;

use crate::numbers::plan::{Change, Key, Planned};

/// A row as `DynamoDB` has it, or its keys alone: where a page begins.
pub type Item = HashMap<String, AttributeValue>;

/// A row as the table has it.
#[derive(Clone)]
pub struct Stored {
    /// The portal's id, as digits.
    pub portal: String,
    /// What it holds, unchecked.
    pub row: NumberRow,
}

/// What an update writes of a row; `Some(None)` takes the attribute away.
pub struct Update {
    pub key: Item,
    pub name: Option<Option<AttributeValue>>,
    pub users: Option<Option<AttributeValue>>,
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

    /// Returns the users in their order; `None` where they are no set of ids.
    pub fn users(&self) -> Option<BTreeSet<UserId>> {
        Some(match self.row.audience().ok()? {
            Audience::Everyone => BTreeSet::new(),
            Audience::Only(users) => users.into_iter().collect(),
        })
    }
}

impl From<Item> for Stored {
    fn from(mut item: Item) -> Self {
        let portal = portal(&item);
        let mut text = |name| match item.remove(name) {
            None => Attribute::Missing,
            Some(AttributeValue::S(text)) => Attribute::Value(text),
            Some(_) => Attribute::WrongType,
        };
        let row = NumberRow {
            number: text("number"),
            friendly_name: text("friendlyName"),
            user_ids: match item.remove("userIds") {
                None => Attribute::Missing,
                Some(AttributeValue::Ns(ids)) => Attribute::Value(ids),
                Some(_) => Attribute::WrongType,
            },
        };
        Self { portal, row }
    }
}

/// A row as JSON has it, with the names that import looks for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JsonRow<'a> {
    pub portal_id: Value,
    pub number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<&'a str>,
    /// None where the row shows the number to everyone.
    pub user_ids: Vec<UserId>,
    /// The reason the webhook omits the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl<'a> From<&'a Stored> for JsonRow<'a> {
    fn from(stored: &'a Stored) -> Self {
        let (number, extension) = phone_number::split_key(stored.key());
        Self {
            portal_id: portal_id(&stored.portal),
            number,
            extension,
            friendly_name: stored.name(),
            user_ids: stored.users().into_iter().flatten().collect(),
            problem: stored.row.parse().err().map(|error| error.to_string()),
        }
    }
}

/// Writes a portal's id as JSON: a number, unless the table has one that `HubSpot` never gives.
fn portal_id(stored: &str) -> Value {
    let id: Result<PortalId, _> = stored.parse();
    id.map_or_else(|_| stored.into(), |id| id.get().into())
}

/// Writes users as a file has them.
pub fn joined(users: &[UserId]) -> String {
    let ids: Vec<_> = users.iter().map(ToString::to_string).collect();
    ids.join(" ")
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

impl Update {
    pub fn new(key: &Key, row: &Planned) -> Self {
        Self {
            key: item_key(key),
            name: row.name.as_deref().map(name_attribute),
            users: row.users.as_ref().map(users_attribute),
        }
    }
}

/// Puts a new row whole, or deletes one.
pub fn write_request(key: &Key, row: &Planned) -> Option<WriteRequest> {
    let mut item = item_key(key);
    let request = WriteRequest::builder();
    if row.change == Change::Delete {
        let delete = DeleteRequest::builder().set_key(Some(item)).build().ok()?;
        return Some(request.delete_request(delete).build());
    }
    let name = row.name.as_deref().and_then(name_attribute);
    let users = row.users.as_ref().and_then(users_attribute);
    item.extend(name.map(|name| ("friendlyName".into(), name)));
    item.extend(users.map(|users| ("userIds".into(), users)));
    item.insert("updatedAt".into(), now());
    let put = PutRequest::builder().set_item(Some(item)).build().ok()?;
    Some(request.put_request(put).build())
}

fn item_key((portal, number): &Key) -> Item {
    HashMap::from([
        ("portalId".into(), AttributeValue::N(portal.to_string())),
        ("number".into(), AttributeValue::S(number.clone())),
    ])
}

fn name_attribute(name: &str) -> Option<AttributeValue> {
    (!name.is_empty()).then(|| AttributeValue::S(name.to_owned()))
}

fn users_attribute(users: &BTreeSet<UserId>) -> Option<AttributeValue> {
    let ids = || users.iter().map(ToString::to_string).collect();
    (!users.is_empty()).then(|| AttributeValue::Ns(ids()))
}

/// Returns the present time as `updatedAt` has it.
pub fn now() -> AttributeValue {
    let now = Timestamp::now();
    AttributeValue::S(now.round(Unit::Second).unwrap_or(now).to_string())
}
