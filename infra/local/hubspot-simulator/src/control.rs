//! What only a simulator has: a look at the account, and a user who opens the list of numbers.
//!
//! `GET /simulator` shows the account; `POST /simulator/call {"portalId":62515,"userId":4242}`
//! calls the registered webhook as HubSpot does and returns request and answer;
//! `POST /simulator/faults [{"when":"before","how":{"status":503}}, null]` says what becomes of the
//! next calls of HubSpot's own paths.

use std::time::{Duration, Instant, SystemTime};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use channel_connection::{
    contract, http_client,
    ids::{PortalId, UserId},
    numbers_request::NumbersRequest,
    public_url::{PublicUrl, Reach},
    webhook_call::{WebhookAnswer, WebhookCall},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Account, SharedAccount, fault::Fault, lock};

// HubSpot documents none for this webhook; its other webhooks have 5 s.
const PATIENCE: Duration = Duration::from_secs(5);

type Failure = (StatusCode, Json<Value>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ask {
    portal_id: PortalId,
    user_id: UserId,
    /// Changes one byte of the body after it was signed, as a forger would.
    #[serde(default)]
    tampered: bool,
}

#[derive(Clone)]
struct Control {
    account: SharedAccount,
    http: reqwest::Client,
}

pub(crate) fn routes(account: &SharedAccount) -> std::io::Result<Router> {
    let http = http_client::client(PATIENCE, Reach::Local).map_err(std::io::Error::other)?;
    Ok(Router::new()
        .route("/simulator", get(show))
        .route("/simulator/call", post(call))
        .route("/simulator/faults", post(arrange))
        .with_state(Control {
            account: account.clone(),
            http,
        }))
}

async fn show(State(control): State<Control>) -> Json<Value> {
    let account = lock(&control.account);
    Json(json!({"appId": account.app_id, "settings": account.settings, "calls": account.calls}))
}

async fn call(
    State(control): State<Control>,
    Json(ask): Json<Ask>,
) -> Result<Json<Value>, Failure> {
    let call = prepare(&lock(&control.account), &ask)?;
    let started = Instant::now();
    let answer = call.send(&control.http).await;
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let answer = answer.map_err(|error| failure(StatusCode::BAD_GATEWAY, error.to_string()))?;
    Ok(Json(json!({
        "request": {
            "url": call.url.as_str(), "body": call.body,
            "signature": call.signature, "timestamp": call.timestamp,
        },
        "answer": shown(&answer),
        "milliseconds": milliseconds,
    })))
}

async fn arrange(
    State(control): State<Control>,
    Json(faults): Json<Vec<Option<Fault>>>,
) -> StatusCode {
    lock(&control.account).faults = faults.into();
    StatusCode::NO_CONTENT
}

fn prepare(account: &Account, ask: &Ask) -> Result<WebhookCall, Failure> {
    let registered = account.settings.as_ref();
    let registered =
        registered.ok_or_else(|| failure(StatusCode::CONFLICT, "no webhook is registered"))?;
    let url = PublicUrl::parse(&registered.settings.url, Reach::Local)
        .map_err(|error| failure(StatusCode::CONFLICT, format!("the registered URL {error}")))?;
    let question = NumbersRequest {
        app_id: account.app_id,
        portal_id: ask.portal_id,
        user_id: ask.user_id,
    };
    let mut call = WebhookCall::signed(url, question, &account.client_secret, SystemTime::now());
    if ask.tampered {
        call.body = call.body.replacen(':', ";", 1);
    }
    Ok(call)
}

fn shown(answer: &WebhookAnswer) -> Value {
    let violations = match answer.status {
        200 => contract::violations(&answer.body)
            .iter()
            .map(ToString::to_string)
            .collect(),
        status => vec![format!("the answer's status is {status}, not 200")],
    };
    let body = serde_json::from_slice(&answer.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&answer.body).into_owned()));
    json!({"status": answer.status, "body": body, "violations": violations})
}

fn failure(status: StatusCode, message: impl Into<String>) -> Failure {
    (status, Json(json!({"message": message.into()})))
}
