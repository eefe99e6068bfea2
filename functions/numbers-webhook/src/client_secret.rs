//! The client secret in AWS Secrets Manager.

use std::sync::Arc;

use channel_connection::{
    aws_environment::AwsEnvironment,
    client_secrets::{ClientSecrets, InvalidClientSecrets},
};
use serde::Deserialize;
use serde_json::json;
use tokio_rustls::rustls::ClientConfig;

use crate::{
    aws_service::{AwsService, CallError, ServiceName},
    connection::InvalidEndpoint,
};

const SECRETS_MANAGER: ServiceName = ServiceName {
    signed: "secretsmanager",
    target: "secretsmanager",
    content_type: "application/x-amz-json-1.1",
};

/// A secret, by its ARN or name.
#[derive(Debug)]
pub(crate) struct StoredSecret {
    secrets_manager: AwsService,
    arn: String,
}

/// The reason the client secret cannot be had; it names the secret, never what it holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientSecretError {
    /// Secrets Manager refused, or could not be reached.
    #[error("cannot read the secret {arn}: {error}")]
    Unreadable { arn: String, error: CallError },
    /// It is not kept in the form it should be.
    #[error(transparent)]
    Invalid(#[from] InvalidClientSecrets),
    /// Secrets Manager is too slow.
    #[error("Secrets Manager gave no answer in time")]
    TooSlow,
}

impl StoredSecret {
    /// Names the secret; nothing is sent yet.
    pub(crate) fn new(
        arn: String,
        aws: &AwsEnvironment,
        tls: &Arc<ClientConfig>,
    ) -> Result<Self, InvalidEndpoint> {
        let secrets_manager = AwsService::new(SECRETS_MANAGER, &aws.secrets_manager, aws, tls)?;
        Ok(Self {
            secrets_manager,
            arn,
        })
    }

    /// Reads the secrets that it holds at present.
    pub(crate) async fn read(&self) -> Result<ClientSecrets, ClientSecretError> {
        let text = self.text().await.map_err(|error| {
            let arn = self.arn.clone();
            ClientSecretError::Unreadable { arn, error }
        })?;
        Ok(ClientSecrets::from_json(&text)?)
    }

    async fn text(&self) -> Result<String, CallError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            secret_string: String,
        }
        let asked = json!({"SecretId": self.arn}).to_string();
        let answer = self.secrets_manager.call("GetSecretValue", asked.into());
        let answer: Answer =
            serde_json::from_slice(&answer.await?).map_err(|_| CallError::Unusable)?;
        Ok(answer.secret_string)
    }
}
