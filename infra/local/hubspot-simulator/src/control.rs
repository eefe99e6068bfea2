//! The account's state and its faults, under the simulator's own paths.
//!
//! - `GET /simulator` returns the account; `GET /simulator/events` streams its changes.
//! - `POST /simulator/faults [{"when":"before","how":{"status":503}}, null]` sets the faults of the
//!   next calls of HubSpot's API, `PUT /simulator/standing-fault` that of all calls after them.
//! - `PUT /simulator/credential-mode "key"` (or `"bearer"`, `"either"`) sets what the settings take.
//! - `PUT /simulator/calling-settings {"supportsInboundCalling":true,"isReady":false}` (or `null`).
//! - `PUT /simulator/portal {"accessToken":"…","connectionStatuses":[],"channelAccounts":[]}`.

use std::convert::Infallible;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
    routing::{MethodFilter, MethodRouter, get, on},
};
use channel_connection::webhook_url::WebhookUrl;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_stream::{Stream, StreamExt, wrappers::WatchStream};

use crate::{Account, ApiCall, SharedAccount, lock};

/// The calls that an event carries.
const LATEST_CALLS: usize = 20;
const POST: MethodFilter = MethodFilter::POST;
const PUT: MethodFilter = MethodFilter::PUT;

pub(crate) fn routes(account: &SharedAccount) -> Router {
    let faults = set(POST, |account, faults| account.faults = faults);
    let standing_fault = set(PUT, |account, fault| account.standing_fault = fault);
    let credential_mode = set(PUT, |account, mode| account.credential_mode = mode);
    let calling_settings = set(PUT, |account, settings| account.calling_settings = settings);
    let portal = set(PUT, |account, portal| account.portal = portal);
    Router::new()
        .route("/simulator", get(show))
        .route("/simulator/events", get(follow))
        .route("/simulator/faults", faults)
        .route("/simulator/standing-fault", standing_fault)
        .route("/simulator/credential-mode", credential_mode)
        .route("/simulator/calling-settings", calling_settings)
        .route("/simulator/portal", portal)
        .with_state(SharedAccount::clone(account))
}

async fn show(State(account): State<SharedAccount>) -> Json<Value> {
    let account = lock(&account);
    Json(state(&account, &account.calls))
}

/// Sends the whole state at once and after every change, so that a follower can miss nothing.
async fn follow(
    State(account): State<SharedAccount>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = WatchStream::new(lock(&account).changes.subscribe());
    let events = changes.map(move |()| {
        let account = lock(&account);
        let latest = account.calls.len().saturating_sub(LATEST_CALLS);
        let state = state(&account, &account.calls[latest..]);
        Ok(Event::default().data(state.to_string()))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

fn state(account: &Account, calls: &[ApiCall]) -> Value {
    let deployed = account.deployed.as_ref();
    json!({
        "appId": account.app_id,
        "deployedUrl": deployed.map(WebhookUrl::as_str),
        "settings": account.settings,
        "nextFaults": account.faults.len(),
        "standingFault": account.standing_fault,
        "calls": calls,
    })
}

/// Takes a JSON value, and sets a part of the account to it.
fn set<T: DeserializeOwned + Send + 'static>(
    method: MethodFilter,
    assign: fn(&mut Account, T),
) -> MethodRouter<SharedAccount> {
    let handler = async move |State(account): State<SharedAccount>, Json(value): Json<T>| {
        let mut account = lock(&account);
        assign(&mut account, value);
        account.notify();
        StatusCode::NO_CONTENT
    };
    on(method, handler)
}
