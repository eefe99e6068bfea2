//! The pauses between the tries of one call of HubSpot.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use crate::{
    api_error::{Again, ApiError},
    time_budget::TimeBudget,
};

const MAX_BACKOFF: Duration = Duration::from_secs(5);

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
                .with_max_delay(MAX_BACKOFF)
                .with_max_times(budget.retries)
                .with_jitter()
                .build(),
            call: budget.call,
            until,
        }
    }

    /// Calls until it works, or another try is worth nothing; the error is the last try's.
    pub(crate) async fn retry<T>(
        mut self,
        call: impl AsyncFn() -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        loop {
            match call().await {
                Err(error) if self.before_another(&error).await => {}
                outcome => return outcome,
            }
        }
    }

    /// Waits before another try; false where none is worth it, or none would end in time.
    pub(crate) async fn before_another(&mut self, error: &ApiError) -> bool {
        let pause = match (error.again(), self.backoff.next()) {
            (Again::Never, _) | (_, None) => return false,
            (Again::Soon, Some(pause)) => pause,
            (Again::After(named), Some(_)) => named,
        };
        let resumed = Instant::now().checked_add(pause.saturating_add(self.call));
        let in_time = resumed.is_some_and(|resumed| resumed <= self.until);
        if in_time {
            tracing::info!(%error, ?pause, "trying again");
            tokio::time::sleep(pause).await;
        }
        in_time
    }
}

#[cfg(test)]
mod tests {
    use reqwest::{StatusCode, header::HeaderMap};

    use super::*;
    use crate::api_error::Refusal;

    #[tokio::test]
    async fn a_pause_that_would_never_end_is_not_waited_for() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", u64::MAX.into());
        let error = ApiError::Refused {
            action: "read the settings",
            refusal: Refusal::new(StatusCode::TOO_MANY_REQUESTS, &headers, b"", str::to_owned),
        };
        let in_time = Instant::now() + Duration::from_secs(60);
        let mut pauses = Pauses::new(&TimeBudget::DEPLOYED, in_time);
        assert!(!pauses.before_another(&error).await);
    }
}
