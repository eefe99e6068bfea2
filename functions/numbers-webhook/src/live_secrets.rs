//! The client secrets over a function's life: read in INIT, and again now and then.
//!
//! A rotation is seen within [`TIME_TO_LIVE`], or at the first request that the new secret signed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use channel_connection::client_secrets::ClientSecrets;
use tokio::time::timeout;
use tracing::warn;

use crate::client_secret::{ClientSecretError, StoredSecret};

/// How long secrets count without being read again.
const TIME_TO_LIVE: Duration = Duration::from_secs(300);
/// How soon they are tried again where that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How soon a wrong signature may have them read again.
///
/// Whoever forges requests must not be able to have Secrets Manager called for each.
const PAUSE_AFTER_WRONG_SIGNATURE: Duration = Duration::from_secs(60);
/// How long a request waits for them; what was read before still counts.
const TIMEOUT: Duration = Duration::from_millis(700);
/// How long INIT waits for them, before the first request tries again.
const PATIENCE_AT_START: Duration = Duration::from_secs(2);

/// Client secrets that are kept up to date.
#[derive(Debug)]
pub(crate) struct LiveSecrets {
    stored: StoredSecret,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    secrets: Option<Arc<ClientSecrets>>,
    read_at: Option<SystemTime>,
    tried_at: Option<SystemTime>,
}

impl LiveSecrets {
    /// Reads the secrets for the first time; where that fails, requests try again.
    pub(crate) async fn start(stored: StoredSecret) -> Self {
        let live = Self {
            stored,
            known: Mutex::default(),
        };
        live.read(SystemTime::now(), PATIENCE_AT_START).await;
        live
    }

    /// Returns the secrets that count at `now`; `None` while they could never be read.
    pub(crate) async fn at(&self, now: SystemTime) -> Option<Arc<ClientSecrets>> {
        let is_due = {
            let known = self.known();
            is_past(known.read_at, TIME_TO_LIVE, now)
                && is_past(known.tried_at, PAUSE_AFTER_FAILURE, now)
        };
        if is_due {
            self.read(now, TIMEOUT).await;
        }
        self.known().secrets.clone()
    }

    /// Returns secrets to verify with once more, if they were not read just now.
    pub(crate) async fn after_wrong_signature(
        &self,
        now: SystemTime,
    ) -> Option<Arc<ClientSecrets>> {
        let is_due = is_past(self.known().tried_at, PAUSE_AFTER_WRONG_SIGNATURE, now);
        if !is_due {
            return None;
        }
        self.read(now, TIMEOUT).await;
        self.known().secrets.clone()
    }

    async fn read(&self, now: SystemTime, patience: Duration) {
        self.known().tried_at = Some(now);
        let read = timeout(patience, self.stored.read()).await;
        match read.unwrap_or(Err(ClientSecretError::TooSlow)) {
            Ok(secrets) => {
                if secrets.current().is_none() {
                    warn!("no client secret is set yet: every request will be refused");
                }
                let mut known = self.known();
                (known.secrets, known.read_at) = (Some(Arc::new(secrets)), Some(now));
            }
            Err(error) => warn!(%error, "client secret not read"),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether `pause` has passed since a time; a clock that was set back counts as if it had.
fn is_past(time: Option<SystemTime>, pause: Duration, now: SystemTime) -> bool {
    time.is_none_or(|time| now.duration_since(time).map_or(true, |age| age >= pause))
}
