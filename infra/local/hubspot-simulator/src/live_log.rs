//! What the page looks at while it changes: settings, armed faults, and the latest calls.

use std::{convert::Infallible, sync::Arc};

use axum::response::sse::{Event, KeepAlive, Sse};
use channel_connection::webhook_url::WebhookUrl;
use serde_json::{Value, json};
use tokio_stream::{Stream, StreamExt, wrappers::WatchStream};

use crate::{Account, SharedAccount, lock};

/// How many calls the page is shown.
const LATEST_CALLS: usize = 20;

/// Sends all of it at once, and again whenever something is other than before.
///
/// Whoever was cut off for a while has missed nothing by it.
pub(crate) fn follow(
    account: &SharedAccount,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let account = Arc::clone(account);
    let changes = WatchStream::new(lock(&account).changes.subscribe());
    let events = changes.map(move |()| {
        let state = state(&lock(&account)).to_string();
        Ok(Event::default().data(state))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

fn state(account: &Account) -> Value {
    let latest = account.calls.len().saturating_sub(LATEST_CALLS);
    let deployed = account.deployed.as_ref();
    json!({
        "appId": account.app_id,
        "deployedUrl": deployed.map(WebhookUrl::as_str),
        "settings": account.settings,
        "arrangedFaults": account.faults.len(),
        "standingFault": account.standing_fault,
        "calls": account.calls[latest..],
    })
}
