//! The rules, checked on the log of all accesses: each write is its event's own, whoever else wrote.

use std::time::Duration;

use hubspot_simulator::SettingsAccess;
use proptest::{prop_assert, prop_assert_eq, test_runner::TestCaseError};
use test_support::CLIENT_SECRET;

use crate::{
    account::KEY,
    env::{TestEnv, app_id},
    observation::{Ending, Observation, Operation, Settings},
};

type Verdict = Result<(), TestCaseError>;

/// Checks every event so far.
pub fn check(env: &TestEnv) -> Verdict {
    let log = env.hubspot.with_account(|account| account.accesses.clone());
    let observations = env.observations.borrow();
    for event in observations.iter() {
        holds_are_final(event, &observations, &log)?;
        let accesses = event.accesses(&log);
        for (at, access) in accesses.iter().enumerate() {
            if access.is_write {
                check_write(env, event, &accesses[..at], access)?;
                withdrawals_are_of_own_settings(
                    event,
                    &accesses[..at],
                    access,
                    &observations,
                    &log,
                )?;
            }
        }
        report_is_true(event, &accesses, &log)?;
        report_is_short_and_without_secrets(event)?;
    }
    env.hubspot.with_account(|account| {
        for call in &account.calls {
            prop_assert!(
                call.violations.is_empty(),
                "violates the specification: {call:?}"
            );
        }
        Ok(())
    })
}

fn is_released(settings: &Settings) -> bool {
    settings.as_ref().is_some_and(|settings| settings.is_ready)
}

fn has_url(settings: &Settings, url: &str) -> bool {
    settings
        .as_ref()
        .is_some_and(|settings| settings.url == *url)
}

/// Rule 7: after a hold was done, isReady=true is of an event that began to read HubSpot after the hold's
/// first write, and to write after the hold was done.
fn holds_are_final(hold: &Observation, all: &[Observation], log: &[SettingsAccess]) -> Verdict {
    if !hold.reports_a_hold() {
        return Ok(());
    }
    let accesses = hold.accesses(log);
    let is_write = |access: &&SettingsAccess| access.is_write;
    let first = accesses.iter().copied().find(is_write);
    let last_write = accesses.iter().rposition(|access| access.is_write);
    // Without a write, the hold rests on its last read but the report's.
    let last_write = last_write.unwrap_or(accesses.len().saturating_sub(2));
    let confirmation = accesses.get(last_write + 1).or(accesses.last());
    let (Some(first), Some(confirmation)) = (first.or(accesses.first().copied()), confirmation)
    else {
        return Err(TestCaseError::fail(format!("held unseen: {hold:?}")));
    };
    let later = log.iter().filter(|access| {
        access.app_id == hold.app_id && access.at > confirmation.at && access.is_write
    });
    for write in later.filter(|write| is_released(&write.after) && !is_released(&write.before)) {
        let Some(event) = all.iter().find(|event| Some(event.caller) == write.caller) else {
            // Somebody who is no hook, or an event that still runs.
            continue;
        };
        let accesses = event.accesses(log);
        let first_write = accesses.iter().find(|access| access.is_write);
        prop_assert!(
            accesses[0].at > first.at
                && first_write.is_some_and(|write| write.at > confirmation.at),
            "released after a hold was done: {write:?} of {event:?}, hold {hold:?}: {}",
            trace(log, hold)
        );
    }
    Ok(())
}

/// A write may take effect that long after the read that it was decided on: nothing can prevent it.
const WINDOW: Duration = Duration::from_millis(500);

/// What an event may have seen when it sent a write.
fn seen<'a>(before: &[&'a SettingsAccess], write: &SettingsAccess) -> Vec<&'a Settings> {
    let last = before.last().copied();
    let recent = before.iter().copied();
    let recent = recent.filter(|access| write.at - access.at <= WINDOW);
    recent.chain(last).map(|access| &access.after).collect()
}

/// Returns the accesses to the app of an event, each with its time in milliseconds.
fn trace(log: &[SettingsAccess], event: &Observation) -> String {
    let of_app = log.iter().filter(|access| access.app_id == event.app_id);
    let lines = of_app.map(|access| {
        let ms = access
            .at
            .saturating_duration_since(event.started)
            .as_millis();
        let kind = if access.is_write { "write" } else { "read" };
        format!("\n{ms} {:?} {kind} {:?}", access.caller, access.after)
    });
    lines.collect()
}

fn check_write(
    env: &TestEnv,
    event: &Observation,
    before: &[&SettingsAccess],
    write: &SettingsAccess,
) -> Verdict {
    prop_assert_eq!(write.app_id, event.app_id, "wrote to another app");
    let seen = seen(before, write);
    if seen.is_empty() {
        let is_creation = event.was_lied_to && write.before.is_none() && !is_released(&write.after);
        prop_assert!(is_creation, "wrote without a read: {write:?} of {event:?}");
        return Ok(());
    }
    let own: Vec<_> = before.iter().filter(|access| access.is_write).collect();
    released_urls_are_verified(env, event, before, &own, &seen, write)?;
    replaced_urls_are_verified_again(env, event, &seen, write)?;
    // Rule 2: what customers use stays, unless the event asks to take it away.
    let is_own = |seen: &Settings| own.iter().any(|own| own.after == *seen);
    let is_allowed = |seen: &&Settings| !is_released(seen) || is_own(seen);
    let takes_away = is_released(&write.before) && !is_released(&write.after);
    prop_assert!(
        !takes_away || event.may_take_away() || seen.iter().any(is_allowed),
        "took a released webhook away: {write:?} of {event:?}"
    );
    Ok(())
}

/// Rule 3: a stack withdraws only its own URL of its own app.
fn withdrawals_are_of_own_settings(
    event: &Observation,
    before: &[&SettingsAccess],
    write: &SettingsAccess,
    all: &[Observation],
    log: &[SettingsAccess],
) -> Verdict {
    if !event.withdraws() {
        return Ok(());
    }
    let is_own_url = |seen: &&Settings| has_url(seen, &event.url);
    prop_assert!(
        seen(before, write).iter().any(is_own_url),
        "another URL: {write:?} of {event:?}"
    );
    // What a failed deploy of the stack left, or may have left for all it knows, is its own too.
    let is_left = |event: &Observation| {
        let is_deploy = matches!(event.operation, Operation::Deploy(_));
        let accesses = event.accesses(log);
        let mut accesses = accesses.iter().filter(|access| access.at < write.at);
        let is_of_app = is_deploy && event.app_id == write.app_id;
        is_of_app && (event.may_have_created || accesses.any(|access| access.is_write))
    };
    prop_assert!(
        event.is_owned || all.iter().any(is_left),
        "another stack's app: {write:?} of {event:?}"
    );
    Ok(())
}

/// Rule 1: a URL is verified, since this event wrote it, before this event releases it.
fn released_urls_are_verified(
    env: &TestEnv,
    event: &Observation,
    before: &[&SettingsAccess],
    own: &[&&SettingsAccess],
    seen: &[&Settings],
    write: &SettingsAccess,
) -> Verdict {
    let Some(released) = write.after.as_ref().filter(|after| after.is_ready) else {
        return Ok(());
    };
    if write.after == write.before {
        return Ok(());
    }
    let url = released.url.as_str();
    let written = own.iter().find(|own| has_url(&own.after, url));
    let since = written.map_or(event.started, |own| own.at);
    let is_verified = env.webhooks.was_verified(url, since, write.at);
    // A rollback from one released URL to the one before.
    let is_restored = seen.iter().any(|seen| is_released(seen))
        && before.iter().any(|access| access.after == write.after);
    prop_assert!(
        is_verified || is_restored,
        "released without verification: {write:?} of {event:?}"
    );
    Ok(())
}

/// Rule 1, after a success: a URL that replaced a released one was verified again.
fn replaced_urls_are_verified_again(
    env: &TestEnv,
    event: &Observation,
    seen: &[&Settings],
    write: &SettingsAccess,
) -> Verdict {
    let Some(released) = write.after.as_ref().filter(|after| after.is_ready) else {
        return Ok(());
    };
    let url = released.url.as_str();
    let is_replaced = seen
        .iter()
        .all(|seen| is_released(seen) && !has_url(seen, url));
    if is_replaced && event.is_done() && url == event.url {
        prop_assert!(
            env.webhooks.was_verified(url, write.at, event.ended),
            "not verified since it was written: {write:?} of {event:?}"
        );
    }
    Ok(())
}

/// Checks that HubSpot had what the event reports, after its last write.
fn report_is_true(
    event: &Observation,
    accesses: &[&SettingsAccess],
    log: &[SettingsAccess],
) -> Verdict {
    // A false 404 makes every conclusion about the settings false.
    if event.was_lied_to {
        return Ok(());
    }
    let own = accesses.iter().position(|access| access.is_write);
    let words = event.words();
    if let Some(own) = own.filter(|_| words.contains("left no change")) {
        let reads = accesses[..own].iter().map(|read| &read.after);
        let writes = log.iter().filter(|access| {
            access.is_write && access.app_id == event.app_id && access.caller != Some(event.caller)
        });
        let others = writes.map(|write| &write.after);
        let not_own: Vec<_> = reads.chain([&accesses[own].before]).chain(others).collect();
        prop_assert!(event.saw(log, |held| not_own.contains(&held)), "{event:?}");
    }
    if !event.is_done() {
        return Ok(());
    }
    let url = event.url.as_str();
    let released = |held: &Settings| has_url(held, url) && is_released(held);
    let unreleased = |held: &Settings| has_url(held, url) && !is_released(held);
    let is_true = match &event.operation {
        Operation::Deploy(deploy) => match deploy.is_ready {
            "true" => event.saw(log, released),
            "false" => event.saw(log, unreleased),
            _ => event.saw(log, |held| has_url(held, url)),
        },
        Operation::Delete { on_delete } => match *on_delete {
            _ if !event.is_owned => true,
            "retain" => own.is_none(),
            "hold" => event.saw(log, |held| !has_url(held, url) || !is_released(held)),
            _ => event.saw(log, |held| !has_url(held, url)),
        },
        Operation::Action { name, .. } => match *name {
            "release" => event.saw(log, released),
            "hold" => event.saw(log, unreleased),
            "remove" => event.saw(log, Option::is_none),
            "register" => event.saw(log, |held| has_url(held, url)),
            _ => own.is_none(),
        },
    };
    prop_assert!(is_true, "reports something else: {event:?}");
    Ok(())
}

fn report_is_short_and_without_secrets(event: &Observation) -> Verdict {
    if let Ending::Reported(report) = &event.ending {
        let report = report.to_string();
        prop_assert!(report.len() < 4_096, "CloudFormation accepts no more");
        let shows_secret = report.contains(KEY) || report.contains(CLIENT_SECRET);
        prop_assert!(!shows_secret, "{report}");
    }
    Ok(())
}

/// The second of two equal deploys reads once and writes nothing.
pub fn after_an_unchanged_deploy(env: &TestEnv) -> Verdict {
    let log = env.hubspot.with_account(|account| account.accesses.clone());
    let observations = env.observations.borrow();
    let accesses = observations.last().unwrap().accesses(&log);
    prop_assert!(accesses.len() == 1 && !accesses[0].is_write, "{accesses:?}");
    let held = env.hubspot.with_account(|account| account.held());
    prop_assert!(
        has_url(&held, &env.webhooks.urls[0]) && is_released(&held),
        "{held:?}"
    );
    Ok(())
}

/// Nothing is left of a deleted stack.
pub fn after_the_end(env: &TestEnv) -> Verdict {
    let held = env.hubspot.with_account(|account| account.held());
    prop_assert_eq!(held, None, "app {}", app_id(0));
    Ok(())
}
