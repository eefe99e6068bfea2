//! The numbers table as the operator works on it: whole portals read, many rows written.

use std::{fmt, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, WriteRequest},
};
use backon::{BackoffBuilder, ExponentialBuilder};
use channel_connection::ids::PortalId;
use serde::Serialize;
use tokio::time::sleep;

use crate::{
    aws_error::AwsError,
    numbers::{
        error::NumbersError,
        item::{Item, Stored, Update, now, portal},
    },
    stack::{Stack, StackError},
    terminal::counted,
};

/// The most rows that DynamoDB takes in one request.
pub const MAX_BATCH: usize = 25;
/// The most that is counted: beyond it, counting would cost more than the figure is worth.
const PAGES_COUNTED: usize = 20;
const READ: &str = "read the numbers";

/// One numbers table.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

/// How many numbers and portals there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Census {
    /// The numbers.
    pub numbers: u64,
    /// The portals.
    pub portals: u64,
    /// Whether there are more, which were not counted.
    pub at_least: bool,
}

impl Table {
    /// Takes the table of a stack.
    pub fn of(stack: &Stack) -> Result<Self, StackError> {
        Ok(Self::named(
            &stack.target.aws,
            stack.output("NumbersTable")?,
        ))
    }

    /// Takes a table by its name.
    pub fn named(aws: &SdkConfig, name: &str) -> Self {
        Self {
            client: Client::new(aws),
            name: name.to_owned(),
        }
    }

    /// Reads every row of a portal in the order of their keys, or of all, portal by portal.
    pub async fn rows(&self, portal: Option<PortalId>) -> Result<Vec<Stored>, NumbersError> {
        let items: Result<Vec<Item>, _> = if let Some(portal) = portal {
            let query = self.client.query().table_name(&self.name);
            let query = query
                .consistent_read(true)
                .key_condition_expression("portalId = :portal")
                .expression_attribute_values(":portal", AttributeValue::N(portal.to_string()));
            let items: Result<_, _> = query.into_paginator().items().send().collect().await;
            items.map_err(|error| self.failed(READ, &error))
        } else {
            let scan = self.client.scan().table_name(&self.name);
            let pages = scan.consistent_read(true).into_paginator();
            let items: Result<_, _> = pages.items().send().collect().await;
            items.map_err(|error| self.failed(READ, &error))
        };
        Ok(items?.into_iter().map(Stored::from).collect())
    }

    /// Reads every row of all portals if they fit into one page, as before the first import.
    pub async fn rows_if_few(&self) -> Result<Option<Vec<Stored>>, NumbersError> {
        let scan = self.client.scan().table_name(&self.name);
        let page = scan.consistent_read(true).send().await;
        let page = page.map_err(|error| self.failed(READ, &error))?;
        if page.last_evaluated_key.is_some() {
            return Ok(None);
        }
        let items = page.items.unwrap_or_default();
        Ok(Some(items.into_iter().map(Stored::from).collect()))
    }

    /// Counts numbers and portals, as far as it costs little.
    pub async fn census(&self) -> Result<Census, NumbersError> {
        let scan = self.client.scan().table_name(&self.name);
        let mut pages = scan
            .projection_expression("portalId")
            .into_paginator()
            .send();
        let (mut census, mut last_portal) = (Census::default(), String::new());
        for _ in 0..PAGES_COUNTED {
            let Some(page) = pages.next().await else {
                return Ok(census);
            };
            let page = page.map_err(|error| self.failed("count the numbers", &error))?;
            // A scan reads one portal's rows after the other.
            for item in page.items.unwrap_or_default() {
                let portal = portal(&item);
                census.numbers += 1;
                if portal != last_portal {
                    census.portals += 1;
                    last_portal = portal;
                }
            }
        }
        census.at_least = pages.next().await.is_some();
        Ok(census)
    }

    /// Writes or deletes up to [`MAX_BATCH`] rows whole, and retries those that DynamoDB throttles.
    pub async fn write(&self, requests: Vec<WriteRequest>) -> Result<(), NumbersError> {
        let mut left = requests;
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(20)
            .with_jitter()
            .build();
        loop {
            let batch = self
                .client
                .batch_write_item()
                .request_items(&self.name, left);
            let output = batch
                .send()
                .await
                .map_err(|error| self.failed("write the numbers", &error))?;
            left = output
                .unprocessed_items
                .and_then(|mut tables| tables.remove(&self.name))
                .unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            match pauses.next() {
                Some(pause) => sleep(pause).await,
                None => return Err(AwsError::Throttled("write the numbers").into()),
            }
        }
    }

    /// Changes a row's name and users, and leaves its other attributes.
    pub async fn update(&self, row: &Update) -> Result<(), NumbersError> {
        let mut set = vec!["updatedAt = :now"];
        let mut remove = Vec::new();
        let mut request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(row.key.clone()))
            .expression_attribute_values(":now", now());
        match &row.name {
            None => {}
            Some(None) => remove.push("friendlyName"),
            Some(Some(name)) => {
                set.push("friendlyName = :name");
                request = request.expression_attribute_values(":name", name.clone());
            }
        }
        match &row.users {
            None => {}
            Some(None) => remove.push("userIds"),
            Some(Some(users)) => {
                set.push("userIds = :users");
                request = request.expression_attribute_values(":users", users.clone());
            }
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        let updated = request.update_expression(expression).send().await;
        updated.map_err(|error| self.failed("change a number", &error))?;
        Ok(())
    }

    fn failed<E: ProvideErrorMetadata, R>(
        &self,
        what: &'static str,
        error: &SdkError<E, R>,
    ) -> NumbersError {
        NumbersError::of_table(&self.name, what, error)
    }
}

impl fmt::Display for Census {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.at_least { "at least " } else { "" };
        let numbers = counted(self.numbers, "number");
        let portals = counted(self.portals, "portal");
        write!(formatter, "{more}{numbers} in {more}{portals}")
    }
}
