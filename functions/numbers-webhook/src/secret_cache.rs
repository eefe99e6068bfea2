//! The client secrets over a function's life: read in INIT, and again every five minutes.
//!
//! A rotation is seen within [`TIME_TO_LIVE`], or at the first request that the new secret signed.

use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use aws_sdk_secretsmanager::Client;
use channel_connection::{client_secrets::ClientSecrets, secret_store};
use lambda_http::tracing::warn;
use tokio::time::{Instant, timeout_at};

/// How long secrets are used without being read again.
const TIME_TO_LIVE: Duration = Duration::from_secs(300);
/// The pause after a failed refresh.
const REFRESH_PAUSE: Duration = Duration::from_secs(5);
/// The pause between two reads that wrong signatures cause, once they have caused many.
///
/// A forger must not be able to have Secrets Manager called for each request.
const MISMATCH_PAUSE: Duration = Duration::from_secs(6);
/// The sum of the pauses that wrong signatures may skip: a few of them, as each probe sends one, must not
/// keep a rotation waiting.
const MISMATCH_BURST: Duration = Duration::from_secs(60);
/// How long a request waits for a refresh, while it could use the secrets that are cached.
const REFRESH_TIMEOUT: Duration = Duration::from_millis(700);
/// How long INIT waits, before requests try again.
const START_TIMEOUT: Duration = Duration::from_secs(2);

/// The client secrets, kept up to date.
#[derive(Debug)]
pub(crate) struct SecretCache {
    client: Client,
    arn: String,
    state: Mutex<State>,
    /// Held during a read, so that there is one at a time.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    secrets: Option<Arc<ClientSecrets>>,
    /// When `secrets` were read.
    read_at: Option<SystemTime>,
    last_attempt: Option<SystemTime>,
    /// When the pauses of all reads that wrong signatures caused are over. It has a time of its own:
    /// otherwise a rotation right after a cold start or a refresh would have to wait.
    mismatches_paused_until: Option<SystemTime>,
}

impl SecretCache {
    /// Reads the secrets for the first time; where that fails, requests try again.
    pub(crate) async fn start(client: Client, arn: String) -> Self {
        let cache = Self {
            client,
            arn,
            state: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        };
        let deadline = Instant::now() + START_TIMEOUT;
        cache.read(SystemTime::now(), deadline).await;
        cache
    }

    /// Returns the secrets; `None` where none could be read by `deadline`.
    pub(crate) async fn get(
        &self,
        now: SystemTime,
        deadline: Instant,
    ) -> Option<Arc<ClientSecrets>> {
        let (is_due, deadline) = {
            let state = self.state();
            (state.is_due(now), state.deadline(deadline))
        };
        if is_due
            && let Ok(_guard) = timeout_at(deadline, self.reading.lock()).await
            // Another request may have read them meanwhile.
            && self.state().is_due(now)
        {
            self.read(now, deadline).await;
        }
        self.state().secrets.clone()
    }

    /// Returns newer secrets than `used`, which did not make a request's signature, if there are any.
    pub(crate) async fn refresh_on_mismatch(
        &self,
        used: &Arc<ClientSecrets>,
        now: SystemTime,
        deadline: Instant,
    ) -> Option<Arc<ClientSecrets>> {
        let deadline = self.state().deadline(deadline);
        let _guard = timeout_at(deadline, self.reading.lock()).await.ok()?;
        let is_due = self.state().take_mismatch_read(used, now);
        if is_due {
            self.read(now, deadline).await;
        }
        let secrets = self.state().secrets.clone()?;
        (!Arc::ptr_eq(&secrets, used)).then_some(secrets)
    }

    async fn read(&self, now: SystemTime, deadline: Instant) {
        self.state().last_attempt = Some(now);
        let read = timeout_at(deadline, self.secrets()).await;
        match read.unwrap_or_else(|_| Err("no response in time".into())) {
            Ok(secrets) => {
                if secrets.current().is_none() {
                    warn!("no client secret is set yet: every request will be refused");
                }
                let mut state = self.state();
                (state.secrets, state.read_at) = (Some(Arc::new(secrets)), Some(now));
            }
            Err(error) => warn!(%error, "client secret not read"),
        }
    }

    async fn secrets(&self) -> Result<ClientSecrets, Box<dyn Error + Send + Sync>> {
        let text = secret_store::read(&self.client, &self.arn).await?;
        Ok(ClientSecrets::from_json(&text)?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Tells whether there is a secret to verify with: a new stack's is empty.
    fn has_secret(&self) -> bool {
        let current = self.secrets.as_ref().and_then(|secrets| secrets.current());
        current.is_some()
    }

    /// Tells whether the secrets should be read. Without any, each request asks for them.
    fn is_due(&self, now: SystemTime) -> bool {
        !self.has_secret()
            || has_elapsed(self.read_at, TIME_TO_LIVE, now)
                && has_elapsed(self.last_attempt, REFRESH_PAUSE, now)
    }

    /// Returns how long a request may wait for a read.
    fn deadline(&self, request: Instant) -> Instant {
        if self.has_secret() {
            request.min(Instant::now() + REFRESH_TIMEOUT)
        } else {
            request
        }
    }

    /// Tells whether a wrong signature causes a read, and counts it.
    fn take_mismatch_read(&mut self, used: &Arc<ClientSecrets>, now: SystemTime) -> bool {
        let is_newest = self
            .secrets
            .as_ref()
            .is_some_and(|secrets| Arc::ptr_eq(secrets, used));
        let was_read_for_this_request = self.read_at.is_some_and(|at| at >= now);
        if !is_newest || was_read_for_this_request {
            return false;
        }
        let paused = self
            .mismatches_paused_until
            .and_then(|until| until.duration_since(now).ok())
            // More than can have come together: the clock was set back.
            .filter(|paused| *paused <= MISMATCH_BURST)
            .unwrap_or_default()
            + MISMATCH_PAUSE;
        let is_due = paused <= MISMATCH_BURST;
        if is_due {
            self.mismatches_paused_until = Some(now + paused);
        }
        is_due
    }
}

/// Tells whether `pause` has passed since a time; a clock that was set back counts as if it had.
fn has_elapsed(time: Option<SystemTime>, pause: Duration, now: SystemTime) -> bool {
    time.is_none_or(|time| now.duration_since(time).map_or(true, |age| age >= pause))
}
