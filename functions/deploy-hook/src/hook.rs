//! The way of an event: CloudFormation's or an operator's, to the registration and back.

use std::{
    error::Error,
    time::{Duration, SystemTime},
};

use aws_lambda_events::cloudformation::CloudFormationCustomResourceRequest;
use aws_sdk_secretsmanager::Client as SecretsManager;
use channel_connection::{
    client_secrets::{ClientSecrets, InvalidClientSecrets},
    http_client,
    secret_store::{self, SecretError},
};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::{error, info};

use crate::{
    action::{Action, StatusReport},
    config::{Config, Target},
    credential::{Credential, CredentialError},
    custom_resource::{Outcome, ResourceEvent, Wish},
    hubspot::{ApiError, SettingsApi},
    probe::{Patience, Probe},
    properties::PropertyError,
    registration::{Cause, RegisterError, Registration, Removal, Wanted},
    response_url::{self, AnswerError},
};

/// How long one call of HubSpot or of the webhook may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(3);
/// What is kept back of the invocation's time to tell CloudFormation the outcome: three tries.
const TIME_TO_ANSWER: Duration = Duration::from_secs(10);
const PATIENCE: Patience = Patience {
    tries: 12,
    pause: Duration::from_secs(1),
};

/// The hook, ready to take events.
#[derive(Debug)]
pub struct Hook {
    config: Config,
    secrets_manager: SecretsManager,
    http: reqwest::Client,
    patience: Patience,
}

/// The reason an event came to nothing; its text goes to CloudFormation or to the operator.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The event is of no kind that the hook takes.
    #[error(r#"this event is neither CloudFormation's nor an action; try {{"action":"status"}}"#)]
    UnknownEvent,
    /// The custom resource's properties cannot be used.
    #[error(transparent)]
    Property(#[from] PropertyError),
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
    /// HubSpot did not tell what it holds.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The registration failed.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The settings could not be removed.
    #[error("{0}. The settings may still stand in HubSpot.")]
    Remove(#[source] Cause),
    /// There was no time left.
    #[error("there was no time left. The settings may have been changed: check them in HubSpot.")]
    OutOfTime,
    /// CloudFormation could not be told.
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

impl HookError {
    fn into_outcome(self) -> Outcome {
        let explanation = self.to_string();
        match self {
            Self::Register(RegisterError::NotRestored { .. })
            | Self::Remove(_)
            | Self::OutOfTime => Outcome::HalfDone(explanation),
            _ => Outcome::NothingDone(explanation),
        }
    }

    fn is_not_set_yet(&self) -> bool {
        matches!(
            self,
            Self::NoClientSecret | Self::Credential(CredentialError::NotSet)
        )
    }
}

impl Hook {
    /// Prepares the clients; nothing is sent yet.
    pub fn new(config: Config, secrets_manager: SecretsManager) -> reqwest::Result<Self> {
        let http = http_client::client(CALL_TIMEOUT, config.reach)?;
        Ok(Self {
            config,
            secrets_manager,
            http,
            patience: PATIENCE,
        })
    }

    /// Replaces how long a URL is tried, for callers who know that it stands already.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Handles one event; an operator's gets the answer, CloudFormation's is answered elsewhere.
    pub async fn handle(&self, event: Value, deadline: SystemTime) -> Result<Value, HookError> {
        if event.get("RequestType").is_some() {
            let request: CloudFormationCustomResourceRequest =
                serde_json::from_value(event).map_err(|_| HookError::UnknownEvent)?;
            let event = ResourceEvent::new(request).ok_or(HookError::UnknownEvent)?;
            self.custom_resource(event, deadline).await?;
            return Ok(Value::Null);
        }
        match serde_json::from_value(event).map_err(|_| HookError::UnknownEvent)? {
            Action::Status => self.status().await,
        }
    }

    async fn custom_resource(
        &self,
        event: ResourceEvent,
        deadline: SystemTime,
    ) -> Result<(), HookError> {
        let time_left = deadline
            .duration_since(SystemTime::now())
            .unwrap_or_default();
        let deadline = Instant::now() + time_left.saturating_sub(TIME_TO_ANSWER);
        let fulfilled = timeout_at(deadline, self.fulfil(&event, deadline)).await;
        let outcome = match fulfilled.unwrap_or(Err(HookError::OutOfTime)) {
            Ok(done) => {
                info!(done, "custom resource");
                Outcome::Done(done)
            }
            Err(error) => {
                error!(error = &error as &dyn Error, "custom resource");
                error.into_outcome()
            }
        };
        let response_url = event.response_url.clone();
        Ok(response_url::put(&self.http, &response_url, &event.answer(&outcome)).await?)
    }

    async fn fulfil(&self, event: &ResourceEvent, deadline: Instant) -> Result<String, HookError> {
        match event.wish(self.config.reach)? {
            Wish::Nothing => Ok("Nothing was registered, so nothing was removed.".into()),
            Wish::Register {
                target,
                former_url,
                readiness,
            } => {
                let former_url = former_url.as_deref();
                let wanted = Wanted {
                    url: &target.url,
                    former_url,
                    readiness,
                };
                match self.register(&target, wanted, deadline).await {
                    Err(error) if error.is_not_set_yet() && event.may_precede_secrets() => Ok(
                        format!("Nothing was told to HubSpot: {error}. Set it, then deploy again."),
                    ),
                    registered => registered,
                }
            }
            Wish::Remove(target) => match self.remove(&target).await {
                Err(error) if error.is_not_set_yet() => {
                    Ok(format!("Nothing was removed from HubSpot: {error}."))
                }
                removed => removed,
            },
        }
    }

    async fn register(
        &self,
        target: &Target,
        wanted: Wanted<'_>,
        deadline: Instant,
    ) -> Result<String, HookError> {
        let registration = Registration::new(self.settings_api(target).await?);
        let probe = self.probe(target).await?;
        let settings = registration.register(&probe, wanted, deadline).await?;
        Ok(format!(
            "HubSpot holds {} with isReady={}.",
            settings.url, settings.is_ready
        ))
    }

    async fn remove(&self, target: &Target) -> Result<String, HookError> {
        let registration = Registration::new(self.settings_api(target).await?);
        let removal = registration
            .remove(&target.url)
            .await
            .map_err(HookError::Remove)?;
        Ok(match removal {
            Removal::Removed => "The settings were removed from HubSpot.",
            Removal::NothingThere => "HubSpot held no settings.",
            Removal::OfAnotherStack => "HubSpot holds another URL, which was left alone.",
        }
        .into())
    }

    async fn status(&self) -> Result<Value, HookError> {
        let target = &self.config.target;
        let api = self.settings_api(target).await?;
        let report = StatusReport::new(target, api.credential_kind(), api.read().await?);
        // A plain struct of texts and numbers serialises always.
        Ok(serde_json::to_value(report).unwrap_or_default())
    }

    async fn probe(&self, target: &Target) -> Result<Probe, HookError> {
        let secrets =
            ClientSecrets::from_json(&self.secret(&self.config.client_secret_arn).await?)?;
        let secret = secrets.current().ok_or(HookError::NoClientSecret)?.clone();
        Ok(Probe::new(
            self.http.clone(),
            secret,
            target.app_id,
            self.patience,
        ))
    }

    async fn settings_api(&self, target: &Target) -> Result<SettingsApi, HookError> {
        let credential = Credential::from_json(&self.secret(&self.config.credential_arn).await?)?;
        Ok(SettingsApi::new(
            self.http.clone(),
            &self.config.hubspot_api_url,
            target,
            credential,
        ))
    }

    /// Secrets are read at each event: a hook runs rarely, and they may have been set since.
    async fn secret(&self, arn: &str) -> Result<String, SecretError> {
        secret_store::read(&self.secrets_manager, arn).await
    }
}
