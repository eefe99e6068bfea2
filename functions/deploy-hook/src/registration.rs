//! The registration of one app: converged to the desired state and rolled back on failure, held or removed.

use std::fmt;

use channel_connection::settings::ChannelConnectionSettings;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    HookError,
    desired_state::{DesiredState, own_settings},
    hubspot::{client::SettingsApi, versioned::VersionedSettings},
    probe::Probe,
    retries::RetryHint,
};

/// Maximum attempts of one event, if somebody else writes meanwhile.
const MAX_ATTEMPTS: u32 = 3;

/// The settings in HubSpot after a failure.
#[derive(Debug)]
pub enum AfterFailure {
    /// As before, or as somebody else wrote them.
    Unchanged,
    /// Unchanged, and the desired ones: only the webhook could not be verified.
    Desired,
    /// The previous settings again.
    Restored,
    /// Perhaps not the previous settings.
    NotRestored(Box<HookError>),
    /// Perhaps not withdrawn.
    NotWithdrawn,
}

impl fmt::Display for AfterFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unchanged | Self::Desired => "This event left no change in HubSpot.",
            Self::Restored => "The previous HubSpot settings were restored.",
            Self::NotRestored(error) => {
                return write!(
                    formatter,
                    "The previous settings were NOT restored ({error}): \
                     see what HubSpot has with the action status."
                );
            }
            Self::NotWithdrawn => "HubSpot may still have the settings",
        })
    }
}

/// Registers a URL, verifies it, and releases it if that is desired; returns a sentence for people.
///
/// After a failure the previous settings are restored, by a deadline of its own.
pub(crate) async fn register(
    api: &SettingsApi,
    probe: &Probe,
    desired: &DesiredState,
    until: Instant,
    rollback_until: Instant,
) -> Result<String, HookError> {
    let read = VersionedSettings::read(api, until).await;
    let mut settings = read.map_err(|error| HookError::failed(error, AfterFailure::Unchanged))?;
    let converged = in_time(until, converge(&mut settings, probe, desired)).await;
    let previous = settings.previous().map(|previous| previous.url.clone());
    if let Err(cause) = converged {
        settings.until = rollback_until;
        match in_time(rollback_until, roll_back(&mut settings, desired)).await {
            Ok(None) => {}
            Ok(Some(after)) => return Err(HookError::failed(cause, after)),
            Err(error) => {
                let after = AfterFailure::NotRestored(Box::new(error));
                return Err(HookError::failed(cause, after));
            }
        }
    }
    let (url, is_ready) = (&api.target.url, settings.is_released());
    let done = format!("HubSpot has {url} with isReady={is_ready}.");
    // It may have been another stage's, which HubSpot then no longer calls.
    Ok(
        match previous.filter(|previous| *previous != *url.as_str()) {
            Some(previous) => format!("{done} Until now it had {previous}."),
            None => done,
        },
    )
}

/// Leads to the desired settings, and starts again if somebody else wrote meanwhile.
///
/// After a conflict the event must not release what may be held: it then ends, unless HubSpot has
/// isReady=true already.
async fn converge(
    settings: &mut VersionedSettings<'_>,
    probe: &Probe,
    desired: &DesiredState,
) -> Result<(), HookError> {
    for _ in 0..MAX_ATTEMPTS {
        let new = desired.settings(settings.current())?;
        if new.is_ready && settings.may_be_held() {
            break;
        }
        if settings.is_released() && settings.has_own_url() && !new.is_ready {
            return hold_own_url(settings).await;
        }
        match change(settings, probe, &new).await {
            Err(HookError::Conflict) => {}
            changed => return changed,
        }
    }
    Err(HookError::Conflict)
}

/// Changes the settings so that customers never get a URL that is not verified.
///
/// What the new ones are, as with `keep`, `DesiredState` decides; POST or PATCH, the client.
///
/// A URL that replaces a released one is verified before HubSpot gets it. Any other URL is written with
/// isReady=false first, and verified before it is released. After a replaced URL only a released one is
/// verified again: a rollback from isReady=false would have to release.
async fn change(
    settings: &mut VersionedSettings<'_>,
    probe: &Probe,
    new: &ChannelConnectionSettings,
) -> Result<(), HookError> {
    let until = settings.until;
    match (settings.is_released(), new.is_ready) {
        _ if settings.current() == Some(new) => {
            verify(probe, until).await?;
            if !settings.has_written {
                return Ok(());
            }
        }
        (true, true) => {
            verify(probe, until).await?;
            settings.write(Some(new)).await?;
            verify(probe, until).await?;
        }
        (true, false) => {
            verify(probe, until).await?;
            settings.write(Some(new)).await?;
        }
        (false, true) => {
            settings.announce(&new.unreleased()).await?;
            verify(probe, until).await?;
            settings.write(Some(new)).await?;
        }
        (false, false) => {
            settings.write(Some(new)).await?;
            verify(probe, until).await?;
        }
    }
    settings.confirm(Some(new)).await
}

async fn verify(probe: &Probe, until: Instant) -> Result<(), HookError> {
    let verified = probe.verify(until).await.map(drop);
    verified.map_err(|error| HookError::NotVerified {
        url: probe.url.clone(),
        error,
    })
}

/// Restores the previous settings, unless HubSpot has what somebody else wrote.
///
/// Returns `None` if HubSpot turns out to have the desired settings, verified before they were written.
async fn roll_back(
    settings: &mut VersionedSettings<'_>,
    desired: &DesiredState,
) -> Result<Option<AfterFailure>, HookError> {
    if settings.has_written {
        settings.await_lost_writes().await;
        settings.refresh().await?;
    }
    if settings.current() == settings.previous() {
        if settings.is_overwritten {
            return Err(HookError::Conflict);
        }
        let new = desired.settings(settings.current()).ok();
        let is_desired = new.as_ref() == settings.current();
        return Ok(Some(if is_desired {
            AfterFailure::Desired
        } else {
            AfterFailure::Unchanged
        }));
    }
    let previous = settings.previous().cloned();
    let released = previous.as_ref().filter(|previous| previous.is_ready);
    if let Some(released) = released.filter(|_| !settings.is_released()) {
        // It would take a release to restore them. A hold of the same URL is not verified, and done only
        // if it is confirmed.
        let is_done = settings.has_own_url() && !released.has_url(&desired.target.url);
        return if is_done {
            Ok(None)
        } else {
            Err(HookError::Conflict)
        };
    }
    settings.write(previous.as_ref()).await?;
    settings.confirm(previous.as_ref()).await?;
    Ok(Some(AfterFailure::Restored))
}

/// Sets isReady=false, if HubSpot has the stack's URL; returns a sentence for people.
pub(crate) async fn hold(api: &SettingsApi, until: Instant) -> Result<String, HookError> {
    let mut settings = VersionedSettings::read(api, until).await?;
    if settings.current().is_none() {
        // A false 404 would leave the app released.
        let mut retries = api.retries(until);
        retries
            .pause(RetryHint::Backoff, &HookError::NoSettings)
            .await;
        settings.refresh().await?;
    }
    own_settings(settings.current(), &api.target.url)?;
    hold_own_url(&mut settings).await?;
    Ok("HubSpot has the URL with isReady=false: users can no longer select the app.".into())
}

/// Removes the settings, if HubSpot has the stack's URL; returns a sentence for people.
pub(crate) async fn remove(api: &SettingsApi, until: Instant) -> Result<String, HookError> {
    let mut settings = VersionedSettings::read(api, until).await?;
    if settings.current().is_none() {
        return Ok(HookError::NoSettings.to_string());
    }
    own_settings(settings.current(), &api.target.url)?;
    settings.overwrite(None).await?;
    settings.confirm(None).await?;
    Ok("The settings were removed from HubSpot.".into())
}

/// Sets isReady=false, and waits until no release that is already running can set it again.
///
/// It always writes, so that the version moves and a running release finds it changed. It is done
/// when HubSpot, a settle time after its last write, still has the version of that write: a release
/// that had read HubSpot right before has then written, or announced itself, and any other write is
/// not this hold's.
async fn hold_own_url(settings: &mut VersionedSettings<'_>) -> Result<(), HookError> {
    let held = in_time(settings.until, hold_and_settle(settings)).await;
    match held {
        Err(error @ (HookError::Api(_) | HookError::OutOfTime))
            if settings.has_own_url() && !settings.is_released() =>
        {
            Err(HookError::HoldUnconfirmed(error.to_string()))
        }
        held => held,
    }
}

async fn hold_and_settle(settings: &mut VersionedSettings<'_>) -> Result<(), HookError> {
    let settle = settings.api.budget.settle;
    let unreleased = ChannelConnectionSettings {
        url: settings.api.target.url.as_str().into(),
        is_ready: false,
    };
    loop {
        let has_moved = settings.overwrite(Some(&unreleased)).await?;
        if Instant::now() + settle > settings.until {
            return Err(HookError::OutOfTime);
        }
        sleep(settle).await;
        if settings.refresh().await? {
            return if has_moved {
                Ok(())
            } else {
                let reason = "HubSpot's updatedAt did not change with the hold";
                Err(HookError::HoldUnconfirmed(reason.into()))
            };
        }
        if settings.current() == Some(&unreleased) {
            // Perhaps another hold: one of the two has to let the other one settle.
            sleep(settle.mul_f64(fastrand::f64())).await;
            settings.refresh().await?;
        }
    }
}

async fn in_time<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, HookError>>,
) -> Result<T, HookError> {
    let done = timeout_at(deadline, work).await;
    done.unwrap_or(Err(HookError::OutOfTime))
}
