//! Compare-and-set for settings that HubSpot itself writes unconditionally.
//!
//! `updatedAt` is the version. An event knows the version that it read and those of its own writes;
//! every other version is somebody else's, even if the values are the same. A write follows a read
//! of the known version within one call's time. Nothing in HubSpot closes that gap, so a hold waits
//! for it: see `TimeBudget::settle`.
//!
//! An event that goes on to set isReady=true announces itself: it writes isReady=false first, within
//! a settle time of its start. A hold that is not done by then finds another version than its own,
//! and writes again; the event finds that version, and ends:
//!
//! ```text
//! release  GET     PATCH false, version 2     verify     GET: version 3, not its own: the end
//! hold         GET                PATCH false, version 3     settle     GET: version 3: done
//! ```

use channel_connection::settings::ChannelConnectionSettings;
use tokio::time::{Instant, sleep_until};

use crate::{
    HookError,
    desired_state::own_settings,
    hubspot::{
        client::{Registered, SettingsApi},
        error::ApiError,
    },
    retries::RetryHint,
};

/// One app's settings in HubSpot, as far as one event knows them.
#[derive(Debug)]
pub(crate) struct VersionedSettings<'a> {
    pub(crate) api: &'a SettingsApi,
    /// The end of the time for calls.
    pub(crate) until: Instant,
    /// What a rollback restores: what the event found, or what somebody else wrote since.
    previous: Option<Registered>,
    current: Option<Registered>,
    /// When the read or write that returned `current` was sent.
    known_at: Instant,
    /// Writes without a definite response: HubSpot may have their values under an unknown version.
    lost: Vec<Option<ChannelConnectionSettings>>,
    /// When the latest of them was sent: it may still take effect.
    lost_at: Option<Instant>,
    /// An own write until then is an announcement.
    announce_by: Instant,
    announcement: Announcement,
    /// Whether this event sent a write, with any response.
    pub(crate) has_written: bool,
    /// Whether HubSpot then had a version that was not the last write's: somebody else's, or that of a
    /// write that was refused and took effect.
    pub(crate) is_overwritten: bool,
}

/// Whether every hold that began after the event, or is not done, knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Announcement {
    Missing,
    Made,
    /// By somebody else, perhaps a hold: the event must not release any more.
    Overwritten,
}

impl<'a> VersionedSettings<'a> {
    /// Reads the settings that an event starts from.
    pub(crate) async fn read(api: &'a SettingsApi, until: Instant) -> Result<Self, ApiError> {
        let announce_by = Instant::now() + api.budget.settle;
        let (current, known_at) = api.read(until).await?;
        Ok(Self {
            api,
            until,
            previous: current.clone(),
            current,
            known_at,
            lost: Vec::new(),
            lost_at: None,
            announce_by,
            announcement: Announcement::Missing,
            has_written: false,
            is_overwritten: false,
        })
    }

    pub(crate) fn current(&self) -> Option<&ChannelConnectionSettings> {
        settings(self.current.as_ref())
    }

    pub(crate) fn previous(&self) -> Option<&ChannelConnectionSettings> {
        settings(self.previous.as_ref())
    }

    pub(crate) fn is_released(&self) -> bool {
        self.current().is_some_and(|current| current.is_ready)
    }

    /// Returns whether HubSpot has the URL of this event's stack.
    pub(crate) fn has_own_url(&self) -> bool {
        own_settings(self.current(), &self.api.target.url).is_ok()
    }

    /// Returns whether somebody else wrote after the announcement: perhaps a hold.
    pub(crate) fn may_be_held(&self) -> bool {
        self.announcement == Announcement::Overwritten && !self.is_released()
    }

    /// Returns whether no hold is undone by isReady=true.
    fn may_release(&self) -> bool {
        let has_version = |current: &Registered| current.updated_at.is_some();
        let is_known = self.current.as_ref().is_some_and(has_version);
        self.is_released() || (is_known && self.announcement == Announcement::Made)
    }

    /// Reads again; returns whether HubSpot still has the version that this event knows. What somebody
    /// else wrote is what a rollback leaves from now on.
    pub(crate) async fn refresh(&mut self) -> Result<bool, ApiError> {
        let (now, sent) = self.api.read(self.until).await?;
        let is_known = now == self.current;
        self.current = now;
        self.known_at = sent;
        if !is_known {
            if self.announcement == Announcement::Made {
                self.announcement = Announcement::Overwritten;
            }
            let current = settings(self.current.as_ref());
            if !self.lost.iter().any(|lost| lost.as_ref() == current) {
                self.previous.clone_from(&self.current);
                self.lost.clear();
                self.is_overwritten |= self.has_written;
            }
        }
        Ok(is_known)
    }

    /// Waits until no lost write can take effect any more.
    pub(crate) async fn await_lost_writes(&self) {
        if let Some(sent) = self.lost_at {
            let budget = self.api.budget;
            sleep_until(sent + budget.settle.saturating_sub(budget.call)).await;
        }
    }

    /// Brings HubSpot from the known version to the desired settings.
    pub(crate) async fn write(
        &mut self,
        desired: Option<&ChannelConnectionSettings>,
    ) -> Result<(), HookError> {
        self.write_known(desired, false).await
    }

    /// Writes settings with isReady=false, even if HubSpot has them: only a version of this event's
    /// own tells holds that it goes on to release.
    pub(crate) async fn announce(
        &mut self,
        unreleased: &ChannelConnectionSettings,
    ) -> Result<(), HookError> {
        self.write_known(Some(unreleased), true).await?;
        if self.may_release() {
            Ok(())
        } else {
            Err(HookError::Late)
        }
    }

    /// A write that failed may have been applied, and somebody else may have written: after a failure
    /// other than a definite refusal HubSpot is read again.
    async fn write_known(
        &mut self,
        desired: Option<&ChannelConnectionSettings>,
        announces: bool,
    ) -> Result<(), HookError> {
        let releases = desired.is_some_and(|desired| desired.is_ready);
        let mut retries = self.api.retries(self.until);
        if releases {
            // An announcement that takes effect late would undo the release.
            self.await_lost_writes().await;
        }
        loop {
            let mut must_read = releases;
            while must_read || self.known_at.elapsed() > self.api.budget.call {
                if !self.refresh().await? {
                    let found = self.expect(desired);
                    // Only a version of its own announces this event.
                    if !announces || found.is_err() {
                        return found;
                    }
                }
                must_read = false;
            }
            if self.current() == desired && !announces {
                return Ok(());
            }
            if releases && !self.may_release() {
                return Err(HookError::Conflict);
            }
            if self.current() != desired && announces {
                // Nothing holds the URL, so no hold that began before this read is undone.
                self.announce_by = self.known_at + self.api.budget.settle;
            }
            let Err(error) = self.send(desired).await else {
                return self.expect(desired);
            };
            let is_doubtful = error.is_ambiguous() || error.is_contradiction();
            if is_doubtful && !self.refresh().await? {
                // Without a definite response it is no announcement, its own or not.
                return if announces {
                    Err(HookError::Conflict)
                } else {
                    self.expect(desired)
                };
            }
            if !retries.pause(error.retry_hint(), &error).await {
                return Err(error.into());
            }
        }
    }

    /// Writes over any version while HubSpot has this stack's URL; returns whether the version moved, so
    /// that others can see the write.
    pub(crate) async fn overwrite(
        &mut self,
        desired: Option<&ChannelConnectionSettings>,
    ) -> Result<bool, HookError> {
        let mut retries = self.api.retries(self.until);
        while self.has_own_url() {
            let error = match self.send(desired).await {
                Ok(has_moved) => return self.expect(desired).map(|()| has_moved),
                Err(error) => error,
            };
            let hint = if error.is_not_found() {
                // The read before and the one that follows say more.
                RetryHint::Backoff
            } else {
                error.retry_hint()
            };
            if !retries.pause(hint, &error).await {
                return Err(error.into());
            }
            self.refresh().await?;
            if desired.is_none() && self.current().is_none() {
                return Ok(true);
            }
        }
        Err(HookError::Conflict)
    }

    /// Reads whether HubSpot has the desired settings, of any writer, when no write of this event can
    /// change them any more.
    pub(crate) async fn confirm(
        &mut self,
        desired: Option<&ChannelConnectionSettings>,
    ) -> Result<(), HookError> {
        self.await_lost_writes().await;
        self.refresh().await?;
        self.expect(desired)
    }

    fn expect(&self, desired: Option<&ChannelConnectionSettings>) -> Result<(), HookError> {
        if self.current() == desired {
            Ok(())
        } else {
            Err(HookError::Conflict)
        }
    }

    /// Sends one write over any version; returns whether the version moved. It counts as lost until a
    /// definite response, even if this future is dropped.
    async fn send(
        &mut self,
        desired: Option<&ChannelConnectionSettings>,
    ) -> Result<bool, ApiError> {
        let sent = Instant::now();
        self.has_written = true;
        self.lost.push(desired.cloned());
        let lost_before = self.lost_at.replace(sent);
        let written = self.api.write(self.current(), desired, self.until).await;
        if !written.as_ref().is_err_and(ApiError::is_ambiguous) {
            self.lost.pop();
            self.lost_at = lost_before;
        }
        let now = written?;
        self.lost.clear();
        let has_moved = now != self.current;
        self.current = now;
        self.known_at = sent;
        if self.announcement != Announcement::Overwritten {
            self.announcement = if Instant::now() <= self.announce_by {
                Announcement::Made
            } else {
                Announcement::Missing
            };
        }
        Ok(has_moved)
    }
}

fn settings(registered: Option<&Registered>) -> Option<&ChannelConnectionSettings> {
    registered.map(|registered| &registered.settings)
}
