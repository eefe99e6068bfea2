//! Secrets in AWS Secrets Manager.

use aws_sdk_secretsmanager::{Client, error::ProvideErrorMetadata};

/// The reason a secret could not be read; it names the secret, never what it holds.
///
/// The SDK's own error is not kept: printed in full it shows the response, and so the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager refused, or could not be reached.
    #[error("cannot read the secret {arn}: {code}")]
    Unreadable {
        /// The secret's ARN or name.
        arn: String,
        /// Secrets Manager's code, like `ResourceNotFoundException`.
        code: String,
    },
    /// The secret holds bytes rather than text.
    #[error("the secret {arn} holds no text")]
    NotText {
        /// The secret's ARN or name.
        arn: String,
    },
}

/// Reads the current text of a secret by ARN or name.
pub async fn read(client: &Client, arn: &str) -> Result<String, SecretError> {
    let answer = client.get_secret_value().secret_id(arn).send().await;
    let answer = answer.map_err(|error| SecretError::Unreadable {
        arn: arn.to_owned(),
        code: error
            .code()
            .unwrap_or("Secrets Manager gave no usable answer")
            .to_owned(),
    })?;
    answer.secret_string.ok_or_else(|| SecretError::NotText {
        arn: arn.to_owned(),
    })
}
