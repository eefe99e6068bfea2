//! The app's registration with HubSpot: proved before it is released, put back when it fails.

use std::time::Duration;

use channel_connection::{
    public_url::PublicUrl,
    settings::{ChannelConnectionSettings, SettingsChange},
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
    /// As HubSpot has it for this stack; not ready where it has nothing yet.
    Keep,
}

/// What shall be registered.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The webhook's URL.
    pub url: &'a PublicUrl,
    /// The URL that the same stack registered before, where it was another.
    pub former_url: Option<&'a str>,
    /// Whether users shall see it.
    pub readiness: Readiness,
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
    /// Another stack's URL is released, and nobody said that it should be replaced.
    #[error(
        "HubSpot holds another URL ({0}), released to customers. \
         To replace it, deploy with IsReady=true or IsReady=false instead of keep"
    )]
    ReleasedElsewhere(String),
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
    /// HubSpot holds what it held before.
    #[error("{0}. HubSpot holds what it held before.")]
    Unchanged(#[source] Cause),
    /// The former settings were put back.
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

type Settings = Option<ChannelConnectionSettings>;

impl Registration {
    /// Takes charge of an app's settings; nothing is sent yet.
    pub fn new(api: SettingsApi) -> Self {
        Self { api }
    }

    /// Registers a URL, proves it, and releases it as far as it is wanted.
    ///
    /// On failure the former settings stand again. `deadline` includes the time for that.
    pub async fn register(
        &self,
        probe: &Probe,
        wanted: Wanted<'_>,
        deadline: Instant,
    ) -> Result<ChannelConnectionSettings, RegisterError> {
        let former = self.api.read().await;
        let former = former.map_err(|error| RegisterError::Unchanged(error.into()))?;
        let settings = settings_for(wanted, former.as_ref()).map_err(RegisterError::Unchanged)?;
        let time_for_this = deadline.checked_sub(TIME_TO_RESTORE).unwrap_or(deadline);
        let release = self.release(probe, wanted.url, &former, &settings);
        let cause = match timeout_at(time_for_this, release).await {
            Ok(Ok(())) => return Ok(settings),
            Ok(Err(cause)) => cause,
            Err(_) => Cause::OutOfTime,
        };
        Err(self.put_back(former, wanted.url, cause, deadline).await)
    }

    /// Removes the settings if they point to `url`; whoever else registered keeps theirs.
    pub async fn remove(&self, url: &PublicUrl) -> Result<Removal, Cause> {
        match self.api.read().await? {
            None => Ok(Removal::NothingThere),
            Some(held) if held.url != url.as_str() => Ok(Removal::OfAnotherStack),
            held @ Some(_) => {
                self.bring(&held, &None).await?;
                self.confirm(&None).await.map(|()| Removal::Removed)
            }
        }
    }

    /// The order that keeps customers safe: what they use is proved before HubSpot is told of it,
    /// and what they cannot use yet is told first and proved before they can.
    async fn release(
        &self,
        probe: &Probe,
        url: &PublicUrl,
        former: &Settings,
        wanted: &ChannelConnectionSettings,
    ) -> Result<(), Cause> {
        let target = Some(wanted.clone());
        if *former == target {
            return Ok(probe.prove(url).await?);
        }
        let released = former.as_ref().filter(|former| former.is_ready);
        if !wanted.is_ready && released.is_some_and(|released| released.url == wanted.url) {
            // Held back: nothing may keep a broken webhook from that.
            self.bring(former, &target).await?;
        } else if wanted.is_ready && released.is_some() {
            probe.prove(url).await?;
            self.bring(former, &target).await?;
            probe.prove(url).await?;
        } else {
            let hidden = Some(ChannelConnectionSettings {
                is_ready: false,
                ..wanted.clone()
            });
            self.bring(former, &hidden).await?;
            probe.prove(url).await?;
            self.bring(&hidden, &target).await?;
        }
        self.confirm(&target).await
    }

    /// Puts the former settings back, unless somebody else has written theirs meanwhile.
    async fn put_back(
        &self,
        former: Settings,
        url: &PublicUrl,
        cause: Cause,
        deadline: Instant,
    ) -> RegisterError {
        let restore = async {
            let held = self.api.read().await?;
            if held == former {
                return Ok(false);
            }
            if held.as_ref().is_some_and(|held| held.url != url.as_str()) {
                return Err(Cause::NotKept);
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
    async fn bring(&self, held: &Settings, wanted: &Settings) -> Result<(), ApiError> {
        match (held, wanted) {
            (held, wanted) if held == wanted => return Ok(()),
            (Some(held), Some(wanted)) => {
                let change = SettingsChange::between(held, wanted);
                self.api.change(&change).await?;
            }
            (None, Some(wanted)) => self.api.create(wanted).await?,
            (_, None) => self.api.remove().await?,
        }
        info!(before = ?held, after = ?wanted, "settings written");
        Ok(())
    }

    async fn confirm(&self, wanted: &Settings) -> Result<(), Cause> {
        if self.api.read().await? == *wanted {
            Ok(())
        } else {
            Err(Cause::NotKept)
        }
    }
}

fn settings_for(
    wanted: Wanted<'_>,
    former: Option<&ChannelConnectionSettings>,
) -> Result<ChannelConnectionSettings, Cause> {
    let url = wanted.url.as_str();
    let is_ready = match (wanted.readiness, former.filter(|former| former.is_ready)) {
        (Readiness::Ready, _) => true,
        (Readiness::NotReady, _) | (Readiness::Keep, None) => false,
        (Readiness::Keep, Some(released)) => {
            if released.url != url && wanted.former_url != Some(released.url.as_str()) {
                return Err(Cause::ReleasedElsewhere(released.url.clone()));
            }
            true
        }
    };
    Ok(ChannelConnectionSettings {
        url: url.to_owned(),
        is_ready,
    })
}
