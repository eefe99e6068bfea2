//! What only a simulator has: a look at the account, and a user who opens the list of numbers.
//!
//! `GET /simulator` shows the account, and `GET /simulator/events` tells of it whenever it changes.
//! `POST /simulator/call {"portalId":62515,"userId":4242}` calls the webhook as HubSpot does and
//! returns request and answer; `POST /simulator/calls` does so many times at once.
//! `POST /simulator/faults [{"when":"before","how":{"status":503}}, null]` says what becomes of the
//! next calls of HubSpot's own paths, `PUT /simulator/standing-fault` what becomes of all after them.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post, put},
};
use serde_json::{Value, json};

use crate::{
    SharedAccount,
    failure::Failure,
    fault::Fault,
    live_log, lock,
    webhook_caller::{Ask, AskForMany, WebhookCaller},
};

pub(crate) fn routes(account: &SharedAccount) -> Router {
    let looking = Router::new()
        .route("/simulator", get(show))
        .route("/simulator/events", get(follow))
        .route("/simulator/faults", post(arrange))
        .route("/simulator/standing-fault", put(arm))
        .with_state(SharedAccount::clone(account));
    Router::new()
        .route("/simulator/call", post(call))
        .route("/simulator/calls", post(call_many))
        .with_state(WebhookCaller::new(account))
        .merge(looking)
}

async fn show(State(account): State<SharedAccount>) -> Json<Value> {
    let account = lock(&account);
    Json(json!({"appId": account.app_id, "settings": account.settings, "calls": account.calls}))
}

async fn follow(State(account): State<SharedAccount>) -> impl IntoResponse {
    live_log::follow(&account)
}

async fn arrange(
    State(account): State<SharedAccount>,
    Json(faults): Json<Vec<Option<Fault>>>,
) -> StatusCode {
    let mut account = lock(&account);
    account.faults = faults.into();
    account.tell();
    StatusCode::NO_CONTENT
}

async fn arm(State(account): State<SharedAccount>, Json(fault): Json<Option<Fault>>) -> StatusCode {
    let mut account = lock(&account);
    account.standing_fault = fault;
    account.tell();
    StatusCode::NO_CONTENT
}

async fn call(
    State(caller): State<WebhookCaller>,
    Json(ask): Json<Ask>,
) -> Result<impl IntoResponse, Failure> {
    Ok(Json(caller.call(&ask).await?))
}

async fn call_many(
    State(caller): State<WebhookCaller>,
    Json(ask): Json<AskForMany>,
) -> Result<impl IntoResponse, Failure> {
    Ok(Json(caller.call_many(&ask).await?))
}
