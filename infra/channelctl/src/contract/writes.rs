//! The writes: each leaves nothing, or unreleased settings that only this command writes.

use reqwest::Method;
use serde_json::json;

use super::{
    Run,
    credentials::{Current, current},
};
use crate::{hubspot::HubSpot, outcome::Failure};

const URL: &str = "https://example.com/channel-connection-contract";
const CHANGED_URL: &str = "https://example.com/channel-connection-contract/changed";

/// Returns whether this command may have left what HubSpot has.
pub(super) fn is_own(current: &Current) -> bool {
    let is_own_url = |url: &str| [URL, CHANGED_URL].contains(&url);
    current
        .as_ref()
        .is_none_or(|current| !current.is_ready && is_own_url(current.url.as_str()))
}

/// Writes with every run; returns whether each write was answered, and so has no later effect.
pub(super) async fn all(
    hubspot: &HubSpot,
    runs: &mut [&mut Run],
    previous: &Current,
) -> Result<bool, Failure> {
    for run in runs {
        let read = run.call(hubspot, "readAgain", Method::GET, None).await;
        let Some(current) = current(&read) else {
            continue;
        };
        if current != *previous && !is_own(&current) {
            let reason = "Somebody else changed the settings. Nothing more was written.";
            return Err(Failure::failed(reason));
        }
        if !write(hubspot, run, current.is_some()).await {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn write(hubspot: &HubSpot, run: &mut Run, exists: bool) -> bool {
    let settings = |url: &str| Some(json!({"url": url, "isReady": false}));
    let hold = Some(json!({"isReady": false}));
    let steps = [
        ("delete", Method::DELETE, None),
        ("deleteNothing", Method::DELETE, None),
        ("readNothing", Method::GET, None),
        ("changeNothing", Method::PATCH, hold),
        ("create", Method::POST, settings(URL)),
        ("createAgain", Method::POST, settings(URL)),
        ("readBeforeEqualChange", Method::GET, None),
        ("changeEqually", Method::PATCH, settings(URL)),
        ("readAfterEqualChange", Method::GET, None),
        ("change", Method::PATCH, settings(CHANGED_URL)),
    ];
    for (step, method, body) in steps.into_iter().skip(usize::from(!exists)) {
        let call = run.call(hubspot, step, method, body).await;
        if !call.is_answered() || call.is_authenticated() == Some(false) {
            return call.is_answered();
        }
    }
    true
}
