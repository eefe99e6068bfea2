//! The numbers table in DynamoDB.
//!
//! Partition key `portalId` (N), sort key `number` (S): see [`crate::number_row`] for the rest.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::query::QueryError,
    types::AttributeValue,
};

use crate::{
    ids::PortalId,
    number_row::{Attribute, NumberRow},
    portal_numbers::PortalNumbers,
};

/// Reads numbers from one table.
#[derive(Debug, Clone)]
pub struct NumbersTable {
    client: Client,
    name: String,
}

/// The reason a portal's numbers could not be read: DynamoDB's code, or what kept it from answering.
///
/// The SDK's own error is not kept: printed in full it shows the response, and so the numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the numbers table: {0}")]
pub struct ReadError(String);

impl NumbersTable {
    /// Names the table to read; nothing is sent yet.
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Reads everything of a portal in the order of the sort key, page after page.
    pub async fn portal(&self, portal: PortalId) -> Result<PortalNumbers, ReadError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("portalId = :portal")
            .expression_attribute_values(":portal", AttributeValue::N(portal.to_string()))
            // "number" is one of DynamoDB's reserved words.
            .projection_expression("#number, friendlyName, userIds")
            .expression_attribute_names("#number", "number")
            .into_paginator()
            .items()
            .send();
        let mut numbers = PortalNumbers::default();
        while let Some(item) = pages.next().await {
            numbers.add(row(item.map_err(ReadError::from)?));
        }
        Ok(numbers)
    }
}

impl ReadError {
    /// Stands for an answer that was not waited for to its end.
    pub fn too_slow() -> Self {
        Self("no answer in time".into())
    }
}

impl From<SdkError<QueryError>> for ReadError {
    fn from(error: SdkError<QueryError>) -> Self {
        Self(match &error {
            SdkError::TimeoutError(_) => return Self::too_slow(),
            SdkError::DispatchFailure(_) => "no connection".into(),
            _ => error.code().unwrap_or("no usable answer").into(),
        })
    }
}

/// Takes a row out of an item; what it holds is not checked yet.
#[expect(clippy::implicit_hasher, reason = "it is the SDK's own type")]
pub fn row(mut item: HashMap<String, AttributeValue>) -> NumberRow {
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
