//! The Lambda that registers the webhook with HubSpot at deploy time, verifies it and releases it.

mod check;
mod cloudformation;
pub mod config;
mod deploy;
mod desired_state;
mod operator;
mod probe;
mod registration;
pub mod retries;

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
    aws_error::AwsError,
    client_secrets::{ClientSecrets, InvalidClientSecrets},
    hook_report::NOT_SET_YET,
    http_client,
    secret_store::{self, SecretError},
    settings::RegisteredUrl,
    webhook_url::WebhookUrl,
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::{
    config::{Config, Target},
    hubspot::{
        auth::{Auth, InvalidCredential},
        client::{Audit, SettingsApi},
        error::ApiError,
    },
    probe::{Probe, ProbeError, Transport, Verified},
    registration::AfterFailure,
    retries::{Retries, RetryHint, TimeBudget},
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
            let report = Box::pin(self.operate(request, deadline)).await;
            Ok(json!(report))
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
            least_numbers: self.config.probe_least_numbers,
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
        let retries = Retries::new(self.budget.secret, self.budget.call, until);
        let hint = |error: &SecretError| {
            if error.is_access_denied() {
                RetryHint::Backoff
            } else {
                RetryHint::Never
            }
        };
        let read = async || secret_store::read(&self.secrets_manager, arn).await;
        let read = timeout_at(until, retries.run(hint, read)).await;
        read.unwrap_or_else(|_| {
            Err(SecretError {
                arn: arn.into(),
                error: AwsError::Timeout,
            })
        })
    }
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
    #[error("{name} {reason}")]
    Property { name: &'static str, reason: String },
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    ClientSecret(#[from] InvalidClientSecrets),
    #[error("the client secret {}", NOT_SET_YET)]
    NoClientSecret,
    #[error(transparent)]
    Credential(#[from] InvalidCredential),
    #[error("the HubSpot credential {}", NOT_SET_YET)]
    NoCredential,
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error("the variable NUMBERS_WEBHOOK_VERSION does not name the version to verify")]
    NoVersion,
    #[error("{url} is not verified: {error}")]
    NotVerified {
        url: WebhookUrl,
        #[source]
        error: ProbeError,
    },
    #[error(
        "HubSpot has another URL ({0}), released to customers. \
         It may be another stage's: each needs an app of its own. \
         To replace it, say true or false for IsReady, not keep"
    )]
    ReleasedElsewhere(RegisteredUrl),
    #[error(
        "HubSpot does not have this stack's URL. Register it first: deploy, or the action register"
    )]
    NotRegistered,
    #[error(
        "the settings may have been held or changed meanwhile; see the action status, and start again"
    )]
    Conflict,
    #[error("HubSpot answered so late that a hold may have come in between; start again")]
    Late,
    #[error(
        "HubSpot has isReady=false now, but a release that was already running may still set it \
         ({0}). Repeat hold, and see with the action status (channelctl status) whether it stays"
    )]
    HoldUnconfirmed(String),
    #[error("HubSpot had no settings.")]
    NoSettings,
    #[error("HubSpot has another URL, which was left alone.")]
    OtherUrl,
    #[error("there was no time left")]
    OutOfTime,
    #[error("there was no time left. See what HubSpot has with the action status.")]
    Interrupted,
    #[error("{cause}. {after}")]
    Failed {
        #[source]
        cause: Box<HookError>,
        after: AfterFailure,
    },
    #[error("{0}")]
    Report(String),
}

impl HookError {
    pub(crate) fn failed(cause: impl Into<Self>, after: AfterFailure) -> Self {
        let cause = Box::new(cause.into());
        Self::Failed { cause, after }
    }

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
            Self::Failed { after, .. } => {
                matches!(
                    after,
                    AfterFailure::NotRestored(_) | AfterFailure::NotWithdrawn
                )
            }
            Self::Interrupted => true,
            _ => false,
        }
    }

    /// Returns whether HubSpot has what the event asked for, although it failed.
    pub(crate) fn left_the_desired_state(&self) -> bool {
        matches!(
            self,
            Self::Failed {
                after: AfterFailure::Desired,
                ..
            }
        )
    }
}
