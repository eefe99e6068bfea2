//! The rules, each in words and as a check.

use std::{ops::Range, time::Instant};

use channel_connection::settings::ChannelConnectionSettings;
use proptest::{prop_assert, prop_assert_eq, test_runner::TestCaseError};
use serde_json::Value;

use crate::{
    account::{CLIENT_SECRET, KEY},
    cloudformation::Event,
    happening::{Ending, Happening, Settings},
    step::Mode,
    world::World,
};

type Verdict = Result<(), TestCaseError>;

/// Whether somebody else may have written the settings while the hook was at work.
fn was_meddled_with(world: &World, url: usize) -> bool {
    let state = world.webhooks.state.lock().unwrap();
    matches!(state[url].mode, Mode::WorksWhileSomebodyMeddles(_))
}

/// What somebody else wrote then.
fn meddling(world: &World, url: usize) -> Settings {
    match world.webhooks.state.lock().unwrap()[url].mode {
        Mode::WorksWhileSomebodyMeddles(meddling) => meddling.settings(&world.webhooks.urls),
        _ => None,
    }
}

/// Whether a webhook answered a signed request rightly at some time.
fn was_proved(world: &World, url: &str, time: Range<Instant>) -> bool {
    let state = world.webhooks.state.lock().unwrap();
    let known = world.webhooks.urls.iter().zip(state.iter());
    known
        .filter(|(known, _)| *known == url)
        .flat_map(|(_, webhook)| &webhook.proofs)
        .any(|proof| time.contains(proof))
}

/// Whether a URL was proved since HubSpot was told of it, if it was told by the event.
fn was_proved_since_written(world: &World, happening: &Happening, url: &str) -> bool {
    if happening
        .before
        .as_ref()
        .is_some_and(|before| before.url == url)
    {
        return true;
    }
    let mut writes = happening.calls.iter().filter(|call| call.method != "GET");
    let told = writes.find(|call| call.held.as_ref().is_some_and(|held| held.url == url));
    told.is_none_or(|call| was_proved(world, url, call.at..Instant::now()))
}

/// Whether nothing was released that was not proved before; what stood before may stand again.
fn nothing_was_released_without_a_proof(world: &World, happening: &Happening) -> Verdict {
    for call in happening.calls.iter().filter(|call| call.method != "GET") {
        let Some(released) = call.held.as_ref().filter(|held| held.is_ready) else {
            continue;
        };
        let stood = happening.before.as_ref() == Some(released);
        let by_others = meddling(world, happening.url).as_ref() == Some(released);
        prop_assert!(
            stood || by_others || was_proved(world, &released.url, happening.started..call.at),
            "released without a proof: {call:?} of {happening:?}"
        );
    }
    Ok(())
}

/// Whether CloudFormation can take what it was told, and nobody learns a secret from it.
fn what_was_told_is_short_and_without_secrets(happening: &Happening) -> Verdict {
    if let Ending::Told(told) = &happening.ending {
        let told = told.to_string();
        prop_assert!(told.len() < 4_096, "CloudFormation takes no more");
        prop_assert!(
            !told.contains(KEY) && !told.contains(CLIENT_SECRET),
            "{told}"
        );
    }
    Ok(())
}

/// What must hold after whatever event, however it ended.
pub fn after_every_event(world: &World, happening: &Happening) -> Verdict {
    nothing_was_released_without_a_proof(world, happening)?;
    what_was_told_is_short_and_without_secrets(happening)?;
    for call in &happening.calls {
        prop_assert!(
            call.violations.is_empty(),
            "not as HubSpot specifies it: {call:?}"
        );
    }
    if was_meddled_with(world, happening.url) || happening.was_lied_to() {
        return Ok(());
    }
    if let Some(released) = happening.after.as_ref().filter(|after| after.is_ready)
        && happening.was_done()
    {
        prop_assert!(
            was_proved_since_written(world, happening, &released.url),
            "released, and not proved since: {happening:?}"
        );
    }
    let words = happening.words();
    if words.contains("HubSpot holds what it held before") || words.contains("stand again") {
        prop_assert_eq!(&happening.after, &happening.before, "{:?}", happening);
    }
    Ok(())
}

/// What must hold after CloudFormation's event.
pub fn after_a_stacks_event(world: &World, event: &Event, happening: &Happening) -> Verdict {
    if was_meddled_with(world, happening.url) {
        return Ok(());
    }
    let properties = event.properties();
    let url = &world.webhooks.urls[properties.url];
    let is_ours = |held: &Settings| held.as_ref().is_some_and(|held| held.url == *url);
    let after = &happening.after;
    match event {
        Event::Delete(stack) => {
            let keeps =
                properties.on_delete == "retain" || stack.physical_id.ends_with("/not-created");
            // A stack that goes takes nothing with it but its own.
            if keeps || !is_ours(&happening.before) {
                prop_assert_eq!(after, &happening.before, "{:?}", happening);
            } else if happening.succeeded() && !happening.was_lied_to() {
                let left = properties.on_delete == "hold"
                    && after.as_ref().is_some_and(|held| !held.is_ready);
                prop_assert!(after.is_none() || left, "{happening:?}");
            }
        }
        Event::Create(_) | Event::Update { .. } => {
            if happening.was_released() && properties.is_ready != "false" {
                // Customers are never worse off: what they use stands, or what was proved.
                let stands = *after == happening.before;
                let replaced = after.as_ref().is_some_and(|held| {
                    held.is_ready && was_proved(world, &held.url, happening.started..Instant::now())
                });
                prop_assert!(stands || replaced, "{happening:?}");
            }
            let rolled_back = happening.words().starts_with("Rolled back");
            if happening.was_done() {
                let ready = match properties.is_ready {
                    "keep" => happening.was_released(),
                    is_ready => is_ready == "true",
                };
                prop_assert!(is_ours(after), "{happening:?}");
                prop_assert_eq!(after.as_ref().map(|held| held.is_ready), Some(ready));
            }
            if rolled_back && happening.was_released() && properties.is_ready != "false" {
                prop_assert_eq!(after, &happening.before, "{:?}", happening);
            }
        }
    }
    Ok(())
}

/// What must hold after an operator's action.
pub fn after_an_action(world: &World, request: &Value, happening: &Happening) -> Verdict {
    if was_meddled_with(world, happening.url) {
        return Ok(());
    }
    let url = &world.webhooks.urls[happening.url];
    let is_ours = |held: &Settings| held.as_ref().is_some_and(|held| held.url == *url);
    let after = &happening.after;
    let done = happening.was_done();
    let action = request["action"].as_str().unwrap();
    // Only register may replace what is not this stack's.
    if action != "register" && !is_ours(&happening.before) {
        prop_assert_eq!(after, &happening.before, "{:?}", happening);
    }
    match action {
        "status" | "probe" => prop_assert_eq!(after, &happening.before),
        "release" if done => {
            prop_assert!(is_ours(after) && after.as_ref().is_some_and(|held| held.is_ready));
        }
        "hold" | "remove" if happening.was_lied_to() => {}
        "hold" if done => prop_assert!(after.as_ref().is_none_or(|held| !held.is_ready)),
        "remove" if done => prop_assert!(after.is_none()),
        "register" if done => prop_assert!(is_ours(after)),
        _ => {}
    }
    let takes_away = matches!(action, "hold" | "remove")
        || (action == "register" && request["isReady"] == "false");
    if happening.was_released() && !takes_away {
        prop_assert!(
            after.as_ref().is_some_and(|held| held.is_ready),
            "{happening:?}"
        );
    }
    Ok(())
}

/// What must hold after the second of two equal deploys: one look at HubSpot, and no write.
pub fn after_a_deploy_that_changes_nothing(world: &World, calls_before: usize) -> Verdict {
    world.hubspot.with_account(|account| {
        let calls: Vec<_> = account.calls[calls_before..]
            .iter()
            .map(|call| call.method.as_str())
            .collect();
        prop_assert_eq!(calls, ["GET"]);
        Ok(())
    })?;
    let held = world.held();
    prop_assert_eq!(
        held,
        Some(ChannelConnectionSettings {
            url: world.webhooks.urls[0].clone(),
            is_ready: true
        })
    );
    Ok(())
}

/// What must hold when the stack is gone.
pub fn after_the_end(world: &World) -> Verdict {
    prop_assert_eq!(world.held(), None);
    Ok(())
}
