//! The time of each step, and what is retried in it.

use std::{fmt::Display, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use reqwest::{StatusCode, header::HeaderMap};
use tokio::time::Instant;

/// The interval of the rate limit that a call with 429 exceeded.
const RATE_LIMIT_INTERVAL: &str = "x-hubspot-ratelimit-interval-milliseconds";

/// The time that each step has; tests wait less than a deploy.
#[derive(Debug, Clone, Copy)]
pub struct TimeBudget {
    /// One call of HubSpot, of the webhook or of AWS.
    pub call: Duration,
    /// What a hold waits for writes of events that read HubSpot before: two calls, and a margin for a
    /// write that takes effect after its caller gave up.
    pub settle: Duration,
    /// Retries of a secret whose read is denied: a new role's permissions take effect late.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html>
    pub secret: ExponentialBuilder,
    /// Retries of a HubSpot call.
    pub hubspot: ExponentialBuilder,
    /// Retries of a probe: a new API deployment, permission or DNS name takes a while to spread.
    pub probe: ExponentialBuilder,
    /// Retries of the response to CloudFormation.
    pub response: ExponentialBuilder,
    /// Kept back from the invocation's time to restore the previous settings.
    pub rollback_reserve: Duration,
    /// Kept back from the invocation's time to report the outcome.
    pub response_reserve: Duration,
    /// An operator's action, before its report: AWS's own tools give up after 60 s, and repeat it.
    pub action: Duration,
}

impl TimeBudget {
    /// The times of a function with a timeout of 90 s.
    pub const DEPLOYED: Self = Self {
        call: Duration::from_secs(3),
        settle: Duration::from_secs(7),
        secret: policy(
            usize::MAX,
            Duration::from_millis(500),
            Duration::from_secs(4),
        ),
        hubspot: policy(7, Duration::from_millis(250), Duration::from_secs(5)),
        probe: policy(39, Duration::from_secs(1), Duration::from_secs(1)),
        response: policy(2, Duration::from_millis(300), Duration::from_millis(300)),
        rollback_reserve: Duration::from_secs(15),
        response_reserve: Duration::from_secs(12),
        action: Duration::from_secs(35),
    };
}

/// Returns a policy of so many retries; pauses double from the first to the longest, with jitter.
pub const fn policy(max: usize, first: Duration, longest: Duration) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_max_times(max)
        .with_min_delay(first)
        .with_max_delay(longest)
        .with_jitter()
}

/// Whether and when a failed attempt is worth another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryHint {
    /// It would fail again.
    Never,
    /// After the policy's next pause.
    Backoff,
    /// At a time that the server named (`Retry-After`).
    At(Instant),
}

/// The retries that are left.
#[derive(Debug)]
pub(crate) struct Retries {
    backoff: ExponentialBackoff,
    attempt: Duration,
    until: Instant,
}

impl Retries {
    /// Starts the retries of attempts that take up to `attempt` each and must end by `until`.
    pub(crate) fn new(policy: ExponentialBuilder, attempt: Duration, until: Instant) -> Self {
        Self {
            backoff: policy.build(),
            attempt,
            until,
        }
    }

    /// Attempts until it works or another attempt is not worth it; the error is the last one's.
    pub(crate) async fn run<T, E: Display>(
        mut self,
        hint: impl Fn(&E) -> RetryHint,
        mut attempt: impl AsyncFnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        loop {
            match attempt().await {
                Err(error) if self.pause(hint(&error), &error).await => {}
                result => return result,
            }
        }
    }

    /// Waits before another attempt; returns false if none is worth it, or none would end in time.
    pub(crate) async fn pause(&mut self, hint: RetryHint, error: &impl Display) -> bool {
        let now = Instant::now();
        let resume = match (hint, self.backoff.next()) {
            (RetryHint::Never, _) | (_, None) => return false,
            (RetryHint::Backoff, Some(pause)) => now + pause,
            (RetryHint::At(time), Some(_)) => time,
        };
        if resume + self.attempt > self.until {
            return false;
        }
        tracing::info!(%error, pause = ?resume.saturating_duration_since(now), "retrying");
        tokio::time::sleep_until(resume).await;
        true
    }
}

/// Returns whether and when a refused call of HubSpot is worth another attempt.
///
/// HubSpot documents 423 (locked), 429 (rate limit) and 477 (account migrating) as temporary.
pub(crate) fn hubspot_hint(
    status: StatusCode,
    headers: &HeaderMap,
    policy: Option<&str>,
) -> RetryHint {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse().ok();
    let named = number("retry-after").map(Duration::from_secs);
    let at = |pause: Duration| {
        let time = Instant::now().checked_add(pause);
        time.map_or(RetryHint::Never, RetryHint::At)
    };
    match status.as_u16() {
        // Until tomorrow.
        429 if policy == Some("DAILY") => RetryHint::Never,
        429 => named
            .or_else(|| number(RATE_LIMIT_INTERVAL).map(Duration::from_millis))
            .map_or(RetryHint::Backoff, at),
        423 | 477 | 500.. => named.map_or(RetryHint::Backoff, at),
        _ => RetryHint::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_transient_errors_only() {
        let hint = |status| {
            hubspot_hint(
                StatusCode::from_u16(status).unwrap(),
                &HeaderMap::new(),
                None,
            )
        };
        for status in [423, 429, 477, 500, 502, 503, 504] {
            assert_eq!(hint(status), RetryHint::Backoff, "{status}");
        }
        for status in [301, 400, 401, 403, 404, 405, 409, 415, 422] {
            assert_eq!(hint(status), RetryHint::Never, "{status}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retries_when_hubspot_says() {
        let seconds = |seconds| RetryHint::At(Instant::now() + Duration::from_secs(seconds));
        let (after, interval) = ("retry-after", RATE_LIMIT_INTERVAL);
        let endless = "18446744073709551615";
        for (case, status, header, policy, hint) in [
            ("migration", 477, Some((after, "7")), None, seconds(7)),
            ("rate limit", 429, Some((after, "2")), None, seconds(2)),
            (
                "interval",
                429,
                Some((interval, "10000")),
                None,
                seconds(10),
            ),
            (
                "no number",
                503,
                Some((after, "soon")),
                None,
                RetryHint::Backoff,
            ),
            ("daily limit", 429, None, Some("DAILY"), RetryHint::Never),
            ("never", 429, Some((after, endless)), None, RetryHint::Never),
        ] {
            let header =
                header.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let (status, headers) = (
                StatusCode::from_u16(status).unwrap(),
                header.into_iter().collect(),
            );
            assert_eq!(hubspot_hint(status, &headers, policy), hint, "{case}");
        }
    }

    #[test]
    fn a_hold_and_a_response_fit_the_budget() {
        let budget = TimeBudget::DEPLOYED;
        let pauses: Vec<_> = budget.response.build().collect();
        let responses = u32::try_from(pauses.len()).unwrap() + 1;
        // Jitter makes a pause up to twice as long.
        let pauses = pauses.iter().sum::<Duration>() * 2;
        assert!(budget.call * responses + pauses < budget.response_reserve);
        assert!(budget.settle > budget.call * 2);
        assert!(budget.settle * 2 + budget.call * 3 < budget.action);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_as_the_server_says_and_never_too_long() {
        let budget = TimeBudget::DEPLOYED;
        let start = Instant::now();
        let seconds = |seconds| start + Duration::from_secs(seconds);
        let cases = [
            ("not worth it", RetryHint::Never, false, 0),
            ("named by the server", RetryHint::At(seconds(10)), true, 10),
            ("past already", RetryHint::At(seconds(3)), true, 10),
            (
                "too late for another call",
                RetryHint::At(seconds(58)),
                false,
                10,
            ),
        ];
        for (case, hint, is_retried, after) in cases {
            let mut retries = Retries::new(budget.hubspot, budget.call, seconds(60));
            assert_eq!(retries.pause(hint, &"failed").await, is_retried, "{case}");
            let waited = start.elapsed().as_secs();
            assert_eq!(waited, after, "{case}");
        }
    }
}
