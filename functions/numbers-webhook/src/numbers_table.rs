//! The numbers table in DynamoDB: partition key `portalId` (N), sort key `number` (S).

use aws_sdk_dynamodb::{
    Client, config, error::SdkError, operation::query::QueryError, types::AttributeValue,
};
use channel_connection::{
    aws_error::AwsError, aws_http::AwsHttpClient, ids::PortalId, portal_numbers::PortalNumbers,
};

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

    /// Connects for the first read, which asks again where this fails.
    pub(crate) async fn connect(&self, http: &AwsHttpClient) {
        let connect_only = config::Builder::new().http_client(http.connect_only());
        let query = self.query(PortalId::MAX).customize();
        let _ = query.config_override(connect_only).send().await;
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

    fn query(
        &self,
        portal: PortalId,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
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
