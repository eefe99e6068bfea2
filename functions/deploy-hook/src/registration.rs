//! The registration of one app: converged to the desired state, and rolled back on failure.

use channel_connection::{settings::ChannelConnectionSettings, webhook_url::WebhookUrl};
use tokio::time::{Instant, timeout_at};

use crate::{
    desired_state::{DesiredState, Step, plan},
    hubspot::{
        client::SettingsApi,
        error::ApiError,
        versioned::{OwnWrites, VersionedSettings, Written},
    },
    probe::{Probe, ProbeError},
    withdrawal,
};

/// Maximum plans of one event, if somebody else writes meanwhile.
const MAX_PLANS: u32 = 3;

/// The reason HubSpot does not have the desired settings.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    #[error(transparent)]
    Api(#[from] ApiError),
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
    ReleasedElsewhere(String),
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
    #[error("there was no time left")]
    OutOfTime,
}

/// A failed registration.
#[derive(Debug, thiserror::Error)]
#[error("{cause}. {}", .after.explain())]
pub struct FailedRegistration {
    #[source]
    pub cause: RegistrationError,
    pub after: After,
}

/// The settings in HubSpot after a failed registration.
#[derive(Debug)]
pub enum After {
    /// As before, or as somebody else wrote them. They may even be the desired ones, and only the
    /// webhook could not be verified.
    Unchanged { is_desired: bool },
    /// The previous settings again.
    Restored,
    /// Perhaps not the previous settings.
    NotRestored(RegistrationError),
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
) -> Result<String, FailedRegistration> {
    let read = VersionedSettings::read(api, until).await;
    let mut settings = read.map_err(|error| FailedRegistration {
        cause: error.into(),
        after: After::Unchanged { is_desired: false },
    })?;
    let work = converge(&mut settings, probe, desired, until);
    let converged = in_time(until, work).await;
    let previous = settings.previous().map(|previous| previous.url.clone());
    if let Err(cause) = converged {
        roll_back(&mut settings, cause, desired, rollback_until).await?;
    }
    let (url, is_ready) = (&desired.target.url, settings.is_released());
    let done = format!("HubSpot has {url} with isReady={is_ready}.");
    // It may have been another stage's, which HubSpot then no longer calls.
    Ok(
        match previous.filter(|previous| *previous != *url.as_str()) {
            Some(previous) => format!("{done} Until now it had {previous}."),
            None => done,
        },
    )
}

/// Executes the plan, and plans again if somebody else wrote meanwhile.
///
/// After a conflict the event must not release what may be held: it then ends, unless HubSpot has
/// isReady=true already.
async fn converge(
    settings: &mut VersionedSettings<'_>,
    probe: &Probe,
    desired: &DesiredState,
    until: Instant,
) -> Result<(), RegistrationError> {
    for _ in 0..MAX_PLANS {
        let wanted = desired.settings(settings.current())?;
        if wanted.is_ready && settings.may_be_held() {
            return Err(RegistrationError::Conflict);
        }
        let steps = plan(settings.current(), &wanted);
        let url = &desired.target.url;
        if execute(settings, steps, probe, &wanted, url, until).await? == Written::Done {
            return Ok(());
        }
    }
    Err(RegistrationError::Conflict)
}

async fn execute(
    settings: &mut VersionedSettings<'_>,
    steps: Vec<Step>,
    probe: &Probe,
    wanted: &ChannelConnectionSettings,
    url: &WebhookUrl,
    until: Instant,
) -> Result<Written, RegistrationError> {
    for step in steps {
        let written = match step {
            Step::Verify => verify(probe, url, until).await.map(|()| Written::Done)?,
            Step::Announce(unreleased) => {
                let announced = settings.announce(&unreleased, until).await?;
                if announced != Written::Conflict && !settings.may_release() {
                    return Err(RegistrationError::Late);
                }
                announced
            }
            Step::Write(step) => settings.write(Some(&step), until).await?,
            Step::Confirm => settings.confirm(Some(wanted), until).await?,
            Step::Hold => withdrawal::hold(settings, url, until)
                .await
                .map(|()| Written::Done)?,
        };
        if written == Written::Conflict {
            return Ok(Written::Conflict);
        }
    }
    Ok(Written::Done)
}

async fn verify(probe: &Probe, url: &WebhookUrl, until: Instant) -> Result<(), RegistrationError> {
    let verified = probe.verify(url, until).await;
    verified
        .map(drop)
        .map_err(|error| RegistrationError::NotVerified {
            url: url.clone(),
            error,
        })
}

/// Restores the previous settings, unless HubSpot has what somebody else wrote.
async fn roll_back(
    settings: &mut VersionedSettings<'_>,
    cause: RegistrationError,
    desired: &DesiredState,
    until: Instant,
) -> Result<(), FailedRegistration> {
    // A hold of the same URL is not verified, and done only if it is confirmed.
    let is_replaced = |previous: &ChannelConnectionSettings| !desired.has_url(previous);
    let may_be_done = settings.previous().is_some_and(is_replaced);
    let after = match in_time(until, restore(settings, desired, may_be_done, until)).await {
        Ok(None) => return Ok(()),
        Ok(Some(after)) => after,
        Err(error) => After::NotRestored(error),
    };
    Err(FailedRegistration { cause, after })
}

/// Returns `None` if HubSpot turns out to have the desired settings, verified before they were written.
async fn restore(
    settings: &mut VersionedSettings<'_>,
    desired: &DesiredState,
    may_be_done: bool,
    until: Instant,
) -> Result<Option<After>, RegistrationError> {
    if settings.own_writes() != OwnWrites::None {
        settings.await_lost_writes().await;
        settings.refresh(until).await?;
    }
    if settings.current() == settings.previous() {
        if settings.own_writes() == OwnWrites::Overwritten {
            return Err(RegistrationError::Conflict);
        }
        let wanted = desired.settings(settings.current()).ok();
        let is_desired = wanted.as_ref() == settings.current();
        return Ok(Some(After::Unchanged { is_desired }));
    }
    let previous = settings.previous().cloned();
    let was_released = previous.as_ref().is_some_and(|previous| previous.is_ready);
    if was_released && !settings.is_released() {
        // It would take a release to restore them.
        let is_done = may_be_done && settings.has_url(&desired.target.url);
        return if is_done {
            Ok(None)
        } else {
            Err(RegistrationError::Conflict)
        };
    }
    let restored = settings.write(previous.as_ref(), until).await?;
    if restored == Written::Done
        && settings.confirm(previous.as_ref(), until).await? == Written::Done
    {
        return Ok(Some(After::Restored));
    }
    Err(RegistrationError::Conflict)
}

pub(crate) async fn in_time<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, RegistrationError>>,
) -> Result<T, RegistrationError> {
    let done = timeout_at(deadline, work).await;
    done.unwrap_or(Err(RegistrationError::OutOfTime))
}

impl After {
    fn explain(&self) -> String {
        match self {
            Self::Unchanged { .. } => "This event left no change in HubSpot.".into(),
            Self::Restored => "The previous HubSpot settings were restored.".into(),
            Self::NotRestored(error) => format!(
                "The previous settings were NOT restored ({error}): \
                 see what HubSpot has with the action status."
            ),
        }
    }
}
