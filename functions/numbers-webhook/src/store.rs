//! A portal's numbers in good time: read from DynamoDB, or else as they were last read.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use channel_connection::{ids::PortalId, portal_numbers::PortalNumbers};
use tokio::time::{Instant, timeout_at};

use crate::{
    last_good::LastGood,
    numbers_table::{NumbersTable, ReadError},
};

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
    pub(crate) fn new(table: NumbersTable, longest_age: Duration) -> Self {
        Self {
            table,
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
