//! Calls the webhook as HubSpot does, or with a request that the webhook must reject.
//!
//! - `POST /simulator/call {"portalId":62515,"userId":4242}` returns request and response;
//!   `"fault":"tamperedBody"` makes it a request to reject.
//! - `POST /simulator/calls` does the same `"times":20` at once; it returns each status and time.

use std::{
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use channel_connection::{
    client_secrets::SigningSecret,
    http_client,
    ids::{AppId, PortalId, UserId},
    numbers_request::NumbersRequest,
    signature::MAX_AGE,
    webhook_call::{TIMEOUT, WebhookCall},
    webhook_url::{InvalidUrl, UrlPolicy, WebhookUrl},
};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Account, SharedAccount, call_report, error::ApiError, lock};

const MAX_CONCURRENT: usize = 100;
const UNKNOWN_SECRET: &str = "a secret that is not the app's";

/// A user who opens the list of numbers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallRequest {
    portal_id: PortalId,
    user_id: UserId,
    fault: Option<RequestFault>,
}

/// The same user, many times at once.
#[derive(Debug, Deserialize)]
struct LoadRequest {
    #[serde(flatten)]
    call: CallRequest,
    times: usize,
}

/// A fault for which the webhook must reject a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum RequestFault {
    /// Signed with a secret that is not the app's.
    WrongSignature,
    /// Signed too long ago.
    StaleTimestamp,
    /// For an app that is not the vendor's.
    ForeignApp,
    /// Changed by one byte after it was signed.
    TamperedBody,
}

#[derive(Clone)]
struct WebhookCaller {
    account: SharedAccount,
    // Made by the first call: it reads the machine's root certificates, for which no test should wait.
    http: Arc<OnceLock<reqwest::Result<Client>>>,
}

pub(crate) fn routes(account: &SharedAccount) -> Router {
    let caller = WebhookCaller {
        account: Arc::clone(account),
        http: Arc::default(),
    };
    Router::new()
        .route("/simulator/call", post(call))
        .route("/simulator/calls", post(call_many))
        .with_state(caller)
}

async fn call(
    State(caller): State<WebhookCaller>,
    Json(call): Json<CallRequest>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let call = prepare(&lock(&caller.account), &call)?;
    let report = call_report::exchange(call, caller.http()?).await;
    let status = if report["response"].is_null() {
        StatusCode::BAD_GATEWAY
    } else {
        StatusCode::OK
    };
    Ok((status, Json(report)))
}

async fn call_many(
    State(caller): State<WebhookCaller>,
    Json(load): Json<LoadRequest>,
) -> Result<Json<Vec<Value>>, ApiError> {
    if !(1..=MAX_CONCURRENT).contains(&load.times) {
        let message = format!("times must be from 1 to {MAX_CONCURRENT}");
        return Err(ApiError::invalid(StatusCode::BAD_REQUEST, message));
    }
    let call = prepare(&lock(&caller.account), &load.call)?;
    let http = caller.http()?;
    let calls = (0..load.times).map(|_| {
        let exchange = call_report::exchange(call.clone(), http.clone());
        async {
            let report = exchange.await;
            json!({"status": report["response"]["status"], "milliseconds": report["milliseconds"]})
        }
    });
    Ok(Json(calls.collect::<JoinSet<_>>().join_all().await))
}

impl WebhookCaller {
    fn http(&self) -> Result<Client, ApiError> {
        let client = self.http.get_or_init(|| {
            let deployed = lock(&self.account).deployed.clone();
            let policy = deployed.map_or(UrlPolicy::Local, |webhook| webhook.policy());
            http_client::client(TIMEOUT, policy)
        });
        client.as_ref().cloned().map_err(|error| {
            let message = http_client::cause(error);
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)
        })
    }
}

/// Parses the URL of a deployed webhook: one that HubSpot could call, or one of this machine.
pub fn deployed_webhook(url: &str) -> Result<WebhookUrl, InvalidUrl> {
    let policy = WebhookUrl::parse(url, UrlPolicy::Local)?.policy();
    WebhookUrl::parse(url, policy)
}

/// Signs a request as HubSpot does, apart from its fault.
fn prepare(account: &Account, call: &CallRequest) -> Result<WebhookCall, ApiError> {
    let CallRequest {
        portal_id,
        user_id,
        fault,
    } = *call;
    let (mut app_id, mut signed_at) = (account.app_id, SystemTime::now());
    let mut secret = account.client_secret.clone();
    match fault {
        Some(RequestFault::WrongSignature) => {
            secret = SigningSecret::new(UNKNOWN_SECRET).unwrap_or(secret);
        }
        Some(RequestFault::StaleTimestamp) => signed_at -= 2 * MAX_AGE,
        Some(RequestFault::ForeignApp) => app_id = AppId::MAX,
        Some(RequestFault::TamperedBody) | None => {}
    }
    let request = NumbersRequest {
        app_id,
        portal_id,
        user_id,
    };
    let mut call = WebhookCall::signed(webhook(account)?, request, &secret, signed_at);
    if fault == Some(RequestFault::TamperedBody) {
        call.body = call.body.replacen(':', ";", 1);
    }
    Ok(call)
}

fn webhook(account: &Account) -> Result<WebhookUrl, ApiError> {
    if let Some(deployed) = &account.deployed {
        return Ok(deployed.clone());
    }
    let conflict = |message| ApiError::new(StatusCode::CONFLICT, "CONFLICT", message);
    let current = account.current();
    let current = current.ok_or_else(|| conflict("no webhook is registered".to_owned()))?;
    WebhookUrl::parse(current.url.as_str(), UrlPolicy::Local)
        .map_err(|error| conflict(format!("the registered URL {error}")))
}
