//! Secrets in AWS Secrets Manager.

use aws_sdk_secretsmanager::Client;

use crate::aws_error::AwsError;

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
