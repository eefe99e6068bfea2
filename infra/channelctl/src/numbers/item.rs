//! A row of the numbers table: from DynamoDB's item to what JSON prints of it, and back.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest},
};
use channel_connection::{
    ids::UserId,
    number_row::{Audience, NumberRow},
    phone_number::{EXTENSION_SEPARATOR, split_key},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Number;

use crate::numbers::plan::{Change, Planned};

pub type Item = HashMap<String, AttributeValue>;

/// A row as the table has it, unchecked.
pub struct Stored {
    /// The portal's id, as digits.
    pub portal: String,
    pub row: NumberRow,
}

/// A number of a portal, with the names that JSON has and that import looks for.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PortalNumber {
    pub portal_id: Number,
    pub number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
    /// The only users who see the number, none if all do; `None` where the table has no set of ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<Vec<std::num::NonZeroU64>>"))]
    pub user_ids: Option<BTreeSet<UserId>>,
}

impl Stored {
    /// Returns the sort key, empty where it is none.
    pub fn key(&self) -> &str {
        self.row.number.as_deref().unwrap_or_default()
    }

    /// Returns the name as it is stored.
    pub fn name(&self) -> Option<&str> {
        self.row.friendly_name.as_deref()
    }

    /// Returns the row's number, whose users are `None` where they are no set of ids.
    pub fn number(&self) -> PortalNumber {
        let (number, extension) = split_key(self.key());
        let name = self.name().filter(|name| !name.is_empty());
        let audience = self.row.audience.clone().ok();
        PortalNumber {
            // A key of type N is a number in JSON too.
            portal_id: self.portal.parse().unwrap_or_else(|_| 0.into()),
            number: number.to_owned(),
            extension: extension.map(str::to_owned),
            friendly_name: name.map(str::to_owned),
            user_ids: audience.map(|audience| match audience {
                Audience::Everyone => BTreeSet::new(),
                Audience::Only(users) => users.into_iter().collect(),
            }),
        }
    }
}

impl PortalNumber {
    /// Returns the sort key.
    pub fn key(&self) -> String {
        match &self.extension {
            Some(extension) => format!("{}{EXTENSION_SEPARATOR}{extension}", self.number),
            None => self.number.clone(),
        }
    }
}

impl From<Item> for Stored {
    fn from(mut item: Item) -> Self {
        let portal = match item.remove("portalId") {
            Some(AttributeValue::N(id)) => id,
            _ => String::new(),
        };
        Self {
            portal,
            row: item.into(),
        }
    }
}

/// Writes users as a file has them.
pub fn joined(users: &BTreeSet<UserId>) -> String {
    let ids: Vec<_> = users.iter().map(ToString::to_string).collect();
    ids.join(" ")
}

/// Puts a new row whole, or deletes one.
pub fn write_request(row: &Planned) -> Result<WriteRequest, BuildError> {
    let mut item = primary_key(&row.number);
    let request = WriteRequest::builder();
    if row.change == Change::Delete {
        let delete = DeleteRequest::builder().set_key(Some(item)).build()?;
        return Ok(request.delete_request(delete).build());
    }
    let attributes = attributes(row).into_iter();
    item.extend(attributes.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let put = PutRequest::builder().set_item(Some(item)).build()?;
    Ok(request.put_request(put).build())
}

/// Returns the row's primary key.
pub fn primary_key(number: &PortalNumber) -> Item {
    HashMap::from([
        (
            "portalId".into(),
            AttributeValue::N(number.portal_id.to_string()),
        ),
        ("number".into(), AttributeValue::S(number.key())),
    ])
}

/// Returns what a row is to have: `None` takes an attribute away, and one that is absent stays.
pub fn attributes(row: &Planned) -> Vec<(&'static str, Option<AttributeValue>)> {
    let now = format!("{:.0}", Timestamp::now());
    let mut attributes = vec![("updatedAt", Some(AttributeValue::S(now)))];
    let (number, previous) = (&row.number, row.previous.as_ref());
    if previous.is_none_or(|previous| previous.friendly_name != number.friendly_name) {
        let name = number.friendly_name.clone().map(AttributeValue::S);
        attributes.push(("friendlyName", name));
    }
    if previous.is_none_or(|previous| previous.user_ids != number.user_ids) {
        let ids = number.user_ids.iter().flatten();
        let ids: Vec<_> = ids.map(ToString::to_string).collect();
        let users = (!ids.is_empty()).then_some(AttributeValue::Ns(ids));
        attributes.push(("userIds", users));
    }
    attributes
}
