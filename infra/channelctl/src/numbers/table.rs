//! The numbers table as the operator works on it: whole portals read, many rows written.

use std::{collections::HashSet, fmt, iter, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use channel_connection::ids::PortalId;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use crate::{
    aws::{self, AwsError},
    numbers::{
        item::{Item, Stored, attributes, primary_key, write_request},
        plan::{Change, Planned},
    },
    outcome::Failure,
    stack::Stack,
    terminal::counted,
};

/// The most rows that DynamoDB takes in one request.
pub const MAX_BATCH: usize = 25;
/// The most numbers that are counted: beyond it, counting would cost more than the figure is worth.
const MAX_COUNTED: u64 = 100_000;
const ACCOUNT_TIMEOUT: Duration = Duration::from_secs(5);
const READ: &str = "read the numbers";
const WRITE: &str = "write the numbers";

/// One numbers table.
#[derive(Debug, Clone)]
pub struct Table {
    aws: SdkConfig,
    client: Client,
    name: String,
    /// The name, with the stack's unless the table was named itself.
    title: String,
}

/// How many numbers and portals there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NumberCount {
    pub numbers: u64,
    pub portals: u64,
    /// Whether there are more, which were not counted.
    pub at_least: bool,
}

impl Table {
    /// Takes the table of a stack.
    pub fn of(stack: &Stack) -> Result<Self, Failure> {
        let name = stack.output("NumbersTable")?;
        Ok(Self {
            title: format!("{name} of the stack {}", stack.target.stack),
            ..Self::named(&stack.target.aws, name)
        })
    }

    /// Takes a table by its name.
    pub fn named(aws: &SdkConfig, name: &str) -> Self {
        Self {
            aws: aws.clone(),
            client: Client::new(aws),
            name: name.to_owned(),
            title: name.to_owned(),
        }
    }

    /// Names the table, its stack, account and region.
    pub async fn place(&self) -> String {
        // Who may write a table need not be able to ask.
        let account = timeout(ACCOUNT_TIMEOUT, aws::account(&self.aws)).await;
        let account = account.ok().and_then(Result::ok);
        let account = account.unwrap_or_else(|| "unknown".into());
        let region = self.aws.region().map_or("no region", AsRef::as_ref);
        format!("the table {} in account {account}, {region}", self.title)
    }

    /// Reads every row of a portal in the order of their keys, or of all, portal by portal.
    pub async fn rows(&self, portal: Option<PortalId>) -> Result<Vec<Stored>, Failure> {
        let items: Vec<Item> = if let Some(portal) = portal {
            let query = self.client.query().table_name(&self.name);
            let query = query
                .consistent_read(true)
                .key_condition_expression("portalId = :portal")
                .expression_attribute_values(":portal", AttributeValue::N(portal.to_string()));
            let items = query.into_paginator().items().send();
            let items: Result<_, _> = items.collect().await;
            items.map_err(|error| self.failed(READ, &error))?
        } else {
            let scan = self.client.scan().table_name(&self.name);
            let items = scan.consistent_read(true).into_paginator().items().send();
            let items: Result<_, _> = items.collect().await;
            items.map_err(|error| self.failed(READ, &error))?
        };
        Ok(items.into_iter().map(Stored::from).collect())
    }

    /// Counts numbers and portals, as far as it costs little.
    pub async fn count(&self) -> Result<NumberCount, Failure> {
        let scan = self.client.scan().table_name(&self.name);
        let scan = scan.projection_expression("portalId");
        let mut items = scan.into_paginator().items().send();
        let (mut numbers, mut portals) = (0, HashSet::new());
        while let Some(item) = items.next().await {
            let mut item = item.map_err(|error| self.failed("count the numbers", &error))?;
            numbers += 1;
            if let Some(AttributeValue::N(portal)) = item.remove("portalId") {
                portals.insert(portal);
            }
            if numbers == MAX_COUNTED {
                break;
            }
        }
        Ok(NumberCount {
            numbers,
            portals: portals.len() as u64,
            at_least: items.next().await.is_some(),
        })
    }

    /// Writes up to [`MAX_BATCH`] rows of one change, or one row to update; returns how many.
    pub async fn write(&self, rows: &[&Planned]) -> Result<u64, Failure> {
        match rows {
            [row] if row.change == Change::Update => self.update(row).await?,
            _ => self.write_batch(rows).await?,
        }
        Ok(rows.len() as u64)
    }

    /// Puts or deletes rows whole, and retries those that DynamoDB throttles.
    async fn write_batch(&self, rows: &[&Planned]) -> Result<(), Failure> {
        let mut left: Vec<_> = rows
            .iter()
            .map(|row| write_request(row))
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::failed(error.to_string()))?;
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(20)
            .with_jitter();
        for pause in iter::once(Duration::ZERO).chain(pauses.build()) {
            sleep(pause).await;
            let batch = self.client.batch_write_item();
            let sent = batch.request_items(&self.name, left).send().await;
            let output = sent.map_err(|error| self.failed(WRITE, &error))?;
            let mut unprocessed = output.unprocessed_items.unwrap_or_default();
            left = unprocessed.remove(&self.name).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(AwsError::Throttled(WRITE).into())
    }

    /// Changes what differs of a row's name and users, and leaves its other attributes.
    async fn update(&self, row: &Planned) -> Result<(), Failure> {
        let mut request = self.client.update_item().table_name(&self.name);
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for (name, value) in attributes(row) {
            if let Some(value) = value {
                set.push(format!("{name} = :{name}"));
                request = request.expression_attribute_values(format!(":{name}"), value);
            } else {
                remove.push(name);
            }
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        // A row that somebody deleted meanwhile would come back without its users: as everybody's.
        let updated = request
            .set_key(Some(primary_key(&row.number)))
            .update_expression(expression)
            .condition_expression("attribute_exists(portalId)")
            .send()
            .await;
        updated.map_err(|error| match error.code() {
            Some("ConditionalCheckFailedException") => Failure::failed(
                "A number that was to be updated is no longer in the table. Run the command again.",
            ),
            _ => self.failed("change a number", &error),
        })?;
        Ok(())
    }

    fn failed<E: ProvideErrorMetadata, R>(
        &self,
        what: &'static str,
        error: &SdkError<E, R>,
    ) -> Failure {
        match error.code() {
            Some("ResourceNotFoundException") => Failure::failed(format!(
                "There is no table {} in this account and region. Check --table, --profile and --region.",
                self.name
            )),
            _ => AwsError::new(what, error).into(),
        }
    }
}

impl fmt::Display for NumberCount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.at_least { "at least " } else { "" };
        let numbers = counted(self.numbers, "number");
        let portals = counted(self.portals, "portal");
        write!(formatter, "{more}{numbers} in {more}{portals}")
    }
}
