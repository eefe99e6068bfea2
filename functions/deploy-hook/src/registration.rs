//! The app's registration with HubSpot: proved before it is released, put back when it fails.

use std::time::Duration;

use channel_connection::{
    public_url::PublicUrl,
    settings::{ChannelConnectionSettings, write_between},
};
use tokio::time::{Instant, timeout_at};
use tracing::info;

use crate::{
    hubspot::{ApiError, SettingsApi},
    probe::{Probe, ProbeError},
};

/// What is kept back of the time there is, to put the former settings back in.
const TIME_TO_RESTORE: Duration = Duration::from_secs(10);

/// Whether users shall see the app as a provider of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Released to every customer.
    Ready,
    /// Hidden, but for those who set the flag in their browser.
    NotReady,
    /// As HubSpot has it; not ready where it has nothing yet.
    Keep,
}

/// The registration of one app.
#[derive(Debug)]
pub struct Registration {
    api: SettingsApi,
}

/// What went wrong while HubSpot was being told of a URL.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// A call of HubSpot's API failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The URL could not be proved.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// HubSpot accepted every call, and yet holds something else.
    #[error("HubSpot holds other settings than it was told: somebody else may be changing them")]
    NotKept,
    /// There was no time left.
    #[error("there was no time left")]
    OutOfTime,
}

/// The reason a registration failed, and what became of the settings that stood before.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Nothing had been written.
    #[error("{0}. Nothing was changed in HubSpot.")]
    Unchanged(#[source] Cause),
    /// The former settings stand again.
    #[error("{0}. The former settings stand again in HubSpot.")]
    Restored(#[source] Cause),
    /// The former settings could not be put back.
    #[error(
        "{cause}. The former settings could NOT be put back ({restore}): check them in HubSpot."
    )]
    NotRestored {
        /// Why the registration failed.
        cause: Cause,
        /// Why the restoration failed.
        restore: Cause,
    },
}

type Settings = Option<ChannelConnectionSettings>;

impl Registration {
    /// Takes charge of an app's settings; nothing is sent yet.
    pub fn new(api: SettingsApi) -> Self {
        Self { api }
    }

    /// Registers a URL, proves it, and then releases it as far as `readiness` says.
    ///
    /// On failure the former settings stand again. `deadline` includes the time for that.
    pub async fn register(
        &self,
        probe: &Probe,
        url: &PublicUrl,
        readiness: Readiness,
        deadline: Instant,
    ) -> Result<ChannelConnectionSettings, RegisterError> {
        let former = self
            .api
            .read()
            .await
            .map_err(|error| RegisterError::Unchanged(error.into()))?;
        let wanted = ChannelConnectionSettings {
            url: url.as_str().to_owned(),
            is_ready: match readiness {
                Readiness::Ready => true,
                Readiness::NotReady => false,
                Readiness::Keep => is_ready(former.as_ref()),
            },
        };
        let time_for_this = deadline.checked_sub(TIME_TO_RESTORE).unwrap_or(deadline);
        let attempt = timeout_at(time_for_this, self.release(probe, url, &former, &wanted)).await;
        let cause = match attempt {
            Ok(Ok(())) => return Ok(wanted),
            Ok(Err(cause)) => cause,
            Err(_) => Cause::OutOfTime,
        };
        Err(self.put_back(former, cause, deadline).await)
    }

    /// Removes the settings if they point to `url`; whoever else registered keeps theirs.
    pub async fn remove(&self, url: &PublicUrl) -> Result<Removal, Cause> {
        match self.api.read().await? {
            None => Ok(Removal::NothingThere),
            Some(held) if held.url != url.as_str() => Ok(Removal::OfAnotherStack),
            Some(held) => {
                self.bring(&Some(held), &None).await?;
                self.confirm(&None).await?;
                Ok(Removal::Removed)
            }
        }
    }

    /// Reads what HubSpot holds.
    pub async fn held(&self) -> Result<Settings, ApiError> {
        self.api.read().await
    }

    /// The order that keeps users safe: a URL that is or becomes released is proved first.
    async fn release(
        &self,
        probe: &Probe,
        url: &PublicUrl,
        former: &Settings,
        wanted: &ChannelConnectionSettings,
    ) -> Result<(), Cause> {
        if former.as_ref() == Some(wanted) {
            return Ok(probe.prove(url).await?);
        }
        let was_ready = is_ready(former.as_ref());
        if was_ready {
            probe.prove(url).await?;
        }
        let not_yet = Some(ChannelConnectionSettings {
            is_ready: was_ready && wanted.is_ready,
            ..wanted.clone()
        });
        let held = self.bring(former, &not_yet).await?;
        if !was_ready {
            probe.prove(url).await?;
        }
        let wanted = Some(wanted.clone());
        self.bring(&held, &wanted).await?;
        self.confirm(&wanted).await
    }

    async fn put_back(&self, former: Settings, cause: Cause, deadline: Instant) -> RegisterError {
        let restore = async {
            let held = self.api.read().await?;
            if held == former {
                return Ok(false);
            }
            self.bring(&held, &former).await?;
            self.confirm(&former).await.map(|()| true)
        };
        match timeout_at(deadline, restore)
            .await
            .unwrap_or(Err(Cause::OutOfTime))
        {
            Ok(false) => RegisterError::Unchanged(cause),
            Ok(true) => RegisterError::Restored(cause),
            Err(restore) => RegisterError::NotRestored { cause, restore },
        }
    }

    /// Brings HubSpot from `held` to `wanted` with at most one write; every change goes through here.
    async fn bring(&self, held: &Settings, wanted: &Settings) -> Result<Settings, ApiError> {
        if held == wanted {
            return Ok(held.clone());
        }
        let now = self
            .api
            .write(&write_between(held.as_ref(), wanted.as_ref()))
            .await?;
        info!(before = ?held, after = ?now, "settings written");
        Ok(now)
    }

    async fn confirm(&self, wanted: &Settings) -> Result<(), Cause> {
        if self.api.read().await? == *wanted {
            Ok(())
        } else {
            Err(Cause::NotKept)
        }
    }
}

/// What became of settings that were to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// They are gone.
    Removed,
    /// There were none.
    NothingThere,
    /// They point to another URL, and still stand.
    OfAnotherStack,
}

fn is_ready(settings: Option<&ChannelConnectionSettings>) -> bool {
    settings.is_some_and(|settings| settings.is_ready)
}
