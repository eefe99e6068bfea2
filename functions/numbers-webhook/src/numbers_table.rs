//! The numbers table in DynamoDB: partition key `portalId` (N), sort key `number` (S).

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::query::{QueryError, builders::QueryFluentBuilder},
    types::AttributeValue,
};
use channel_connection::{aws_error::AwsError, ids::PortalId, portal_numbers::PortalNumbers};

/// Reads numbers from one table.
#[derive(Debug)]
pub(crate) struct NumbersTable {
    client: Client,
    name: String,
}

impl NumbersTable {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Reads a portal's numbers in the order of the sort key, until no more fit into a response.
    pub(crate) async fn read(&self, portal: PortalId) -> Result<PortalNumbers, AwsError> {
        let mut numbers = PortalNumbers::default();
        let mut pages = self.query(portal).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error: SdkError<QueryError, _>| AwsError::from(&error))?;
            for item in page.items.unwrap_or_default() {
                numbers.add(item.into());
            }
            if numbers.exceed_response() {
                break;
            }
        }
        numbers.shrink_to_fit();
        Ok(numbers)
    }

    fn query(&self, portal: PortalId) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .key_condition_expression("portalId = :portal")
            .expression_attribute_values(":portal", AttributeValue::N(portal.to_string()))
            // "number" is one of DynamoDB's reserved words.
            .projection_expression("#number, friendlyName, userIds")
            .expression_attribute_names("#number", "number")
    }
}
