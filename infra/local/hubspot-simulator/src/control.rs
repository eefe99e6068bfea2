//! The account's state and its faults, under the simulator's own paths.
//!
//! - `GET /simulator` returns the account; `GET /simulator/events` streams its changes.
//! - `POST /simulator/faults [{"when":"before","how":{"status":503}}, null]` sets the faults of the
//!   next calls of HubSpot's API, `PUT /simulator/standing-fault` that of all calls after them.

use std::convert::Infallible;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
    routing::{get, post, put},
};
use channel_connection::webhook_url::WebhookUrl;
use serde_json::{Value, json};
use tokio_stream::{Stream, StreamExt, wrappers::WatchStream};

use crate::{Account, SharedAccount, fault::Fault, lock};

/// The calls that an event carries.
const LATEST_CALLS: usize = 20;

pub(crate) fn routes(account: &SharedAccount) -> Router {
    Router::new()
        .route("/simulator", get(show))
        .route("/simulator/events", get(follow))
        .route("/simulator/faults", post(set_faults))
        .route("/simulator/standing-fault", put(set_standing_fault))
        .with_state(SharedAccount::clone(account))
}

async fn show(State(account): State<SharedAccount>) -> Json<Value> {
    let account = lock(&account);
    Json(json!({"appId": account.app_id, "settings": account.settings, "calls": account.calls}))
}

/// Sends the whole state at once and after every change, so that a follower can miss nothing.
async fn follow(
    State(account): State<SharedAccount>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
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
        "nextFaults": account.faults.len(),
        "standingFault": account.standing_fault,
        "calls": account.calls[latest..],
    })
}

async fn set_faults(
    State(account): State<SharedAccount>,
    Json(faults): Json<Vec<Option<Fault>>>,
) -> StatusCode {
    let mut account = lock(&account);
    account.faults = faults.into();
    account.notify();
    StatusCode::NO_CONTENT
}

async fn set_standing_fault(
    State(account): State<SharedAccount>,
    Json(fault): Json<Option<Fault>>,
) -> StatusCode {
    let mut account = lock(&account);
    account.standing_fault = fault;
    account.notify();
    StatusCode::NO_CONTENT
}
