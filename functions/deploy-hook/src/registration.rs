//! The registration of one app: converged to the desired state, rolled back on failure, withdrawn.

use std::fmt;

use channel_connection::{
    settings::{ChannelConnectionSettings, SettingsChange},
    webhook_url::WebhookUrl,
};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    desired_state::{DesiredState, OnDelete, Step, plan},
    hubspot::{
        client::{SettingsApi, Write},
        error::ApiError,
        versioned::{Audit, VersionedSettings, Written},
    },
    probe::{Probe, ProbeError},
};

/// Maximum plans of one event, if somebody else writes meanwhile.
const MAX_PLANS: u32 = 3;

/// The registration of one app.
#[derive(Debug)]
pub(crate) struct Registration {
    api: SettingsApi,
    audit: Audit,
}

/// The time that a registration has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    pub done: Instant,
    /// The end of a rollback, after a failure.
    pub rolled_back: Instant,
}

/// The result of a withdrawal that HubSpot did not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawOutcome {
    Removed,
    Held,
    NotRegistered,
    /// HubSpot has another URL, which stays.
    NotOwned,
}

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
        "HubSpot holds another URL ({0}), released to customers. \
         It may be another stage's: each needs an app of its own. \
         To replace it, say true or false for IsReady, not keep"
    )]
    ReleasedElsewhere(String),
    #[error(
        "HubSpot does not hold this stack's URL. Register it first: deploy, or the action register"
    )]
    NotRegistered,
    #[error(
        "the settings may have been held or changed meanwhile; see the action status, and start again"
    )]
    Conflict,
    #[error("HubSpot answered so late that a hold may have come in between; start again")]
    Late,
    #[error(
        "HubSpot holds isReady=false now, but a release that was already running may still set it \
         ({0}). Repeat hold, and see with the action status (channelctl status) whether it stays"
    )]
    HoldUnconfirmed(String),
    #[error("there was no time left")]
    OutOfTime,
}

/// A failed registration.
#[derive(Debug)]
pub struct FailedRegistration {
    pub cause: RegistrationError,
    pub after: After,
}

/// The settings in HubSpot after a failed registration.
#[derive(Debug)]
pub enum After {
    /// As before; they may even be the desired ones, and only the webhook could not be verified.
    Unchanged { is_desired: bool },
    /// As somebody else wrote them.
    NotWritten,
    /// The previous settings again.
    Restored,
    /// Perhaps not the previous settings.
    NotRestored(RegistrationError),
}

impl Registration {
    pub(crate) fn new(api: SettingsApi, audit: Audit) -> Self {
        Self { api, audit }
    }

    /// Registers a URL, verifies it, and releases it if that is desired; returns a sentence for people.
    pub(crate) async fn register(
        &self,
        probe: &Probe,
        desired: &DesiredState,
        deadlines: Deadlines,
    ) -> Result<String, FailedRegistration> {
        let read = VersionedSettings::read(&self.api, &self.audit, deadlines.done).await;
        let mut settings = read.map_err(|error| FailedRegistration {
            cause: error.into(),
            after: After::Unchanged { is_desired: false },
        })?;
        let work = converge(&mut settings, probe, desired, deadlines.done);
        let converged = in_time(deadlines.done, work).await;
        let previous = settings.previous().map(|previous| previous.url.clone());
        if let Err(cause) = converged {
            roll_back(&mut settings, cause, desired, deadlines.rolled_back).await?;
        }
        let (url, is_ready) = (&desired.target.url, settings.is_released());
        let done = format!("HubSpot holds {url} with isReady={is_ready}.");
        // It may have been another stage's, which HubSpot then no longer calls.
        Ok(
            match previous.filter(|previous| *previous != *url.as_str()) {
                Some(previous) => format!("{done} Until now it held {previous}."),
                None => done,
            },
        )
    }

    /// Withdraws the settings if they have `url`: removes them, or sets isReady=false so that no release
    /// that is already running undoes it. Another stack's settings stay.
    pub(crate) async fn withdraw(
        &self,
        url: &WebhookUrl,
        on_delete: OnDelete,
        until: Instant,
    ) -> Result<WithdrawOutcome, RegistrationError> {
        let mut settings = VersionedSettings::read(&self.api, &self.audit, until).await?;
        if let Some(outcome) = WithdrawOutcome::without_own(settings.current(), url) {
            return Ok(outcome);
        }
        if on_delete == OnDelete::Hold {
            hold(&mut settings, url, until).await?;
            return Ok(WithdrawOutcome::Held);
        }
        let removed = settings.withdraw(url, &Write::Remove, until).await?;
        if removed == Written::Done && settings.confirm(None, until).await? == Written::Done {
            return Ok(WithdrawOutcome::Removed);
        }
        Err(RegistrationError::Conflict)
    }
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
        if execute(settings, steps, probe, &wanted, &desired.target.url, until).await?
            == Written::Done
        {
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
            Step::Announce(unreleased) => announce(settings, &unreleased, until).await?,
            Step::Write(step) => settings.write(Some(&step), until).await?,
            Step::Confirm => settings.confirm(Some(wanted), until).await?,
            Step::Hold => hold(settings, url, until).await.map(|()| Written::Done)?,
        };
        if written == Written::Conflict {
            return Ok(Written::Conflict);
        }
    }
    Ok(Written::Done)
}

async fn announce(
    settings: &mut VersionedSettings<'_>,
    unreleased: &ChannelConnectionSettings,
    until: Instant,
) -> Result<Written, RegistrationError> {
    let written = settings.announce(unreleased, until).await?;
    if written == Written::Done && !settings.may_release() {
        return Err(RegistrationError::Late);
    }
    Ok(written)
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
    let fail = |cause, after| Err(FailedRegistration { cause, after });
    if !settings.has_written() && settings.has_conflicted() {
        return fail(cause, After::NotWritten);
    }
    if !settings.has_written() {
        let wanted = desired.settings(settings.current()).ok();
        let is_desired = wanted.as_ref() == settings.current();
        return fail(cause, After::Unchanged { is_desired });
    }
    // A hold of the same URL is not verified, and done only if it is confirmed.
    let is_replaced = |previous: &ChannelConnectionSettings| !desired.has_url(previous);
    let may_be_done = settings.previous().is_some_and(is_replaced);
    match in_time(until, restore(settings, desired, may_be_done, until)).await {
        Ok(None) => Ok(()),
        Ok(Some(after)) => fail(cause, after),
        Err(error) => fail(cause, After::NotRestored(error)),
    }
}

/// Returns `None` if HubSpot turns out to have the desired settings, verified before they were written.
async fn restore(
    settings: &mut VersionedSettings<'_>,
    desired: &DesiredState,
    may_be_done: bool,
    until: Instant,
) -> Result<Option<After>, RegistrationError> {
    let is_own = settings.refresh_own(until).await?;
    if settings.current() == settings.previous() && !settings.has_conflicted() {
        return Ok(Some(After::Unchanged { is_desired: false }));
    }
    if !is_own || settings.current() == settings.previous() {
        return Err(RegistrationError::Conflict);
    }
    let previous = settings.previous().cloned();
    let was_released = previous.as_ref().is_some_and(|previous| previous.is_ready);
    if was_released && !settings.is_released() {
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

/// Sets isReady=false, and waits until no release that is already running can set it again.
///
/// It always writes, so that the version moves and a running release finds it changed. It is done
/// when HubSpot, a settle time after its last write, still has the version of that write: a release
/// that had read HubSpot right before has then written, or announced itself, and any other write is
/// not this hold's.
async fn hold(
    settings: &mut VersionedSettings<'_>,
    url: &WebhookUrl,
    until: Instant,
) -> Result<(), RegistrationError> {
    let mut is_held = false;
    let held = in_time(until, hold_and_settle(settings, url, &mut is_held, until)).await;
    match held {
        Err(error @ (RegistrationError::Api(_) | RegistrationError::OutOfTime)) if is_held => {
            Err(RegistrationError::HoldUnconfirmed(error.to_string()))
        }
        held => held,
    }
}

async fn hold_and_settle(
    settings: &mut VersionedSettings<'_>,
    url: &WebhookUrl,
    is_held: &mut bool,
    until: Instant,
) -> Result<(), RegistrationError> {
    let settle = settings.settle();
    loop {
        let hold = Write::Change(SettingsChange::HOLD);
        if settings.withdraw(url, &hold, until).await? == Written::Conflict {
            return Err(RegistrationError::Conflict);
        }
        *is_held = true;
        if Instant::now() + settle > until {
            return Err(RegistrationError::OutOfTime);
        }
        sleep(settle).await;
        let is_unchanged = settings.refresh(until).await?;
        *is_held = settings.has_url(url) && !settings.is_released();
        if is_unchanged {
            return if settings.has_moved {
                Ok(())
            } else {
                let reason = "HubSpot's updatedAt did not change with the hold";
                Err(RegistrationError::HoldUnconfirmed(reason.into()))
            };
        }
        if *is_held {
            // Perhaps another hold: one of the two has to let the other one settle.
            sleep(settle.mul_f64(fastrand::f64())).await;
            settings.refresh(until).await?;
            *is_held = settings.has_url(url) && !settings.is_released();
        }
    }
}

async fn in_time<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, RegistrationError>>,
) -> Result<T, RegistrationError> {
    let done = timeout_at(deadline, work).await;
    done.unwrap_or(Err(RegistrationError::OutOfTime))
}

impl RegistrationError {
    /// Returns whether HubSpot rejected the credential.
    pub(crate) fn rejects_credential(&self) -> bool {
        matches!(self, Self::Api(error) if error.rejects_credential())
    }
}

impl WithdrawOutcome {
    /// Returns the outcome if HubSpot does not have the stack's URL.
    pub(crate) fn without_own(
        current: Option<&ChannelConnectionSettings>,
        url: &WebhookUrl,
    ) -> Option<Self> {
        match current {
            None => Some(Self::NotRegistered),
            Some(current) if current.has_url(url) => None,
            Some(_) => Some(Self::NotOwned),
        }
    }

    /// Returns a sentence for people.
    pub(crate) fn explain(self) -> &'static str {
        match self {
            Self::Removed => "The settings were removed from HubSpot.",
            Self::Held => {
                "HubSpot holds the URL with isReady=false: users can no longer select the app."
            }
            Self::NotRegistered => "HubSpot held no settings.",
            Self::NotOwned => "HubSpot holds another URL, which was left alone.",
        }
    }
}

impl fmt::Display for FailedRegistration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = &self.cause;
        let after = match &self.after {
            After::Unchanged { .. } => "HubSpot holds what it held before.",
            After::NotWritten => "This event wrote nothing to HubSpot.",
            After::Restored => "The previous HubSpot settings were restored.",
            After::NotRestored(error) => {
                return write!(
                    formatter,
                    "{cause}. The previous settings were NOT restored ({error}): \
                     see what HubSpot holds with the action status."
                );
            }
        };
        write!(formatter, "{cause}. {after}")
    }
}

impl std::error::Error for FailedRegistration {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}
