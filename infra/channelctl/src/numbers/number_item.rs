//! A row as an item of the table.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use channel_connection::ids::UserId;

use crate::numbers::{planned::Planned, stored::Item};

/// Puts a new row whole.
pub fn put(row: &Planned, now: &str) -> Option<WriteRequest> {
    let mut item = key(row);
    item.insert("updatedAt".into(), AttributeValue::S(now.to_owned()));
    if let Some(name) = row.name.as_ref().filter(|name| !name.is_empty()) {
        item.insert("friendlyName".into(), AttributeValue::S(name.clone()));
    }
    if let Some(users) = row.users.as_ref().filter(|users| !users.is_empty()) {
        item.insert("userIds".into(), user_set(users));
    }
    let put = PutRequest::builder().set_item(Some(item)).build().ok()?;
    Some(WriteRequest::builder().put_request(put).build())
}

/// Deletes a row.
pub fn delete(row: &Planned) -> Option<WriteRequest> {
    let delete = DeleteRequest::builder()
        .set_key(Some(key(row)))
        .build()
        .ok()?;
    Some(WriteRequest::builder().delete_request(delete).build())
}

/// Returns the keys of a row.
pub fn key(row: &Planned) -> Item {
    HashMap::from([
        ("portalId".into(), AttributeValue::N(row.portal.to_string())),
        ("number".into(), AttributeValue::S(row.key.clone())),
    ])
}

/// Writes users as the table has them.
pub fn user_set(users: &BTreeSet<UserId>) -> AttributeValue {
    AttributeValue::Ns(users.iter().map(ToString::to_string).collect())
}
