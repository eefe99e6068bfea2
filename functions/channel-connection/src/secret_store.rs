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
pub enum SecretError {
    /// Secrets Manager refused, or could not be reached.
    #[error("cannot read the secret {arn}: {error}")]
    Unreadable {
        /// The secret's ARN or name.
        arn: String,
        /// The reason.
        error: AwsError,
    },
    /// The secret holds bytes rather than text.
    #[error("the secret {arn} holds no text")]
    NotText {
        /// The secret's ARN or name.
        arn: String,
    },
}

impl SecretError {
    /// Tells whether the caller lacks the permission to read the secret.
    pub fn is_access_denied(&self) -> bool {
        matches!(self, Self::Unreadable { error, .. } if error.is_access_denied())
    }
}

/// Reads the current text of a secret by ARN or name.
pub async fn read(client: &Client, arn: &str) -> Result<String, SecretError> {
    let response = client.get_secret_value().secret_id(arn).send().await;
    let response = response.map_err(|error| SecretError::Unreadable {
        arn: arn.to_owned(),
        error: AwsError::from(&error),
    })?;
    response.secret_string.ok_or_else(|| SecretError::NotText {
        arn: arn.to_owned(),
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
        Err(last_error.unwrap_or_else(|| SecretError::Unreadable {
            arn: arn.to_owned(),
            error: AwsError::Timeout,
        }))
    })
}
