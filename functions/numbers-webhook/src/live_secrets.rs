//! The client secrets over a function's life: read in INIT, and again now and then.
//!
//! A rotation is seen within [`TIME_TO_LIVE`], or at the first request that the new secret signed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use channel_connection::{
    client_secrets::{ClientSecrets, InvalidClientSecrets},
    secret_store::{self, SecretError},
};
use tokio::time::timeout;
use tracing::warn;

use crate::config::ClientSecretSource;

/// How long secrets count without being read again.
const TIME_TO_LIVE: Duration = Duration::from_secs(300);
/// How soon a wrong signature may have them read again: whoever forges requests must not be able to
/// have Secrets Manager called for each.
const SHORTEST_PAUSE: Duration = Duration::from_secs(60);
/// How long a request waits for them; what was read before still counts.
const PATIENCE: Duration = Duration::from_millis(700);

/// Client secrets that are kept up to date.
#[derive(Debug)]
pub(crate) struct LiveSecrets {
    source: Option<(Client, String)>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    secrets: Arc<ClientSecrets>,
    tried_at: SystemTime,
}

/// The reason the client secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientSecretError {
    /// Secrets Manager does not give it.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It is not kept in the form it should be.
    #[error(transparent)]
    Invalid(#[from] InvalidClientSecrets),
    /// Secrets Manager is too slow.
    #[error("Secrets Manager gave no answer in time")]
    TooSlow,
}

impl LiveSecrets {
    pub(crate) async fn start(
        source: ClientSecretSource,
        aws: &SdkConfig,
    ) -> Result<Self, ClientSecretError> {
        let (source, secrets) = match source {
            ClientSecretSource::Given(secret) => (None, secret.into()),
            ClientSecretSource::SecretsManager(arn) => {
                let client = Client::new(aws);
                let secrets = read(&client, &arn).await?;
                (Some((client, arn)), secrets)
            }
        };
        if secrets.current().is_none() {
            warn!("no client secret is set yet: every request will be refused");
        }
        let known = Known {
            secrets: Arc::new(secrets),
            tried_at: SystemTime::now(),
        };
        Ok(Self {
            source,
            known: Mutex::new(known),
        })
    }

    /// Returns the secrets that count at `now`.
    pub(crate) async fn at(&self, now: SystemTime) -> Arc<ClientSecrets> {
        self.read_again_after(TIME_TO_LIVE, now).await;
        Arc::clone(&self.known().secrets)
    }

    /// Returns secrets to verify with once more, if they were not read just now.
    pub(crate) async fn after_wrong_signature(
        &self,
        now: SystemTime,
    ) -> Option<Arc<ClientSecrets>> {
        let read = self.read_again_after(SHORTEST_PAUSE, now).await;
        read.then(|| Arc::clone(&self.known().secrets))
    }

    async fn read_again_after(&self, pause: Duration, now: SystemTime) -> bool {
        let Some((client, arn)) = &self.source else {
            return false;
        };
        {
            let mut known = self.known();
            if now
                .duration_since(known.tried_at)
                .is_ok_and(|age| age < pause)
            {
                return false;
            }
            known.tried_at = now;
        }
        let read = timeout(PATIENCE, read(client, arn))
            .await
            .unwrap_or(Err(ClientSecretError::TooSlow));
        match read {
            Ok(secrets) => self.known().secrets = Arc::new(secrets),
            Err(error) => warn!(%error, "client secret not read again"),
        }
        true
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(client: &Client, arn: &str) -> Result<ClientSecrets, ClientSecretError> {
    Ok(ClientSecrets::from_json(
        &secret_store::read(client, arn).await?,
    )?)
}
