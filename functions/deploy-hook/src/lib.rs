//! The Lambda that registers the webhook with HubSpot at deploy time, verifies it and releases it.

pub mod budget;
mod check;
mod cloudformation;
pub mod config;
mod deploy;
mod desired_state;
mod error;
mod operator;
mod probe;
mod registration;

mod hubspot {
    pub(crate) mod auth;
    pub(crate) mod client;
    pub(crate) mod error;
    pub(crate) mod versioned;
}

use std::time::SystemTime;

use aws_sdk_codedeploy::Client as CodeDeploy;
use aws_sdk_lambda::Client as Lambda;
use aws_sdk_secretsmanager::Client as SecretsManager;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use channel_connection::{
    client_secrets::ClientSecrets,
    http_client,
    secret_store::{self, SecretError},
};
use serde_json::Value;
use tokio::time::Instant;

pub use error::HookError;

use crate::{
    budget::TimeBudget,
    config::{Config, Target},
    hubspot::{
        auth::Auth,
        client::{Audit, SettingsApi},
    },
    probe::{Probe, Transport, Verified},
};

/// Handles events with one set of clients, and with the secrets that are stored at each event.
#[derive(Debug)]
pub struct Handler {
    config: Config,
    budget: TimeBudget,
    lambda: Lambda,
    codedeploy: CodeDeploy,
    http: reqwest::Client,
    secrets_manager: SecretsManager,
}

impl Handler {
    /// Prepares the clients; nothing is sent yet.
    pub fn new(config: Config, aws: &SdkConfig, budget: TimeBudget) -> reqwest::Result<Self> {
        let http = http_client::client(budget.call, config.url_policy)?;
        // The SDK itself waits without limit.
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(budget.call);
        let aws = aws.clone().into_builder();
        let aws = aws.timeout_config(timeouts.build()).build();
        Ok(Self {
            config,
            budget,
            http,
            lambda: Lambda::new(&aws),
            codedeploy: CodeDeploy::new(&aws),
            secrets_manager: SecretsManager::new(&aws),
        })
    }

    /// Handles one event. An operator gets the result; CloudFormation and CodeDeploy get theirs by a
    /// request, and the result only counts in Lambda's error metric.
    pub async fn handle(&self, event: Value, deadline: SystemTime) -> Result<Value, HookError> {
        let time_left = deadline.duration_since(SystemTime::now());
        let time_left = time_left.unwrap_or_default();
        let deadline = Instant::now() + time_left.saturating_sub(self.budget.response_reserve);
        // Boxed: futures this deep overflow the compiler's layout.
        if event.get("RequestType").is_some() {
            Box::pin(self.deploy(event, deadline)).await?;
            Ok(Value::Null)
        } else if event.get("DeploymentId").is_some() {
            let event = serde_json::from_value(event).map_err(|_| HookError::UnknownEvent)?;
            Box::pin(self.before_traffic(event, deadline)).await?;
            Ok(Value::Null)
        } else if event["action"] == "check" {
            Ok(Box::pin(self.check(deadline)).await)
        } else {
            let request = serde_json::from_value(event).map_err(|_| HookError::UnknownEvent)?;
            Ok(Box::pin(self.operate(request, deadline)).await)
        }
    }

    /// Returns the target's settings endpoints.
    async fn settings_api(
        &self,
        target: &Target,
        audit: Audit,
        until: Instant,
    ) -> Result<SettingsApi, HookError> {
        let secret = self.secret(&self.config.credential_arn, until).await?;
        let api = SettingsApi {
            http: self.http.clone(),
            base_url: self.config.hubspot_api_url.clone(),
            auth: Auth::from_json(&secret)?.ok_or(HookError::NoCredential)?,
            target: target.clone(),
            audit,
            budget: self.budget,
        };
        Ok(api.exchange_credential(until).await?)
    }

    /// Returns a probe of the target's webhook.
    async fn probe(
        &self,
        target: &Target,
        transport: Transport,
        until: Instant,
    ) -> Result<Probe, HookError> {
        let secret = self.secret(&self.config.client_secret_arn, until).await?;
        let secrets = ClientSecrets::from_json(&secret)?;
        Ok(Probe {
            transport,
            url: target.url.clone(),
            secret: secrets.current().ok_or(HookError::NoClientSecret)?.clone(),
            app_id: target.app_id,
            portal: self.config.probe_portal,
            min_numbers: self.config.probe_min_numbers,
            budget: self.budget,
        })
    }

    /// Returns a probe of the target's webhook as HubSpot reaches it.
    async fn public_probe(&self, target: &Target, until: Instant) -> Result<Probe, HookError> {
        let transport = Transport::Http(self.http.clone());
        self.probe(target, transport, until).await
    }

    /// Verifies this stack's webhook, with retries.
    async fn verify(&self, until: Instant) -> Result<Verified, HookError> {
        let probe = self.public_probe(&self.config.target, until).await?;
        Ok(probe.verify(until).await?)
    }

    /// Reads a secret at each event: a hook runs rarely, and it may have been set since.
    async fn secret(&self, arn: &str, until: Instant) -> Result<String, SecretError> {
        secret_store::read_by(&self.secrets_manager, arn, until).await
    }
}
