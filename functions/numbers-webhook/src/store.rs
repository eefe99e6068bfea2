//! A portal's numbers in good time: read from DynamoDB, or else as they were last read.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{Client, config};
use channel_connection::{
    ids::PortalId,
    numbers_table::{NumbersTable, ReadError},
    portal_numbers::PortalNumbers,
};
use tokio::time::{Instant, timeout_at};

use crate::last_good::LastGood;

/// How long DynamoDB may take to answer one of our requests, a page of 1 MiB included; two such
/// attempts fit into the time of a request.
const ATTEMPT: Duration = Duration::from_millis(1_000);

/// The numbers table, and what was last read of it.
#[derive(Debug)]
pub(crate) struct Store {
    table: NumbersTable,
    last_good: LastGood,
}

/// A portal's numbers.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) numbers: Arc<PortalNumbers>,
    /// How old they are, where DynamoDB did not answer and they are remembered; and why it did not.
    pub(crate) stale: Option<(Duration, ReadError)>,
}

impl Store {
    pub(crate) fn new(table: String, longest_age: Duration, aws: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(ATTEMPT)
            .operation_attempt_timeout(ATTEMPT);
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(25))
            .with_max_backoff(Duration::from_millis(100));
        let config = config::Builder::from(aws)
            .timeout_config(timeouts.build())
            .retry_config(retries);
        Self {
            table: NumbersTable::new(Client::from_conf(config.build()), table),
            last_good: LastGood::new(longest_age),
        }
    }

    /// Returns a portal's numbers by `deadline`.
    pub(crate) async fn portal(
        &self,
        portal: PortalId,
        now: SystemTime,
        deadline: Instant,
    ) -> Result<Found, ReadError> {
        match timeout_at(deadline, self.table.portal(portal))
            .await
            .unwrap_or(Err(ReadError::too_slow()))
        {
            Ok(numbers) => {
                let numbers = Arc::new(numbers);
                self.last_good.remember(portal, &numbers, now);
                Ok(Found {
                    numbers,
                    stale: None,
                })
            }
            Err(error) => match self.last_good.recall(portal, now) {
                Some((numbers, age)) => Ok(Found {
                    numbers,
                    stale: Some((age, error)),
                }),
                None => Err(error),
            },
        }
    }
}
