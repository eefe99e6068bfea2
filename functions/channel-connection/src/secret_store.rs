//! Secrets in AWS Secrets Manager.

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use backon::{ExponentialBuilder, Retryable};
use tokio::time::{Instant, timeout_at};

use crate::aws_error::AwsError;

/// The first and the longest pause while a new role's permissions take effect.
const MIN_DELAY: Duration = Duration::from_millis(500);
const MAX_DELAY: Duration = Duration::from_secs(4);

/// The reason a secret could not be read; it names the secret, never what it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the secret {arn}: {error}")]
pub struct SecretError {
    pub arn: String,
    pub error: AwsError,
}

impl SecretError {
    /// Tells whether the caller lacks the permission to read the secret.
    pub fn is_access_denied(&self) -> bool {
        self.error.is_access_denied()
    }
}

/// Reads the current text of a secret by ARN or name.
pub async fn read(client: &Client, arn: &str) -> Result<String, SecretError> {
    let response = client.get_secret_value().secret_id(arn).send().await;
    let text = response
        .map_err(|error| AwsError::from(&error))
        .and_then(|response| response.secret_string.ok_or(AwsError::NotText));
    text.map_err(|error| SecretError {
        arn: arn.to_owned(),
        error,
    })
}

/// Reads a secret by `deadline`, and retries while access is denied: a new role takes effect late.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html>
pub async fn read_by(client: &Client, arn: &str, deadline: Instant) -> Result<String, SecretError> {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(MIN_DELAY)
        .with_max_delay(MAX_DELAY)
        .with_jitter()
        .without_max_times();
    let mut last_error = None;
    let attempts = (|| read(client, arn))
        .retry(backoff)
        .when(SecretError::is_access_denied)
        .notify(|error, _| last_error = Some(error.clone()));
    let result = timeout_at(deadline, attempts).await;
    result.unwrap_or_else(|_| {
        Err(last_error.unwrap_or_else(|| SecretError {
            arn: arn.to_owned(),
            error: AwsError::Timeout,
        }))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use aws_sdk_secretsmanager::{
        Config,
        config::{BehaviorVersion, Region},
    };
    use aws_smithy_runtime_api::{
        client::{
            http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
            orchestrator::{HttpRequest, HttpResponse},
        },
        http::StatusCode,
    };
    use aws_smithy_types::body::SdkBody;

    use super::*;

    /// Answers so many reads with an error, and the others with a secret.
    #[derive(Debug)]
    struct Refusing {
        left: Arc<AtomicUsize>,
        code: &'static str,
    }

    impl HttpConnector for Refusing {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let decrement = |left: usize| left.checked_sub(1);
            let refused = self
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, decrement);
            let (status, body) = match refused {
                Ok(_) => (400, format!(r#"{{"__type":"{}"}}"#, self.code)),
                Err(_) => (200, r#"{"SecretString":"text"}"#.to_owned()),
            };
            let status = StatusCode::try_from(status).unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
        }
    }

    /// Reads within a minute, while the first reads are refused; returns how many were not asked for.
    async fn read_refused(
        times: usize,
        code: &'static str,
    ) -> (Result<String, SecretError>, usize) {
        let left = Arc::new(AtomicUsize::new(times));
        let connector = SharedHttpConnector::new(Refusing {
            left: Arc::clone(&left),
            code,
        });
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .with_test_defaults()
            .http_client(http_client_fn(move |_, _| connector.clone()));
        let client = Client::from_conf(config.build());
        let deadline = Instant::now() + Duration::from_secs(60);
        let read = read_by(&client, "arn", deadline).await;
        (read, left.load(Ordering::Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn retries_a_denied_read_until_the_deadline() {
        let denied = "AccessDeniedException";
        assert_eq!(read_refused(5, denied).await, (Ok("text".into()), 0));
        let (read, _) = read_refused(usize::MAX, denied).await;
        assert!(read.unwrap_err().is_access_denied());
    }

    #[tokio::test(start_paused = true)]
    async fn retries_no_other_refusal() {
        let (read, left) = read_refused(5, "ResourceNotFoundException").await;
        let text = "cannot read the secret arn: ResourceNotFoundException";
        assert_eq!((read.unwrap_err().to_string().as_str(), left), (text, 4));
    }
}
