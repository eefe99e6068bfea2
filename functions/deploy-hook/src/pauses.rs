//! The pauses between the tries of one call of HubSpot.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use crate::{
    api_error::{Again, ApiError},
    time_budget::TimeBudget,
};

const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The pauses that are left for one call, with jitter.
#[derive(Debug)]
pub(crate) struct Pauses {
    backoff: ExponentialBackoff,
    call: Duration,
    until: Instant,
}

impl Pauses {
    /// Prepares the pauses of a call that shall be through by `until`.
    pub(crate) fn new(budget: &TimeBudget, until: Instant) -> Self {
        Self {
            backoff: ExponentialBuilder::default()
                .with_min_delay(budget.retry_pause)
                .with_max_delay(LONGEST_PAUSE)
                .with_max_times(budget.retries)
                .with_jitter()
                .build(),
            call: budget.call,
            until,
        }
    }

    /// Waits before another try; false where none is worth it, or none would end in time.
    pub(crate) async fn before_another(&mut self, error: &ApiError) -> bool {
        let pause = match (error.again(), self.backoff.next()) {
            (Again::Never, _) | (_, None) => return false,
            (Again::Soon, Some(pause)) => pause,
            (Again::After(named), Some(_)) => named,
        };
        let resumed = Instant::now().checked_add(pause + self.call);
        let in_time = resumed.is_some_and(|resumed| resumed <= self.until);
        if in_time {
            tracing::info!(%error, ?pause, "trying again");
            tokio::time::sleep(pause).await;
        }
        in_time
    }
}
