//! The way of an event: CloudFormation's, CodeDeploy's or an operator's, to what answers it.

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
    api_error::ApiError,
    audit::Audit,
    config::{Config, Target},
    credential::{Credential, CredentialError},
    custom_resource::{EventError, ResourceEvent},
    hubspot::HubSpot,
    lifecycle::TellError,
    oauth,
    outcome::Outcome,
    pauses::Pauses,
    probe::{Probe, ProbeError, Transport},
    register_error::{Cause, RegisterError},
    registration::Registration,
    response_url::AnswerError,
    settings_api::SettingsApi,
    time_budget::TimeBudget,
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

/// The reason an event came to nothing; its text goes to CloudFormation or to the operator.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The event is of no kind that the hook takes.
    #[error(
        r#"this event is neither CloudFormation's nor CodeDeploy's nor an action; try {{"action":"status"}}, or probe, release, hold, register, remove"#
    )]
    UnknownEvent,
    /// CloudFormation's event is not understood.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The client secret is not kept in the form it should be.
    #[error(transparent)]
    ClientSecret(#[from] InvalidClientSecrets),
    /// There is no usable credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The client secret is still as empty as the stack created it.
    #[error("the client secret is not set yet")]
    NoClientSecret,
    /// HubSpot did not let us in, or did not tell what it holds.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The webhook is not proved.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The registration failed.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The settings could not be withdrawn.
    #[error("{0}. The settings may still stand in HubSpot.")]
    Withdraw(#[source] Cause),
    /// HubSpot holds nothing of this stack's.
    #[error("{0}")]
    NothingOfOurs(&'static str),
    /// The stack has no version of the webhook function to prove.
    #[error("the variable NUMBERS_WEBHOOK_VERSION does not name the version to prove")]
    NoVersion,
    /// There was no time left.
    #[error("there was no time left. See what HubSpot holds with the action status.")]
    OutOfTime,
    /// CloudFormation could not be told.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// CodeDeploy could not be told.
    #[error(transparent)]
    Tell(#[from] TellError),
}

impl HookError {
    pub(crate) fn is_not_set_yet(&self) -> bool {
        matches!(
            self,
            Self::NoClientSecret | Self::Credential(CredentialError::NotSet)
        )
    }
}

impl From<Result<&String, &HookError>> for Outcome {
    fn from(fulfilled: Result<&String, &HookError>) -> Self {
        match fulfilled {
            Ok(done) => Self::Done(done.clone()),
            Err(
                error @ (HookError::Register(RegisterError::NotRestored { .. })
                | HookError::Withdraw(_)
                | HookError::OutOfTime),
            ) => Self::HalfDone(error.to_string()),
            Err(error) => Self::NothingDone(error.to_string()),
        }
    }
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

    /// Handles one event; an operator is answered here, CloudFormation and CodeDeploy elsewhere.
    ///
    /// An error does not mean that they were not told: it is what they were told, if they could be.
    pub async fn handle(&self, event: Value, deadline: SystemTime) -> Result<Value, HookError> {
        let time_left = deadline.duration_since(SystemTime::now());
        let time_left = time_left
            .unwrap_or_default()
            .saturating_sub(self.budget.to_answer);
        let deadline = Instant::now() + time_left;
        if event.get("RequestType").is_some() {
            let event = ResourceEvent::new(event).ok_or(HookError::UnknownEvent)?;
            // Boxed, here and below, because the compiler lays out no future nested this deeply.
            let deployed = Box::pin(self.deploy(event, deadline)).await;
            deployed.map(|()| Value::Null)
        } else if event.get("DeploymentId").is_some() {
            let event = serde_json::from_value(event).map_err(|_| HookError::UnknownEvent)?;
            let proved = Box::pin(self.before_traffic(event, deadline)).await;
            proved.map(|()| Value::Null)
        } else {
            let request = serde_json::from_value(event).map_err(|_| HookError::UnknownEvent)?;
            Ok(Box::pin(self.operate(request, deadline)).await)
        }
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

    pub(crate) async fn registration(
        &self,
        target: &Target,
        audit: Audit,
        until: Instant,
    ) -> Result<Registration, HookError> {
        let api = self.settings_api(target, until).await?;
        Ok(Registration::new(api, audit))
    }

    pub(crate) async fn settings_api(
        &self,
        target: &Target,
        until: Instant,
    ) -> Result<SettingsApi, HookError> {
        let credential = Credential::from_json(&self.secret(&self.config.credential_arn).await?)?;
        let hubspot = HubSpot::new(self.http.clone(), &self.config.hubspot_api_url);
        let pauses = Pauses::new(&self.budget, until);
        let access = oauth::access(&hubspot, credential, pauses).await?;
        Ok(SettingsApi::new(
            hubspot,
            access,
            target,
            self.budget,
            until,
        ))
    }

    /// Secrets are read at each event: a hook runs rarely, and they may have been set since.
    async fn secret(&self, arn: &str) -> Result<String, SecretError> {
        secret_store::read(&self.secrets_manager, arn).await
    }
}
