//! The writes: each leaves nothing, or unreleased settings that only this command writes.

use reqwest::Method;
use serde_json::json;

use super::{
    Run,
    call::{Held, HubSpot, Step},
};
use crate::outcome::Failure;

const URL: &str = "https://example.com/channel-connection-contract";
const CHANGED_URL: &str = "https://example.com/channel-connection-contract/changed";

/// Returns whether this command may have left what HubSpot has.
pub(super) fn is_own(held: &Held) -> bool {
    let is_own_url = |url: &str| [URL, CHANGED_URL].contains(&url);
    held.as_ref()
        .is_none_or(|held| !held.is_ready && is_own_url(held.url.as_str()))
}

/// Writes with every run; returns whether each write was answered, and so has no later effect.
pub(super) async fn all(
    hubspot: &HubSpot,
    runs: &mut [&mut Run],
    previous: &Held,
) -> Result<bool, Failure> {
    for run in runs {
        let read = run.call(hubspot, Step::ReadAgain, Method::GET, None).await;
        let Some(held) = read.held() else { continue };
        if held != *previous && !is_own(&held) {
            let reason = "Somebody else changed the settings. Nothing more was written.";
            return Err(Failure::failed(reason));
        }
        if !write(hubspot, run, held.is_some()).await {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn write(hubspot: &HubSpot, run: &mut Run, exists: bool) -> bool {
    let settings = |url: &str| Some(json!({"url": url, "isReady": false}));
    let hold = Some(json!({"isReady": false}));
    let steps = [
        (Step::Delete, Method::DELETE, None),
        (Step::DeleteNothing, Method::DELETE, None),
        (Step::ReadNothing, Method::GET, None),
        (Step::ChangeNothing, Method::PATCH, hold),
        (Step::Create, Method::POST, settings(URL)),
        (Step::CreateAgain, Method::POST, settings(URL)),
        (Step::ReadBeforeEqualChange, Method::GET, None),
        (Step::ChangeEqually, Method::PATCH, settings(URL)),
        (Step::ReadAfterEqualChange, Method::GET, None),
        (Step::Change, Method::PATCH, settings(CHANGED_URL)),
    ];
    for (step, method, body) in steps.into_iter().skip(usize::from(!exists)) {
        let call = run.call(hubspot, step, method, body).await;
        if !call.is_answered() || call.is_authenticated() == Some(false) {
            return call.is_answered();
        }
    }
    true
}
