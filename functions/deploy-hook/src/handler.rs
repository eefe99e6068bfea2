//! Routes an event to its handler; each makes its clients with the secrets that are stored now.

use std::time::SystemTime;

use aws_sdk_codedeploy::Client as CodeDeploy;
use aws_sdk_lambda::Client as Lambda;
use aws_sdk_secretsmanager::Client as SecretsManager;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use channel_connection::{
    client_secrets::{ClientSecrets, InvalidClientSecrets},
    http_client,
    secret_store::{self, SecretError},
};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    budget::TimeBudget,
    cloudformation::request::InvalidProperty,
    config::{Config, Target},
    hubspot::{
        auth::{Auth, InvalidCredential},
        client::{Audit, HubSpot, SettingsApi},
        error::ApiError,
    },
    probe::{Probe, ProbeError, Transport, Verified},
    registration::{After, FailedRegistration, RegistrationError},
    withdrawal::WithdrawOutcome,
};

/// Handles events with one set of clients.
#[derive(Debug)]
pub struct Handler {
    pub(crate) config: Config,
    pub(crate) budget: TimeBudget,
    pub(crate) lambda: Lambda,
    pub(crate) codedeploy: CodeDeploy,
    pub(crate) http: reqwest::Client,
    secrets_manager: SecretsManager,
}

/// The reason an event failed; its text goes to CloudFormation or to the operator.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    #[error(
        r#"this event is neither CloudFormation's nor CodeDeploy's nor an action; try {{"action":"status"}}, or verify, release, hold, register, unregister, check"#
    )]
    UnknownEvent,
    #[error("ResponseURL must be an https URL of CloudFormation's own bucket; nothing was done")]
    ResponseUrl,
    #[error(transparent)]
    Property(#[from] InvalidProperty),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    ClientSecret(#[from] InvalidClientSecrets),
    #[error("the client secret is not set yet")]
    NoClientSecret,
    #[error("the HubSpot credential is not set yet")]
    NoCredential,
    #[error(transparent)]
    Credential(#[from] InvalidCredential),
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error(transparent)]
    Register(#[from] FailedRegistration),
    #[error("{0}. HubSpot may still have the settings")]
    Withdraw(#[from] RegistrationError),
    #[error("{}", .0.explain())]
    NotWithdrawn(WithdrawOutcome),
    #[error("the variable NUMBERS_WEBHOOK_VERSION does not name the version to verify")]
    NoVersion,
    #[error("there was no time left. See what HubSpot has with the action status.")]
    OutOfTime,
    #[error("{0}")]
    Report(String),
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
        if event.get("RequestType").is_some() {
            // Boxed, here and below: futures this deep overflow the compiler's layout.
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
            let report = Box::pin(self.operate(request, deadline)).await;
            serde_json::to_value(report).map_err(|error| HookError::Report(error.to_string()))
        }
    }

    /// Returns the target's settings endpoints, with the credential that is stored now.
    pub(crate) async fn settings_api(
        &self,
        target: &Target,
        audit: Audit,
        until: Instant,
    ) -> Result<SettingsApi, HookError> {
        let secret = self.secret(&self.config.credential_arn, until).await?;
        let auth = Auth::from_json(&secret)?.ok_or(HookError::NoCredential)?;
        let hubspot = HubSpot::new(self.http.clone(), &self.config.hubspot_api_url);
        let retries = self.budget.hubspot.start(self.budget.call, until);
        let auth = auth.exchange(&hubspot, retries).await?;
        Ok(SettingsApi::new(hubspot, auth, target, audit, self.budget))
    }

    /// Returns a probe of the target's webhook as HubSpot reaches it.
    pub(crate) async fn public_probe(
        &self,
        target: &Target,
        until: Instant,
    ) -> Result<Probe, HookError> {
        let transport = Transport::Http(self.http.clone());
        self.probe(target, transport, until).await
    }

    /// Verifies this stack's webhook, with retries.
    pub(crate) async fn verify(&self, until: Instant) -> Result<Verified, HookError> {
        let target = &self.config.target;
        let probe = self.public_probe(target, until).await?;
        Ok(probe.verify(&target.url, until).await?)
    }

    pub(crate) async fn probe(
        &self,
        target: &Target,
        transport: Transport,
        until: Instant,
    ) -> Result<Probe, HookError> {
        let secret = self.secret(&self.config.client_secret_arn, until).await?;
        let secrets = ClientSecrets::from_json(&secret)?;
        let secret = secrets.current().ok_or(HookError::NoClientSecret)?.clone();
        let portal = self.config.probe_portal;
        Ok(Probe::new(
            transport,
            secret,
            target.app_id,
            portal,
            self.budget,
        ))
    }

    /// Reads a secret at each event: a hook runs rarely, and it may have been set since.
    async fn secret(&self, arn: &str, until: Instant) -> Result<String, SecretError> {
        secret_store::read_by(&self.secrets_manager, arn, until).await
    }
}

impl HookError {
    /// Returns whether a secret is still to be set.
    pub(crate) fn is_not_set_yet(&self) -> bool {
        matches!(self, Self::NoClientSecret | Self::NoCredential)
    }

    /// Returns whether the credential is missing, invalid or rejected.
    pub(crate) fn rejects_credential(&self) -> bool {
        match self {
            Self::NoCredential | Self::Credential(_) => true,
            Self::Api(error) => error.rejects_credential(),
            _ => false,
        }
    }

    /// Returns whether HubSpot may have a part of what the event asked for.
    pub(crate) fn is_partial(&self) -> bool {
        match self {
            Self::Register(failed) => matches!(failed.after, After::NotRestored(_)),
            Self::Withdraw(_) | Self::OutOfTime => true,
            _ => false,
        }
    }

    /// Returns whether HubSpot has what the event asked for, although it failed.
    pub(crate) fn left_the_desired_state(&self) -> bool {
        matches!(self, Self::Register(failed)
            if matches!(failed.after, After::Unchanged { is_desired: true }))
    }
}
