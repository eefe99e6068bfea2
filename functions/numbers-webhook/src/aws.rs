//! The clients of the two AWS services that a request may need.

use std::time::Duration;

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_secretsmanager::Client as SecretsManager;
use channel_connection::{
    aws_http::AwsHttpClient,
    aws_sdk,
    environment::{EnvironmentError, Lookup},
};

/// The timeout of one attempt, a page of 1 MiB included; two fit into a request's time.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_ATTEMPTS: u32 = 3;
const MIN_BACKOFF: Duration = Duration::from_millis(25);
const MAX_BACKOFF: Duration = Duration::from_millis(100);

/// The clients, which share one HTTP client.
#[derive(Debug)]
pub struct AwsClients {
    pub(crate) dynamodb: DynamoDb,
    pub(crate) secrets_manager: SecretsManager,
}

impl AwsClients {
    /// Configures the clients from the environment; nothing is sent yet.
    pub async fn load(environment: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let http = AwsHttpClient::new(environment)?;
        let sdk = aws_sdk::config(environment, http).await?;
        Ok(Self::new(&sdk, &sdk))
    }

    /// Makes the clients from an SDK configuration for each service.
    pub fn new(dynamodb: &SdkConfig, secrets_manager: &SdkConfig) -> Self {
        Self {
            dynamodb: DynamoDb::new(&with_short_waits(dynamodb)),
            secrets_manager: SecretsManager::new(&with_short_waits(secrets_manager)),
        }
    }
}

/// Replaces the SDK's waits, which suit a program without a deadline.
fn with_short_waits(sdk: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(MIN_BACKOFF)
        .with_max_backoff(MAX_BACKOFF);
    let builder = sdk.clone().into_builder();
    builder
        .timeout_config(timeouts)
        .retry_config(retries)
        .build()
}
