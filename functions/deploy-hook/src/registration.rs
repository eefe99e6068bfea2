//! The app's registration with HubSpot: brought to what is wanted, put back when that fails.

use channel_connection::{public_url::PublicUrl, settings::ChannelConnectionSettings};
use tokio::time::{Instant, timeout_at};

use crate::{
    api_error::ApiError,
    audit::Audit,
    plan::{Step, plan},
    probe::{Probe, ProbeError},
    readiness::{NotOurs, Wanted},
    settings_api::{Settings, SettingsApi},
};

/// The registration of one app.
#[derive(Debug)]
pub struct Registration {
    api: SettingsApi,
    audit: Audit,
}

/// The time that a registration has.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// When HubSpot must hold what is wanted.
    pub done: Instant,
    /// When, after a failure, it must hold again what it held before.
    pub restored: Instant,
}

/// What went wrong while HubSpot was being told.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// A call of HubSpot's API failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The URL could not be proved.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// What HubSpot holds is not this stack's to replace.
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
    /// HubSpot accepted every call, and yet holds something else.
    #[error(
        "somebody else is changing the settings at the same time; try again when they are done"
    )]
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
        "{cause}. The former settings could NOT be put back ({restore}): see what HubSpot holds with the action status."
    )]
    NotRestored {
        /// Why the registration failed.
        cause: Cause,
        /// Why the restoration failed.
        restore: Cause,
    },
}

/// What a stack leaves behind of its registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// Nothing.
    Nothing,
    /// Its URL, not released.
    Hidden,
}

/// What became of settings that were to be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// They are withdrawn.
    Done,
    /// There were none.
    NothingThere,
    /// They point to another URL, and still stand.
    OfAnotherStack,
}

impl Registration {
    /// Takes charge of an app's settings; nothing is sent yet.
    pub fn new(api: SettingsApi, audit: Audit) -> Self {
        Self { api, audit }
    }

    /// Registers a URL, proves it, and releases it as far as it is wanted.
    ///
    /// On failure the former settings stand again.
    pub async fn register(
        &self,
        probe: &Probe,
        wanted: Wanted<'_>,
        deadlines: Deadlines,
    ) -> Result<ChannelConnectionSettings, RegisterError> {
        let prepare = async {
            let former = self.api.until(deadlines.done).read().await?;
            let settings = wanted.settings(former.as_ref())?;
            Ok((former, settings))
        };
        let prepared = timeout_at(deadlines.done, prepare).await;
        let (former, settings) = prepared
            .unwrap_or(Err(Cause::OutOfTime))
            .map_err(RegisterError::Unchanged)?;
        let work = self.follow(&former, &settings, probe, wanted.url, deadlines.done);
        let done = timeout_at(deadlines.done, work).await;
        match done.unwrap_or(Err(Cause::OutOfTime)) {
            Ok(()) => Ok(settings),
            Err(cause) => Err(self.put_back(former, wanted.url, cause, deadlines).await),
        }
    }

    /// Withdraws the settings if they point to `url`; whoever else registered keeps theirs.
    pub async fn withdraw(
        &self,
        url: &PublicUrl,
        leaving: Leaving,
        deadline: Instant,
    ) -> Result<Withdrawal, Cause> {
        let withdraw = async {
            let held = self.api.until(deadline).read().await?;
            let hidden = match &held {
                None => return Ok(Withdrawal::NothingThere),
                Some(held) if held.url != url.as_str() => return Ok(Withdrawal::OfAnotherStack),
                Some(held) => ChannelConnectionSettings {
                    is_ready: false,
                    ..held.clone()
                },
            };
            let wanted = match leaving {
                Leaving::Nothing => None,
                Leaving::Hidden => Some(hidden),
            };
            if held != wanted {
                self.reconcile(held, &wanted, url, deadline).await?;
                self.confirm(&wanted, deadline).await?;
            }
            Ok(Withdrawal::Done)
        };
        let withdrawn = timeout_at(deadline, withdraw).await;
        withdrawn.unwrap_or(Err(Cause::OutOfTime))
    }

    async fn follow(
        &self,
        former: &Settings,
        wanted: &ChannelConnectionSettings,
        probe: &Probe,
        url: &PublicUrl,
        until: Instant,
    ) -> Result<(), Cause> {
        let mut held = former.clone();
        for step in plan(former.as_ref(), wanted) {
            match step {
                Step::Prove => drop(probe.prove(url).await?),
                Step::Write(settings) => {
                    let settings = Some(settings);
                    self.reconcile(held, &settings, url, until).await?;
                    held = settings;
                }
                Step::Confirm => self.confirm(&held, until).await?,
            }
        }
        Ok(())
    }

    /// Puts the former settings back, unless somebody else has written theirs meanwhile.
    async fn put_back(
        &self,
        former: Settings,
        url: &PublicUrl,
        cause: Cause,
        deadlines: Deadlines,
    ) -> RegisterError {
        let until = deadlines.restored;
        let restore = async {
            let held = self.api.until(until).read().await?;
            if held == former {
                return Ok(false);
            }
            if held.as_ref().is_none_or(|held| held.url != url.as_str()) {
                return Err(Cause::NotKept);
            }
            self.reconcile(held, &former, url, until).await?;
            self.confirm(&former, until).await.map(|()| true)
        };
        match timeout_at(until, restore)
            .await
            .unwrap_or(Err(Cause::OutOfTime))
        {
            Ok(false) => RegisterError::Unchanged(cause),
            Ok(true) => RegisterError::Restored(cause),
            Err(restore) => RegisterError::NotRestored { cause, restore },
        }
    }

    /// Brings HubSpot from `held` to `wanted`; every change of it goes through here.
    ///
    /// A write that failed may have been done, and somebody else may have written: after each
    /// failure HubSpot is read again. What somebody else has released meanwhile is left alone.
    async fn reconcile(
        &self,
        mut held: Settings,
        wanted: &Settings,
        url: &PublicUrl,
        until: Instant,
    ) -> Result<(), Cause> {
        let api = self.api.until(until);
        let mut pauses = api.pauses();
        while held != *wanted {
            let written = api.write(&held, wanted).await;
            self.audit.log(&held, wanted, written.as_ref());
            let Err(error) = written else { break };
            let now = api.read().await?;
            if now == held && !pauses.before_another(&error).await {
                return Err(error.into());
            }
            if now != held && now != *wanted && is_released_elsewhere(&now, url) {
                return Err(Cause::NotKept);
            }
            held = now;
        }
        Ok(())
    }

    async fn confirm(&self, wanted: &Settings, until: Instant) -> Result<(), Cause> {
        if self.api.until(until).read().await? == *wanted {
            Ok(())
        } else {
            Err(Cause::NotKept)
        }
    }
}

fn is_released_elsewhere(held: &Settings, url: &PublicUrl) -> bool {
    held.as_ref()
        .is_some_and(|held| held.is_ready && held.url != url.as_str())
}
