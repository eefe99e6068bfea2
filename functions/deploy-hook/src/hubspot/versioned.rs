//! Compare-and-set for settings that HubSpot itself writes unconditionally.
//!
//! `updatedAt` is the version. An event knows the version that it read and those of its own writes;
//! every other version is somebody else's, even if the values are the same. A write follows a read
//! of the known version within one call's time. Nothing in HubSpot closes that gap, so a hold waits
//! for it: see `TimeBudget::settle`.
//!
//! An event that goes on to set isReady=true announces itself: it writes isReady=false first, within
//! a settle time of its start. A hold that is not done by then finds another version than its own,
//! and writes again; the event finds that version, and ends.

use channel_connection::{
    settings::{ChannelConnectionSettings, SettingsChange},
    webhook_url::WebhookUrl,
};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep_until};
use tracing::{info, warn};

use crate::hubspot::{
    client::{Registered, SettingsApi, Write},
    error::ApiError,
};

/// Maximum characters of an operator's reason.
const MAX_REASON: usize = 200;

/// The actor and the reason of every write, for the log.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    actor: String,
    reason: String,
}

/// One app's settings in HubSpot, as far as one event knows them.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that no other implies"
)]
pub(crate) struct VersionedSettings<'a> {
    api: &'a SettingsApi,
    audit: &'a Audit,
    /// What a rollback restores.
    previous: Option<Registered>,
    current: Option<Registered>,
    /// When `current` was asked for; HubSpot's answer is no older.
    known_at: Instant,
    /// Writes without a definite response: HubSpot may have their values under an unknown version.
    attempted: Vec<Option<ChannelConnectionSettings>>,
    /// When the latest of them was sent: it may still take effect.
    lost_at: Option<Instant>,
    /// Whether this event wrote, or may have written.
    has_written: bool,
    /// Whether somebody else wrote meanwhile, and what they wrote became `previous`.
    has_conflicted: bool,
    /// When the event began to read.
    started: Instant,
    /// Whether every hold that began after the event, or is not done, knows of it: the current version
    /// is this event's, and was written in time.
    is_announced: bool,
    /// Whether a hold may have come after the announcement, so that the event must not release.
    may_be_held: bool,
    /// Whether an own write changed the version.
    pub(crate) has_moved: bool,
}

/// The result of a write that needs the known version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// Somebody else wrote; the current settings are read again.
    Conflict,
}

impl Audit {
    pub(crate) fn new(actor: impl Into<String>, reason: &str) -> Self {
        Self {
            actor: actor.into(),
            reason: reason.chars().take(MAX_REASON).collect(),
        }
    }

    fn log(
        &self,
        before: Option<&ChannelConnectionSettings>,
        after: Option<&ChannelConnectionSettings>,
        result: Result<&String, &ApiError>,
    ) {
        let Self { actor, reason } = self;
        let shown = |settings: Option<_>| json!(settings.map(redacted));
        let (before, after) = (shown(before), shown(after));
        match result {
            Ok(correlation_id) => {
                info!(audit = true, actor, reason, %before, %after, correlation_id, "settings written");
            }
            Err(error) => {
                warn!(audit = true, actor, reason, %before, %after, %error, "settings perhaps not written");
            }
        }
    }
}

impl<'a> VersionedSettings<'a> {
    /// Reads the settings that an event starts from.
    pub(crate) async fn read(
        api: &'a SettingsApi,
        audit: &'a Audit,
        until: Instant,
    ) -> Result<Self, ApiError> {
        let started = Instant::now();
        let (current, known_at) = api.read(until).await?;
        Ok(Self {
            api,
            audit,
            previous: current.clone(),
            current,
            known_at,
            attempted: Vec::new(),
            lost_at: None,
            has_written: false,
            has_conflicted: false,
            started,
            is_announced: false,
            may_be_held: false,
            has_moved: false,
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

    pub(crate) fn has_url(&self, url: &WebhookUrl) -> bool {
        self.current().is_some_and(|current| current.has_url(url))
    }

    pub(crate) fn has_written(&self) -> bool {
        self.has_written
    }

    pub(crate) fn has_conflicted(&self) -> bool {
        self.has_conflicted
    }

    /// Returns whether no hold is undone by isReady=true.
    pub(crate) fn may_release(&self) -> bool {
        let has_version = |current: &Registered| current.updated_at.is_some();
        let is_known = self.current.as_ref().is_some_and(has_version);
        self.is_released() || (is_known && self.is_announced)
    }

    /// Returns whether somebody else wrote after the announcement: perhaps a hold.
    pub(crate) fn may_be_held(&self) -> bool {
        self.may_be_held && !self.is_released()
    }

    /// Reads again; returns whether HubSpot still has the version that this event knows. What somebody
    /// else wrote is what a rollback leaves from now on.
    pub(crate) async fn refresh(&mut self, until: Instant) -> Result<bool, ApiError> {
        let (now, sent) = self.api.read(until).await?;
        let is_known = is_same_version(now.as_ref(), self.current.as_ref());
        self.current = now;
        self.known_at = sent;
        if !is_known {
            self.may_be_held |= self.is_announced;
            self.is_announced = false;
            if !self.is_own_write() {
                self.has_conflicted = true;
                self.previous.clone_from(&self.current);
                self.attempted.clear();
            }
        }
        Ok(is_known)
    }

    /// Reads again, once no lost write can take effect any more; returns whether this event may replace
    /// what HubSpot has: its version is known, or it has the values of a lost write.
    pub(crate) async fn refresh_own(&mut self, until: Instant) -> Result<bool, ApiError> {
        self.await_lost_writes().await;
        Ok(self.refresh(until).await? || self.is_own_write())
    }

    async fn await_lost_writes(&self) {
        if let Some(sent) = self.lost_at {
            let budget = self.api.budget;
            sleep_until(sent + budget.settle.saturating_sub(budget.call)).await;
        }
    }

    /// Brings HubSpot from the known version to the desired settings.
    pub(crate) async fn write(
        &mut self,
        desired: Option<&ChannelConnectionSettings>,
        until: Instant,
    ) -> Result<Written, ApiError> {
        self.write_as(desired, false, until).await
    }

    /// Writes settings with isReady=false, even if HubSpot has them: only a version of this event's
    /// own tells holds that it goes on to release.
    pub(crate) async fn announce(
        &mut self,
        unreleased: &ChannelConnectionSettings,
        until: Instant,
    ) -> Result<Written, ApiError> {
        self.write_as(Some(unreleased), true, until).await
    }

    /// A write that failed may have been applied, and somebody else may have written: after a failure
    /// other than a definite refusal HubSpot is read again.
    async fn write_as(
        &mut self,
        desired: Option<&ChannelConnectionSettings>,
        announces: bool,
        until: Instant,
    ) -> Result<Written, ApiError> {
        let releases = desired.is_some_and(|desired| desired.is_ready);
        let mut retries = self.api.retries(until);
        let mut must_read = releases;
        if releases {
            // An announcement that takes effect late would undo the release.
            self.await_lost_writes().await;
        }
        loop {
            while must_read || !self.is_fresh() {
                if !self.refresh(until).await? {
                    match self.compare(desired) {
                        // Whoever wrote it: only a version of its own announces this event.
                        Written::Done if announces => {}
                        written => return Ok(written),
                    }
                }
                must_read = false;
            }
            if self.current() == desired && !announces {
                return Ok(Written::Done);
            }
            if releases && !self.may_release() {
                return Ok(Written::Conflict);
            }
            if self.current() != desired && announces {
                // Nothing holds the URL, so no hold that began before this read is undone.
                self.started = self.known_at;
            }
            let write = self.write_to(desired);
            let Err(error) = self.send(&write, desired, until).await else {
                return Ok(self.compare(desired));
            };
            let is_doubtful = error.is_ambiguous() || error.is_contradiction();
            if is_doubtful && !self.refresh(until).await? {
                return Ok(match self.compare(desired) {
                    // Without a definite response it is no announcement, its own or not.
                    Written::Done if announces => Written::Conflict,
                    written => written,
                });
            }
            if !retries.pause(&error).await {
                return Err(error);
            }
            must_read = releases;
        }
    }

    /// Sets isReady=false, or removes the settings, whatever their version, while they have `url`.
    pub(crate) async fn withdraw(
        &mut self,
        url: &WebhookUrl,
        write: &Write,
        until: Instant,
    ) -> Result<Written, ApiError> {
        let mut retries = self.api.retries(until);
        loop {
            if !self.has_url(url) {
                return Ok(Written::Conflict);
            }
            let desired = match write {
                Write::Remove => None,
                _ => self.current().map(ChannelConnectionSettings::unreleased),
            };
            let result = self.send(write, desired.as_ref(), until).await;
            let Err(error) = result else {
                return Ok(self.compare(desired.as_ref()));
            };
            let is_not_found = error.is_not_found();
            if !is_not_found && !retries.pause(&error).await {
                return Err(error);
            }
            self.refresh(until).await?;
            if desired.is_none() && self.current.is_none() {
                return Ok(Written::Done);
            }
            if is_not_found && self.current.is_some() {
                return Err(error);
            }
        }
    }

    fn compare(&self, desired: Option<&ChannelConnectionSettings>) -> Written {
        if self.current() == desired {
            Written::Done
        } else {
            Written::Conflict
        }
    }

    /// Reads whether HubSpot has the desired settings, whoever wrote them.
    pub(crate) async fn confirm(
        &mut self,
        desired: Option<&ChannelConnectionSettings>,
        until: Instant,
    ) -> Result<Written, ApiError> {
        self.refresh(until).await?;
        Ok(self.compare(desired))
    }

    fn is_fresh(&self) -> bool {
        self.known_at.elapsed() <= self.api.budget.call
    }

    fn is_own_write(&self) -> bool {
        self.attempted
            .iter()
            .any(|attempted| attempted.as_ref() == self.current())
    }

    fn write_to(&self, desired: Option<&ChannelConnectionSettings>) -> Write {
        match (self.current(), desired) {
            (_, None) => Write::Remove,
            (None, Some(desired)) => Write::Create(desired.clone()),
            (Some(current), Some(desired)) => {
                Write::Change(SettingsChange::between(current, desired))
            }
        }
    }

    async fn send(
        &mut self,
        write: &Write,
        desired: Option<&ChannelConnectionSettings>,
        until: Instant,
    ) -> Result<(), ApiError> {
        self.has_written = true;
        self.attempted.push(desired.cloned());
        let sent = Instant::now();
        let result = self.api.write(write, until).await;
        let id = result.as_ref().map(|(_, id)| id);
        self.audit.log(self.current(), desired, id);
        match &result {
            Err(error) if error.is_ambiguous() => self.lost_at = Some(sent),
            Err(_) => drop(self.attempted.pop()),
            Ok(_) => {}
        }
        let (now, _) = result?;
        self.attempted.clear();
        self.has_moved |= !is_same_version(now.as_ref(), self.current.as_ref());
        self.current = now;
        self.known_at = sent;
        self.is_announced = self.started.elapsed() <= self.api.budget.settle;
        Ok(())
    }

    pub(crate) fn settle(&self) -> Duration {
        self.api.budget.settle
    }
}

fn settings(registered: Option<&Registered>) -> Option<&ChannelConnectionSettings> {
    registered.map(|registered| &registered.settings)
}

/// A text of low resolution could be the same for two writes, so the values count too.
fn is_same_version(one: Option<&Registered>, other: Option<&Registered>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            one.updated_at == other.updated_at && one.settings == other.settings
        }
        _ => false,
    }
}

/// Returns settings for people, without the URL's query.
pub(crate) fn redacted(settings: &ChannelConnectionSettings) -> Value {
    json!({"url": settings.url.to_string(), "isReady": settings.is_ready})
}
