//! What every event needs: the clients, the secrets, the way into HubSpot and to the webhook.

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
use tokio::time::Instant;

use crate::{
    audit::Audit,
    config::{Config, Target},
    credential::Credential,
    hook_error::HookError,
    hubspot::HubSpot,
    oauth,
    pauses::Pauses,
    probe::Probe,
    registration::Registration,
    settings_api::SettingsApi,
    time_budget::TimeBudget,
    transport::Transport,
};

/// The hook, ready to take events.
#[derive(Debug)]
pub struct Hook {
    pub(crate) config: Config,
    pub(crate) budget: TimeBudget,
    pub(crate) http: reqwest::Client,
    pub(crate) lambda: Lambda,
    pub(crate) codedeploy: CodeDeploy,
    secrets_manager: SecretsManager,
}

impl Hook {
    /// Prepares the clients; nothing is sent yet.
    pub fn new(config: Config, aws: &SdkConfig, budget: TimeBudget) -> reqwest::Result<Self> {
        let http = http_client::client(budget.call, config.reach)?;
        // The SDK by itself waits without end; what it tries again, it tries three times.
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

    /// Prepares to prove the target's webhook, reached in the given way.
    pub(crate) async fn probe(
        &self,
        target: &Target,
        transport: Transport,
    ) -> Result<Probe, HookError> {
        let secrets =
            ClientSecrets::from_json(&self.secret(&self.config.client_secret_arn).await?)?;
        let secret = secrets.current().ok_or(HookError::NoClientSecret)?.clone();
        Ok(Probe::new(
            transport,
            secret,
            target.app_id,
            self.config.probed_portal,
            self.budget,
        ))
    }

    /// Prepares to prove the target's webhook as HubSpot reaches it.
    pub(crate) async fn public_probe(&self, target: &Target) -> Result<Probe, HookError> {
        self.probe(target, Transport::Http(self.http.clone())).await
    }

    /// Opens the way to the target's settings, whose writes are logged on somebody's behalf.
    pub(crate) async fn registration(
        &self,
        target: &Target,
        audit: Audit,
        until: Instant,
    ) -> Result<Registration, HookError> {
        let api = self.settings_api(target, until).await?;
        Ok(Registration::new(api, audit))
    }

    /// Reads the credential, and opens the way to the target's settings.
    pub(crate) async fn settings_api(
        &self,
        target: &Target,
        until: Instant,
    ) -> Result<SettingsApi, HookError> {
        let credential = Credential::from_json(&self.secret(&self.config.credential_arn).await?)?;
        let hubspot = HubSpot::new(self.http.clone(), &self.config.hubspot_api_url);
        let pauses = Pauses::new(&self.budget, until);
        let access = oauth::access(&hubspot, credential, pauses).await?;
        Ok(SettingsApi::new(hubspot, access, target, self.budget))
    }

    /// Reads a secret, at each event: a hook runs rarely, and it may have been set since.
    async fn secret(&self, arn: &str) -> Result<String, SecretError> {
        secret_store::read(&self.secrets_manager, arn).await
    }
}
