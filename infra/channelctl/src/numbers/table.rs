//! The numbers table as the operator works on it: whole portals read, many rows written.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, WriteRequest},
};
use backon::{BackoffBuilder, ExponentialBuilder};
use channel_connection::ids::PortalId;
use jiff::{Timestamp, Unit};
use tokio::time::sleep;

use crate::{
    aws_error::AwsError,
    numbers::{
        census::Census,
        number_item::{key, user_set},
        planned::Planned,
        stored::{Item, Page, Stored, portal},
    },
    stack::{Stack, StackError},
};

/// The most rows that DynamoDB takes in one request.
pub const MAX_BATCH: usize = 25;
/// The most that is counted: beyond it, counting would cost more than the figure is worth.
const PAGES_COUNTED: usize = 20;

/// One numbers table.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
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

    /// Reads a page of a portal's rows in the order of their keys, and where the next one begins.
    pub async fn portal_page(
        &self,
        portal: PortalId,
        start: Option<Item>,
    ) -> Result<Page, AwsError> {
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("portalId = :portal")
            .expression_attribute_values(":portal", AttributeValue::N(portal.to_string()))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| AwsError::new("read the numbers", &error))?;
        Ok(Page::new(answer.items, answer.last_evaluated_key))
    }

    /// Reads a page of all rows, portal by portal, and where the next one begins.
    pub async fn page(&self, start: Option<Item>) -> Result<Page, AwsError> {
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| AwsError::new("read the numbers", &error))?;
        Ok(Page::new(answer.items, answer.last_evaluated_key))
    }

    /// Hands over every row of a portal, or of all portals one after the other, page by page.
    pub async fn each<E: From<AwsError>>(
        &self,
        portal: Option<PortalId>,
        mut take: impl FnMut(&Stored) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = None;
        loop {
            let page = match portal {
                Some(portal) => self.portal_page(portal, start).await?,
                None => self.page(start).await?,
            };
            page.rows.iter().try_for_each(&mut take)?;
            start = page.next;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// Counts numbers and portals, as far as it costs little.
    pub async fn census(&self) -> Result<Census, AwsError> {
        let mut census = Census::default();
        let (mut last_portal, mut start) = (String::new(), None);
        for _ in 0..PAGES_COUNTED {
            let answer = self
                .client
                .scan()
                .table_name(&self.name)
                .projection_expression("portalId")
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| AwsError::new("count the numbers", &error))?;
            // A scan reads one portal's rows after the other.
            for item in answer.items.unwrap_or_default() {
                let portal = portal(&item);
                census.numbers += 1;
                if portal != last_portal {
                    census.portals += 1;
                    last_portal = portal;
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(census);
            }
        }
        census.at_least = true;
        Ok(census)
    }

    /// Writes or deletes up to [`MAX_BATCH`] rows whole, again and again where DynamoDB throttles.
    pub async fn write(&self, requests: Vec<WriteRequest>) -> Result<(), AwsError> {
        let mut left = requests;
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(20)
            .with_jitter()
            .build();
        loop {
            let answer = self
                .client
                .batch_write_item()
                .request_items(&self.name, left)
                .send()
                .await
                .map_err(|error| AwsError::new("write the numbers", &error))?;
            left = answer
                .unprocessed_items
                .and_then(|mut tables| tables.remove(&self.name))
                .unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            match pauses.next() {
                Some(pause) => sleep(pause).await,
                None => return Err(AwsError::Throttled("write the numbers")),
            }
        }
    }

    /// Changes a row's name and users, and leaves whatever else it holds.
    pub async fn change(&self, row: &Planned, now: &str) -> Result<(), AwsError> {
        let mut set = vec!["updatedAt = :now"];
        let mut remove = Vec::new();
        let mut request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(row)))
            .expression_attribute_values(":now", AttributeValue::S(now.to_owned()));
        match row.name.as_deref() {
            None => {}
            Some("") => remove.push("friendlyName"),
            Some(name) => {
                set.push("friendlyName = :name");
                let name = AttributeValue::S(name.to_owned());
                request = request.expression_attribute_values(":name", name);
            }
        }
        match &row.users {
            None => {}
            Some(users) if users.is_empty() => remove.push("userIds"),
            Some(users) => {
                set.push("userIds = :users");
                request = request.expression_attribute_values(":users", user_set(users));
            }
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        let changed = request.update_expression(expression).send().await;
        changed
            .map(drop)
            .map_err(|error| AwsError::new("change a number", &error))
    }
}

/// Returns the present time as `updatedAt` has it.
pub fn now() -> String {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now).to_string()
}
