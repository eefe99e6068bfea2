//! The numbers table in DynamoDB.
//!
//! Partition key `portalId` (N), sort key `number` (S): see `channel_connection::number_row` for the
//! rest.

use std::sync::Arc;

use channel_connection::{
    aws_environment::AwsEnvironment,
    ids::PortalId,
    number_row::{Attribute, NumberRow},
    portal_numbers::PortalNumbers,
};
use serde::Deserialize;
use serde_json::json;
use tokio_rustls::rustls::ClientConfig;

use crate::{
    aws_service::{AwsService, CallError, ServiceName},
    connection::InvalidEndpoint,
};

const DYNAMODB: ServiceName = ServiceName {
    signed: "dynamodb",
    target: "DynamoDB_20120810",
    content_type: "application/x-amz-json-1.0",
};

/// Reads numbers from one table.
#[derive(Debug)]
pub(crate) struct NumbersTable {
    dynamodb: AwsService,
    name: String,
}

/// The reason a portal's numbers could not be read: DynamoDB's code, or what kept it from answering.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the numbers table: {0}")]
pub struct ReadError(#[from] CallError);

/// What DynamoDB's Query answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    items: Vec<Item>,
    last_evaluated_key: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    number: Option<Value>,
    friendly_name: Option<Value>,
    user_ids: Option<Value>,
}

/// A value of the types that a row should have; of any other, both are missing.
#[derive(Deserialize)]
struct Value {
    #[serde(rename = "S")]
    text: Option<String>,
    #[serde(rename = "NS")]
    numbers: Option<Vec<String>>,
}

impl NumbersTable {
    /// Names the table to read; nothing is sent yet.
    pub(crate) fn new(
        name: String,
        aws: &AwsEnvironment,
        tls: &Arc<ClientConfig>,
    ) -> Result<Self, InvalidEndpoint> {
        let dynamodb = AwsService::new(DYNAMODB, &aws.dynamodb, aws, tls)?;
        Ok(Self { dynamodb, name })
    }

    /// Connects, so that the first read need not.
    pub(crate) async fn connect(&self) {
        self.dynamodb.connect().await;
    }

    /// Reads everything of a portal in the order of the sort key, page after page.
    pub(crate) async fn portal(&self, portal: PortalId) -> Result<PortalNumbers, ReadError> {
        let mut query = json!({
            "TableName": self.name,
            "KeyConditionExpression": "portalId = :portal",
            "ExpressionAttributeValues": {":portal": {"N": portal.to_string()}},
            // "number" is one of DynamoDB's reserved words.
            "ProjectionExpression": "#number, friendlyName, userIds",
            "ExpressionAttributeNames": {"#number": "number"},
        });
        let mut numbers = PortalNumbers::default();
        loop {
            let page = self
                .dynamodb
                .call("Query", query.to_string().into())
                .await?;
            let page: Page = serde_json::from_slice(&page).map_err(|_| CallError::Unusable)?;
            for item in page.items {
                numbers.add(item.into());
            }
            let Some(next) = page.last_evaluated_key else {
                return Ok(numbers);
            };
            query["ExclusiveStartKey"] = next;
        }
    }
}

impl ReadError {
    /// Stands for an answer that was not waited for to its end.
    pub(crate) fn too_slow() -> Self {
        Self(CallError::TooSlow)
    }
}

impl From<Item> for NumberRow {
    fn from(item: Item) -> Self {
        Self {
            number: attribute(item.number, |value| value.text),
            friendly_name: attribute(item.friendly_name, |value| value.text),
            user_ids: attribute(item.user_ids, |value| value.numbers),
        }
    }
}

fn attribute<T>(value: Option<Value>, of_type: impl FnOnce(Value) -> Option<T>) -> Attribute<T> {
    match value.map(of_type) {
        None => Attribute::Missing,
        Some(None) => Attribute::WrongType,
        Some(Some(value)) => Attribute::Value(value),
    }
}
