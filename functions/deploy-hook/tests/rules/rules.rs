//! The rules, checked on the log of all accesses: each write is its event's own, whoever else wrote.

use std::time::{Duration, Instant};

use hubspot_simulator::SettingsAccess;
use proptest::{prop_assert, prop_assert_eq, test_runner::TestCaseError};
use test_support::CLIENT_SECRET;

use crate::{
    account::KEY,
    env::TestEnv,
    event::{Observation, Settings},
};

/// A write may take effect that long after the read that it was decided on: nothing can prevent it.
const WINDOW: Duration = Duration::from_millis(500);

type EventRule = fn(&Case) -> bool;
const EVENT_RULES: [(&str, EventRule); 4] = [
    ("a hold that was done is final", hold_is_final),
    (
        "it changed nothing if it says so",
        report_of_no_change_is_true,
    ),
    ("HubSpot had what it reports", report_is_true),
    (
        "its report is short, without secrets",
        report_is_presentable,
    ),
];

type WriteRule = fn(&Case, &Write) -> bool;
const WRITE_RULES: [(&str, WriteRule); 7] = [
    ("only some events write, to their own app", write_is_its_own),
    ("it read before it wrote", write_follows_a_read),
    ("it verified what it released", released_url_is_verified),
    (
        "it verified again what replaced a released URL",
        replaced_url_is_verified_again,
    ),
    ("it took no released webhook away", released_url_stays),
    ("it withdrew its own URL only", withdrawn_url_is_own),
    ("it withdrew from its own app only", withdrawn_app_is_own),
];

/// One event among all.
struct Case<'a> {
    env: &'a TestEnv,
    log: &'a [SettingsAccess],
    all: &'a [Observation],
    seen: &'a Observation,
    accesses: Vec<&'a SettingsAccess>,
}

/// One write of an event, and the event's accesses before it.
struct Write<'a> {
    access: &'a SettingsAccess,
    before: &'a [&'a SettingsAccess],
}

/// Checks every event so far.
pub fn check(env: &TestEnv) -> Result<(), TestCaseError> {
    let log = env.hubspot.with_account(|account| account.accesses.clone());
    let all = env.observations.borrow();
    for seen in all.iter() {
        let case = Case {
            env,
            log: &log,
            all: &all,
            seen,
            accesses: seen.accesses(&log),
        };
        for (rule, holds) in EVENT_RULES {
            prop_assert!(holds(&case), "{rule}: {}", case.trace());
        }
        for (at, access) in case.accesses.iter().enumerate() {
            let before = &case.accesses[..at];
            let write = Write { access, before };
            for (rule, holds) in WRITE_RULES.iter().filter(|_| access.is_write) {
                prop_assert!(holds(&case, &write), "{rule}: {access:?} {}", case.trace());
            }
        }
    }
    env.hubspot.with_account(|account| {
        for call in &account.calls {
            prop_assert_eq!(&call.violations, &[""; 0], "{:?}", call);
        }
        Ok(())
    })
}

impl Case<'_> {
    /// Returns the event, and the accesses to its app, each with its time in milliseconds.
    fn trace(&self) -> String {
        let app_id = self.seen.event.app_id;
        let of_app = self.log.iter().filter(|access| access.app_id == app_id);
        let lines = of_app.map(|access| {
            let ms = access.at.saturating_duration_since(self.seen.started);
            let kind = if access.is_write { "write" } else { "read" };
            let (ms, caller) = (ms.as_millis(), access.caller);
            format!("\n{ms} {caller:?} {kind} {:?}", access.after)
        });
        format!("{:?}{}", self.seen, lines.collect::<String>())
    }

    fn has_own_url(&self, settings: &Settings) -> bool {
        has_url(settings, &self.seen.event.url)
    }

    fn was_verified(&self, url: &str, from: Instant, to: Instant) -> bool {
        self.env.webhooks.was_verified(url, from, to)
    }
}

impl Write<'_> {
    /// Returns what the event may have seen when it sent the write.
    fn seen(&self) -> impl Iterator<Item = &Settings> {
        let is_recent = |read: &&&SettingsAccess| self.access.at - read.at <= WINDOW;
        let recent = self.before.iter().filter(is_recent);
        recent.chain(self.before.last()).map(|read| &read.after)
    }

    fn own_writes(&self) -> impl Iterator<Item = &&SettingsAccess> {
        self.before.iter().filter(|access| access.is_write)
    }

    /// Returns the URL with isReady=true.
    fn released_url(&self) -> Option<&str> {
        let after = self.access.after.as_ref();
        let released = after.filter(|after| after.is_ready);
        released.map(|released| released.url.as_str())
    }
}

fn is_released(settings: &Settings) -> bool {
    settings.as_ref().is_some_and(|settings| settings.is_ready)
}

fn has_url(settings: &Settings, url: &str) -> bool {
    let settings = settings.as_ref();
    settings.is_some_and(|settings| settings.url == *url)
}

/// Rule 7: after a hold was done, isReady=true is of an event that began to read HubSpot after the hold's
/// first write, and to write after the hold was done.
fn hold_is_final(case: &Case) -> bool {
    let hold = case.seen;
    let is_done = hold.is_success() && hold.words().contains("isReady=false");
    if !hold.is_of(&["hold"]) || !is_done {
        return true;
    }
    let mut writes = case.accesses.iter().filter(|access| access.is_write);
    let last_write = case.accesses.iter().rposition(|access| access.is_write);
    let confirmation = last_write.and_then(|last| case.accesses.get(last + 1));
    let (Some(first), Some(confirmation)) = (writes.next(), confirmation) else {
        return false;
    };
    let later = case.log.iter().filter(|access| {
        access.app_id == hold.event.app_id && access.at > confirmation.at && access.is_write
    });
    let mut releases =
        later.filter(|write| is_released(&write.after) && !is_released(&write.before));
    releases.all(|release| {
        let mut all = case.all.iter();
        let Some(event) = all.find(|event| Some(event.caller) == release.caller) else {
            // Somebody who is no hook, or an event that still runs.
            return true;
        };
        let accesses = event.accesses(case.log);
        let first_write = accesses.iter().find(|access| access.is_write);
        accesses[0].at > first.at && first_write.is_some_and(|write| write.at > confirmation.at)
    })
}

fn write_is_its_own(case: &Case, write: &Write) -> bool {
    let is_own = write.access.app_id == case.seen.event.app_id;
    is_own && !case.seen.is_of(&["verify", "status", "retain"])
}

fn write_follows_a_read(case: &Case, Write { access, before }: &Write) -> bool {
    let creates = access.before.is_none() && !is_released(&access.after);
    !before.is_empty() || (case.seen.was_lied_to && creates)
}

/// Rule 1: a URL is verified, since this event wrote it, before this event releases it.
fn released_url_is_verified(case: &Case, write: &Write) -> bool {
    let is_change = write.access.after != write.access.before;
    let Some(url) = write.released_url().filter(|_| is_change) else {
        return true;
    };
    let written = write.own_writes().find(|own| has_url(&own.after, url));
    let since = written.map_or(case.seen.started, |own| own.at);
    let mut before = write.before.iter();
    // A rollback from one released URL to the one before.
    let is_restored =
        write.seen().any(is_released) && before.any(|read| read.after == write.access.after);
    is_restored || case.was_verified(url, since, write.access.at)
}

/// Rule 1, after a success: a URL that replaced a released one was verified again.
fn replaced_url_is_verified_again(case: &Case, write: &Write) -> bool {
    let is_final = case.seen.is_done() && case.has_own_url(&write.access.after);
    let Some(url) = write.released_url().filter(|_| is_final) else {
        return true;
    };
    let mut seen = write.seen();
    let is_replaced = seen.all(|seen| is_released(seen) && !has_url(seen, url));
    !is_replaced || case.was_verified(url, write.access.at, case.seen.ended)
}

/// Rule 2: what customers use stays, unless the event asks to take it away.
fn released_url_stays(case: &Case, write: &Write) -> bool {
    let takes_away = is_released(&write.access.before) && !is_released(&write.access.after);
    let is_own = |seen: &Settings| write.own_writes().any(|own| own.after == *seen);
    let mut seen = write.seen();
    !takes_away || case.seen.may_take_away() || seen.any(|seen| !is_released(seen) || is_own(seen))
}

/// Rule 3, of a URL.
fn withdrawn_url_is_own(case: &Case, write: &Write) -> bool {
    let is_withdrawal = case.seen.is_of(&["hold", "remove"]);
    !is_withdrawal || write.seen().any(|seen| case.has_own_url(seen))
}

/// Rule 3, of an app; what a failed deploy of the stack left, or may have left, is its own too.
fn withdrawn_app_is_own(case: &Case, write: &Write) -> bool {
    let is_own = |event: &Observation| {
        event.event.app_id == write.access.app_id
            && event.may_leave_settings(case.log, write.access.at)
    };
    !case.seen.is("Delete") || case.all.iter().any(is_own)
}

fn report_of_no_change_is_true(case: &Case) -> bool {
    let seen = case.seen;
    let first_write = case.accesses.iter().position(|access| access.is_write);
    let claims = !seen.was_lied_to && seen.words().contains("left no change");
    let Some(own) = first_write.filter(|_| claims) else {
        return true;
    };
    let reads = case.accesses[..own].iter().map(|read| &read.after);
    let others = case.log.iter().filter(|access| {
        let is_own = access.caller == Some(seen.caller);
        access.is_write && access.app_id == seen.event.app_id && !is_own
    });
    let not_own = reads.chain([&case.accesses[own].before]);
    let not_own: Vec<_> = not_own.chain(others.map(|write| &write.after)).collect();
    seen.saw(case.log, |current| not_own.contains(&current))
}

/// HubSpot had what the event reports, after its last write.
fn report_is_true(case: &Case) -> bool {
    let seen = case.seen;
    // A false 404 makes every conclusion about the settings false.
    if seen.was_lied_to || !seen.is_done() {
        return true;
    }
    // A stack that is deleted leaves another URL alone, an operator hears of it.
    let is_left = |current: &Settings| seen.is("Delete") && !case.has_own_url(current);
    let is_own = |current: &Settings, is_ready: bool| {
        case.has_own_url(current) && is_released(current) == is_ready
    };
    seen.saw(case.log, |current| {
        match (seen.event.verb, seen.event.is_ready) {
            ("verify" | "status" | "retain", _) => true,
            ("hold", _) => is_left(current) || is_own(current, false),
            ("remove", _) => is_left(current) || current.is_none(),
            (_, "true") => is_own(current, true),
            (_, "false") => is_own(current, false),
            _ => case.has_own_url(current),
        }
    })
}

fn report_is_presentable(case: &Case) -> bool {
    let report = case.seen.response.to_string();
    // CloudFormation accepts no more.
    report.len() < 4_096 && !report.contains(KEY) && !report.contains(CLIENT_SECRET)
}
