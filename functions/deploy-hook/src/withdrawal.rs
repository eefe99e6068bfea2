//! The end of a registration: the settings are removed from HubSpot, or held with isReady=false.

use channel_connection::{settings::ChannelConnectionSettings, webhook_url::WebhookUrl};
use tokio::time::{Instant, sleep};

use crate::{
    budget::RetryHint,
    desired_state::OnDelete,
    hubspot::{
        client::SettingsApi,
        error::ApiError,
        versioned::{VersionedSettings, Written},
    },
    registration::{RegistrationError, in_time},
};

/// The result of a withdrawal that HubSpot did not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawOutcome {
    Removed,
    Held,
    NotRegistered,
    /// HubSpot has another URL, which stays.
    OtherUrl,
}

/// Withdraws the settings if they have `url`: removes them, or sets isReady=false so that no release
/// that is already running undoes it. Another stack's settings stay.
pub(crate) async fn withdraw(
    api: &SettingsApi,
    url: &WebhookUrl,
    on_delete: OnDelete,
    until: Instant,
) -> Result<WithdrawOutcome, RegistrationError> {
    let mut settings = VersionedSettings::read(api, until).await?;
    if settings.current().is_none() && on_delete == OnDelete::Hold {
        // A false 404 would leave the app released.
        sleep(api.budget.hubspot.min_delay).await;
        settings.refresh(until).await?;
    }
    if let Some(outcome) = WithdrawOutcome::without_own(settings.current(), url) {
        return Ok(outcome);
    }
    if on_delete == OnDelete::Hold {
        hold(&mut settings, url, until).await?;
        return Ok(WithdrawOutcome::Held);
    }
    let removed = write(&mut settings, url, None, until).await?;
    if removed == Written::Done && settings.confirm(None, until).await? == Written::Done {
        return Ok(WithdrawOutcome::Removed);
    }
    Err(RegistrationError::Conflict)
}

/// Sets isReady=false, and waits until no release that is already running can set it again.
///
/// It always writes, so that the version moves and a running release finds it changed. It is done
/// when HubSpot, a settle time after its last write, still has the version of that write: a release
/// that had read HubSpot right before has then written, or announced itself, and any other write is
/// not this hold's.
pub(crate) async fn hold(
    settings: &mut VersionedSettings<'_>,
    url: &WebhookUrl,
    until: Instant,
) -> Result<(), RegistrationError> {
    let held = in_time(until, hold_and_settle(settings, url, until)).await;
    match held {
        Err(error @ (RegistrationError::Api(_) | RegistrationError::OutOfTime))
            if settings.holds(url) =>
        {
            Err(RegistrationError::HoldUnconfirmed(error.to_string()))
        }
        held => held,
    }
}

async fn hold_and_settle(
    settings: &mut VersionedSettings<'_>,
    url: &WebhookUrl,
    until: Instant,
) -> Result<(), RegistrationError> {
    let settle = settings.api.budget.settle;
    let unreleased = ChannelConnectionSettings {
        url: url.as_str().into(),
        is_ready: false,
    };
    loop {
        let held = write(settings, url, Some(&unreleased), until).await?;
        if held == Written::Conflict {
            return Err(RegistrationError::Conflict);
        }
        if Instant::now() + settle > until {
            return Err(RegistrationError::OutOfTime);
        }
        sleep(settle).await;
        let is_unchanged = settings.refresh(until).await?;
        if is_unchanged && held == Written::Done {
            return Ok(());
        }
        if is_unchanged {
            let reason = "HubSpot's updatedAt did not change with the hold";
            return Err(RegistrationError::HoldUnconfirmed(reason.into()));
        }
        if settings.holds(url) {
            // Perhaps another hold: one of the two has to let the other one settle.
            sleep(settle.mul_f64(fastrand::f64())).await;
            settings.refresh(until).await?;
        }
    }
}

/// Writes while HubSpot has `url`, over any version.
async fn write(
    settings: &mut VersionedSettings<'_>,
    url: &WebhookUrl,
    desired: Option<&ChannelConnectionSettings>,
    until: Instant,
) -> Result<Written, ApiError> {
    let mut retries = settings.api.retries(until);
    while settings.has_url(url) {
        let error = match settings.send(desired, until).await {
            Ok(written) if settings.current() == desired => return Ok(written),
            Ok(_) => return Ok(Written::Conflict),
            Err(error) => error,
        };
        let hint = if error.is_not_found() {
            // The read before and the one that follows say more.
            RetryHint::Backoff
        } else {
            error.retry_hint()
        };
        if !retries.pause(hint, &error).await {
            return Err(error);
        }
        settings.refresh(until).await?;
        if desired.is_none() && settings.current().is_none() {
            return Ok(Written::Done);
        }
    }
    Ok(Written::Conflict)
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
            Some(_) => Some(Self::OtherUrl),
        }
    }

    /// Returns a sentence for people.
    pub(crate) fn explain(self) -> &'static str {
        match self {
            Self::Removed => "The settings were removed from HubSpot.",
            Self::Held => {
                "HubSpot has the URL with isReady=false: users can no longer select the app."
            }
            Self::NotRegistered => "HubSpot had no settings.",
            Self::OtherUrl => "HubSpot has another URL, which was left alone.",
        }
    }
}
