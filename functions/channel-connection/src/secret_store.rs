//! Secrets in AWS Secrets Manager.

use aws_sdk_secretsmanager::{
    Client,
    error::{DisplayErrorContext, SdkError},
    operation::get_secret_value::GetSecretValueError,
};

/// The reason a secret could not be read; it names the secret, never what it holds.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager refused, or could not be reached.
    #[error("cannot read the secret {arn}: {}", DisplayErrorContext(&**.source))]
    Unreadable {
        /// The secret's ARN or name.
        arn: String,
        /// What the SDK says of it.
        #[source]
        source: Box<SdkError<GetSecretValueError>>,
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
    let answer = answer.map_err(|source| SecretError::Unreadable {
        arn: arn.to_owned(),
        source: source.into(),
    })?;
    answer.secret_string.ok_or_else(|| SecretError::NotText {
        arn: arn.to_owned(),
    })
}
