//! The function's configuration, and how long its steps may take.

use std::{fmt::Display, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use channel_connection::{
    environment::{
        EnvironmentError, Lookup, optional, or_default, required, required_with, url_policy,
    },
    ids::{AppId, PortalId},
    settings::ApiVersion,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use tokio::time::Instant;

/// The variables that `infra/template.yaml` sets, parsed.
#[derive(Debug, Clone)]
pub struct Config {
    /// The settings of this stack.
    pub target: Target,
    /// `HUBSPOT_API_URL`, like `https://api.hubapi.com/`.
    pub hubspot_api_url: WebhookUrl,
    /// `CLIENT_SECRET_ARN`: the secret that the probe signs with.
    pub client_secret_arn: String,
    /// `HUBSPOT_CREDENTIAL_ARN`: the secret with the API credential.
    pub credential_arn: String,
    /// The portal that the probe asks for.
    pub probe_portal: ProbePortal,
    /// `NUMBERS_WEBHOOK_VERSION`: the ARN of the alias of the webhook function's newest version.
    pub webhook_version: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_NAME`: a dimension of the metrics; Lambda sets it.
    pub function_name: String,
    /// `ALLOW_LOCAL_URLS`: only the local stack sets it to true.
    pub url_policy: UrlPolicy,
}

/// One app's settings, and the URL that they should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `APP_ID`: the vendor's app.
    pub app_id: AppId,
    /// `WEBHOOK_URL`: this stack's webhook.
    pub url: WebhookUrl,
    /// `HUBSPOT_API_VERSION`: the version of HubSpot's API.
    pub api_version: ApiVersion,
}

/// The portal that the probe asks for; by default one that no customer has.
#[derive(Debug, Clone, Copy)]
pub struct ProbePortal {
    /// `PROBE_PORTAL_ID`.
    pub id: PortalId,
    /// `PROBE_LEAST_NUMBERS`: the numbers that the portal must have.
    pub min_numbers: usize,
}

impl Default for ProbePortal {
    fn default() -> Self {
        Self {
            id: PortalId::MAX,
            min_numbers: 0,
        }
    }
}

impl Config {
    /// Reads the configuration; the error names the variable and what it must be.
    pub fn read(environment: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let url_policy = url_policy(environment)?;
        let url = |name| {
            required_with(environment, name, |text| {
                WebhookUrl::parse(text, url_policy)
            })
        };
        let default = ProbePortal::default();
        Ok(Self {
            target: Target {
                app_id: required(environment, "APP_ID")?,
                url: url("WEBHOOK_URL")?,
                api_version: required(environment, "HUBSPOT_API_VERSION")?,
            },
            hubspot_api_url: url("HUBSPOT_API_URL")?,
            client_secret_arn: required(environment, "CLIENT_SECRET_ARN")?,
            credential_arn: required(environment, "HUBSPOT_CREDENTIAL_ARN")?,
            probe_portal: ProbePortal {
                id: or_default(environment, "PROBE_PORTAL_ID", default.id)?,
                min_numbers: or_default(environment, "PROBE_LEAST_NUMBERS", default.min_numbers)?,
            },
            webhook_version: optional(environment, "NUMBERS_WEBHOOK_VERSION"),
            function_name: required(environment, "AWS_LAMBDA_FUNCTION_NAME")?,
            url_policy,
        })
    }
}

/// The time that each step has; tests wait less than a deploy.
#[derive(Debug, Clone, Copy)]
pub struct TimeBudget {
    /// One call of HubSpot, of the webhook or of AWS.
    pub call: Duration,
    /// What a hold waits for writes of events that read HubSpot before: two calls, and a margin for a
    /// write that takes effect after its caller gave up.
    pub settle: Duration,
    /// Retries of a HubSpot call.
    pub hubspot: RetryPolicy,
    /// Retries of a probe: a new API deployment, permission or DNS name takes a while to spread.
    pub probe: RetryPolicy,
    /// Retries of the response to CloudFormation.
    pub response: RetryPolicy,
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
        hubspot: RetryPolicy {
            max_retries: 7,
            min_delay: Duration::from_millis(250),
            max_delay: Duration::from_secs(5),
        },
        probe: RetryPolicy {
            max_retries: 39,
            min_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(1),
        },
        response: RetryPolicy {
            max_retries: 2,
            min_delay: Duration::from_millis(300),
            max_delay: Duration::from_millis(300),
        },
        rollback_reserve: Duration::from_secs(15),
        response_reserve: Duration::from_secs(12),
        action: Duration::from_secs(35),
    };
}

/// How often a failed attempt is retried; pauses double, with jitter.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Maximum retries.
    pub max_retries: usize,
    /// The first pause, before jitter.
    pub min_delay: Duration,
    /// The longest pause, before jitter.
    pub max_delay: Duration,
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

/// An error that knows whether another attempt may succeed.
pub(crate) trait Retryable: Display {
    fn retry_hint(&self) -> RetryHint;
}

/// The retries that are left.
#[derive(Debug)]
pub(crate) struct Retries {
    backoff: ExponentialBackoff,
    attempt: Duration,
    until: Instant,
}

impl RetryPolicy {
    /// Starts the retries of attempts that take up to `attempt` each and must end by `until`.
    pub(crate) fn start(self, attempt: Duration, until: Instant) -> Retries {
        Retries {
            backoff: ExponentialBuilder::default()
                .with_min_delay(self.min_delay)
                .with_max_delay(self.max_delay)
                .with_max_times(self.max_retries)
                .with_jitter()
                .build(),
            attempt,
            until,
        }
    }
}

impl Retries {
    /// Attempts until it works or another attempt is not worth it; the error is the last one's.
    pub(crate) async fn run<T, E: Retryable>(
        mut self,
        mut attempt: impl AsyncFnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        loop {
            match attempt().await {
                Err(error) if self.pause(&error).await => {}
                result => return result,
            }
        }
    }

    /// Waits before another attempt; returns false if none is worth it, or none would end in time.
    pub(crate) async fn pause(&mut self, error: &impl Retryable) -> bool {
        let now = Instant::now();
        let resume = match (error.retry_hint(), self.backoff.next()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the template's variables, with one of them changed.
    fn read(changed: &str, value: &str) -> Result<Config, String> {
        let variable = |name: &str| match name {
            _ if name == changed => Some(value),
            "APP_ID" => Some("1234567"),
            "WEBHOOK_URL" => Some("https://calls.example.com/numbers"),
            "HUBSPOT_API_URL" => Some("https://api.hubapi.com/"),
            "HUBSPOT_API_VERSION" => Some("2026-03"),
            "CLIENT_SECRET_ARN" | "HUBSPOT_CREDENTIAL_ARN" => Some("arn"),
            "AWS_LAMBDA_FUNCTION_NAME" => Some("hook"),
            _ => None,
        };
        Config::read(&|name| variable(name).map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn probes_a_portal_without_customers_by_default() {
        let default = read("", "").unwrap().probe_portal;
        assert_eq!((default.id, default.min_numbers), (PortalId::MAX, 0));
        let named = read("PROBE_PORTAL_ID", "62515").unwrap().probe_portal;
        assert_eq!(named.id, "62515".parse().unwrap());
    }

    #[test]
    fn names_an_invalid_variable() {
        for (name, value, reason) in [
            ("APP_ID", "", "is not set"),
            (
                "WEBHOOK_URL",
                "http://a.example/",
                "must start with https://",
            ),
            (
                "HUBSPOT_API_URL",
                "http://localhost:1/",
                "must start with https://",
            ),
            (
                "HUBSPOT_API_VERSION",
                "v4",
                "must be 2026-03, 2026-09 or v3",
            ),
            ("HUBSPOT_CREDENTIAL_ARN", "", "is not set"),
            (
                "PROBE_PORTAL_ID",
                "0",
                "must be a whole number from 1 to 9223372036854775807",
            ),
        ] {
            let error = read(name, value).unwrap_err();
            assert_eq!(error, format!("the environment variable {name} {reason}"));
        }
    }

    #[test]
    fn a_hold_and_a_response_fit_the_budget() {
        let budget = TimeBudget::DEPLOYED;
        let responses = u32::try_from(budget.response.max_retries).unwrap() + 1;
        // A jittered pause is up to twice as long.
        let pauses = budget.response.max_delay * 2 * (responses - 1);
        assert!(budget.call * responses + pauses < budget.response_reserve);
        assert!(budget.settle > budget.call * 2);
        assert!(budget.settle * 2 + budget.call * 3 < budget.action);
    }

    #[derive(Debug)]
    struct Failed(RetryHint);

    impl Display for Failed {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("failed")
        }
    }

    impl Retryable for Failed {
        fn retry_hint(&self) -> RetryHint {
            self.0
        }
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
            let mut retries = budget.hubspot.start(budget.call, seconds(60));
            assert_eq!(retries.pause(&Failed(hint)).await, is_retried, "{case}");
            let waited = start.elapsed().as_secs();
            assert_eq!(waited, after, "{case}");
        }
    }
}
