//! The numbers table as the operator works on it: whole portals read, many rows written.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    time::Duration,
};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest},
};
use backon::{BackoffBuilder, ExponentialBuilder};
use channel_connection::{
    ids::{PortalId, UserId},
    number_row::{Audience, NumberRow},
    phone_number::{EXTENSION_SEPARATOR, split_key},
};
use jiff::{Timestamp, Unit};
use serde::Serialize;
use serde_json::Number;
use tokio::time::{sleep, timeout};

use crate::{
    aws::{self, AwsError},
    numbers::plan::{Change, Planned},
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

type Item = HashMap<String, AttributeValue>;

/// One numbers table.
#[derive(Debug, Clone)]
pub struct Table {
    aws: SdkConfig,
    client: Client,
    name: String,
    /// The stack that it is of, unless it was named itself.
    stack: Option<String>,
}

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

/// How many numbers and portals there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    pub fn of(stack: &Stack) -> Result<Self, Failure> {
        let table = Self::named(&stack.target.aws, stack.output("NumbersTable")?);
        Ok(Self {
            stack: Some(stack.target.stack.clone()),
            ..table
        })
    }

    /// Takes a table by its name.
    pub fn named(aws: &SdkConfig, name: &str) -> Self {
        Self {
            aws: aws.clone(),
            client: Client::new(aws),
            name: name.to_owned(),
            stack: None,
        }
    }

    /// Names the table, its stack, account and region.
    pub async fn place(&self) -> String {
        let Self { name, stack, .. } = self;
        let of_stack = stack.as_ref().map(|stack| format!(" of the stack {stack}"));
        let of_stack = of_stack.unwrap_or_default();
        // Who may write a table need not be able to ask.
        let account = timeout(ACCOUNT_TIMEOUT, aws::account(&self.aws)).await;
        let account = account.ok().and_then(Result::ok);
        let account = account.unwrap_or_else(|| "unknown".into());
        let region = self.aws.region().map_or("no region", AsRef::as_ref);
        format!("the table {name}{of_stack} in account {account}, {region}")
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
    pub async fn census(&self) -> Result<Census, Failure> {
        let scan = self.client.scan().table_name(&self.name);
        let scan = scan.projection_expression("portalId");
        let mut items = scan.into_paginator().items().send();
        let (mut census, mut last_portal) = (Census::default(), None);
        while let Some(item) = items.next().await {
            let mut item = item.map_err(|error| self.failed("count the numbers", &error))?;
            if census.numbers == MAX_COUNTED {
                census.at_least = true;
                break;
            }
            census.numbers += 1;
            // A scan reads one portal's rows after the other.
            let portal = item.remove("portalId");
            if portal != last_portal {
                census.portals += 1;
                last_portal = portal;
            }
        }
        Ok(census)
    }

    /// Writes up to [`MAX_BATCH`] rows of one change, or one row to update; returns how many.
    pub async fn write(&self, rows: &[&Planned]) -> Result<u64, Failure> {
        match rows {
            [row] if row.change == Change::Update => self.update(row).await?,
            _ => {
                let requests = rows.iter().filter_map(|row| write_request(row));
                self.write_batch(requests.collect()).await?;
            }
        }
        Ok(rows.len() as u64)
    }

    /// Puts or deletes rows whole, and retries those that DynamoDB throttles.
    async fn write_batch(&self, mut left: Vec<WriteRequest>) -> Result<(), Failure> {
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(20)
            .with_jitter()
            .build();
        loop {
            let batch = self.client.batch_write_item();
            let sent = batch.request_items(&self.name, left).send().await;
            let output = sent.map_err(|error| self.failed(WRITE, &error))?;
            let mut unprocessed = output.unprocessed_items.unwrap_or_default();
            left = unprocessed.remove(&self.name).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            match pauses.next() {
                Some(pause) => sleep(pause).await,
                None => return Err(AwsError::Throttled(WRITE).into()),
            }
        }
    }

    /// Changes what differs of a row's name and users, and leaves its other attributes.
    async fn update(&self, row: &Planned) -> Result<(), Failure> {
        let mut request = self.client.update_item().table_name(&self.name);
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for (name, value) in attributes(row) {
            match value {
                None => remove.push(name),
                Some(value) => {
                    set.push(format!("{name} = :{name}"));
                    request = request.expression_attribute_values(format!(":{name}"), value);
                }
            }
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        // A row that somebody deleted meanwhile would come back without its users: as everybody's.
        let updated = request
            .set_key(Some(item_key(&row.number)))
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
fn write_request(row: &Planned) -> Option<WriteRequest> {
    let mut item = item_key(&row.number);
    let request = WriteRequest::builder();
    if row.change == Change::Delete {
        let delete = DeleteRequest::builder().set_key(Some(item)).build().ok()?;
        return Some(request.delete_request(delete).build());
    }
    let attributes = attributes(row).into_iter();
    item.extend(attributes.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let put = PutRequest::builder().set_item(Some(item)).build().ok()?;
    Some(request.put_request(put).build())
}

fn item_key(number: &PortalNumber) -> Item {
    HashMap::from([
        (
            "portalId".into(),
            AttributeValue::N(number.portal_id.to_string()),
        ),
        ("number".into(), AttributeValue::S(number.key())),
    ])
}

/// Returns what a row is to have: `None` takes an attribute away, and one that is absent stays.
fn attributes(row: &Planned) -> Vec<(&'static str, Option<AttributeValue>)> {
    let now = Timestamp::now();
    let now = now.round(Unit::Second).unwrap_or(now).to_string();
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

impl fmt::Display for Census {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.at_least { "at least " } else { "" };
        let numbers = counted(self.numbers, "number");
        let portals = counted(self.portals, "portal");
        write!(formatter, "{more}{numbers} in {more}{portals}")
    }
}
