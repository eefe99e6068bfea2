//! Calls the webhook as HubSpot does, or with a request that the webhook must reject.
//!
//! - `POST /simulator/call {"portalId":62515,"userId":4242}` returns request and response;
//!   `"fault":"tamperedBody"` makes it a request to reject.
//! - `POST /simulator/calls` does the same `"times":20` at once.

use std::{
    sync::{Arc, OnceLock},
    time::{Instant, SystemTime},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use channel_connection::{
    client_secrets::SigningSecret,
    http_client,
    ids::{AppId, InvalidId, PortalId, UserId},
    numbers_request::NumbersRequest,
    numbers_response::MAX_RESPONSE,
    signature::MAX_AGE,
    webhook_call::{CallError, TIMEOUT, WebhookCall},
    webhook_url::{InvalidUrl, UrlPolicy, WebhookUrl},
};
use reqwest::{Client, Request, header::HeaderMap};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Account, SharedAccount, call_report, error::ApiError, lock};

const MAX_CONCURRENT: usize = 100;
const UNKNOWN_SECRET: &str = "a secret that is not the app's";

/// A user who opens the list of numbers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallRequest {
    #[serde(deserialize_with = "id")]
    portal_id: PortalId,
    #[serde(deserialize_with = "id")]
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

/// The result of one call of many.
#[derive(Debug, Serialize)]
struct LoadResult {
    /// `None` where there was no response.
    status: Option<u16>,
    milliseconds: u64,
}

#[derive(Clone)]
struct WebhookCaller {
    account: SharedAccount,
    // Made by the first call: it reads the machine's root certificates, for which no test should wait.
    http: Arc<OnceLock<Client>>,
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
    let http = caller.http()?;
    let request = call_report::build(&call, http).map_err(unsendable)?;
    let mut report = json!({"request": call_report::of_request(&call, &request)});
    let started = Instant::now();
    let received = send(http, request).await;
    report["milliseconds"] = milliseconds_since(started).into();
    let status = match received {
        Ok((status, headers, body)) => {
            call_report::add_response(&mut report, status, &headers, &body);
            StatusCode::OK
        }
        Err(error) => {
            report["message"] = error.to_string().into();
            StatusCode::BAD_GATEWAY
        }
    };
    Ok((status, Json(report)))
}

async fn call_many(
    State(caller): State<WebhookCaller>,
    Json(load): Json<LoadRequest>,
) -> Result<Json<Vec<LoadResult>>, ApiError> {
    if !(1..=MAX_CONCURRENT).contains(&load.times) {
        let message = format!("times must be from 1 to {MAX_CONCURRENT}");
        let status = StatusCode::BAD_REQUEST;
        return Err(ApiError::new(status, "VALIDATION_ERROR", message));
    }
    let call = prepare(&lock(&caller.account), &load.call)?;
    let http = caller.http()?;
    let mut calls = JoinSet::new();
    for _ in 0..load.times {
        let request = call_report::build(&call, http).map_err(unsendable)?;
        calls.spawn(timed(http.clone(), request));
    }
    Ok(Json(calls.join_all().await))
}

impl WebhookCaller {
    fn http(&self) -> Result<&Client, ApiError> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let deployed = lock(&self.account).deployed.clone();
        let policy = deployed.map_or(UrlPolicy::Local, |webhook| webhook.policy());
        let http = http_client::client(TIMEOUT, policy).map_err(unsendable)?;
        Ok(self.http.get_or_init(|| http))
    }
}

/// Parses the URL of a deployed webhook: one that HubSpot could call, or one of this machine.
pub fn deployed_webhook(url: &str) -> Result<WebhookUrl, InvalidUrl> {
    let policy = WebhookUrl::parse(url, UrlPolicy::Local)?.policy();
    WebhookUrl::parse(url, policy)
}

/// Reads an id of any size, so that the error is the id's own and not that of a JSON number.
fn id<'de, D: Deserializer<'de>, Id: TryFrom<i64>>(deserializer: D) -> Result<Id, D::Error> {
    let id = Value::deserialize(deserializer)?.as_i64();
    id.and_then(|id| id.try_into().ok())
        .ok_or_else(|| D::Error::custom(InvalidId))
}

fn prepare(account: &Account, call: &CallRequest) -> Result<WebhookCall, ApiError> {
    let request = NumbersRequest {
        app_id: account.app_id,
        portal_id: call.portal_id,
        user_id: call.user_id,
    };
    Ok(signed(
        webhook(account)?,
        request,
        &account.client_secret,
        call.fault,
    ))
}

/// Signs a request as HubSpot does, apart from its fault.
fn signed(
    url: WebhookUrl,
    request: NumbersRequest,
    secret: &SigningSecret,
    fault: Option<RequestFault>,
) -> WebhookCall {
    let now = SystemTime::now();
    let sign = |request, secret, at| WebhookCall::signed(url, request, secret, at);
    match fault {
        None => sign(request, secret, now),
        Some(RequestFault::WrongSignature) => {
            let unknown = SigningSecret::new(UNKNOWN_SECRET);
            sign(request, unknown.as_ref().unwrap_or(secret), now)
        }
        Some(RequestFault::StaleTimestamp) => sign(request, secret, now - 2 * MAX_AGE),
        Some(RequestFault::ForeignApp) => {
            let app_id = AppId::MAX;
            sign(NumbersRequest { app_id, ..request }, secret, now)
        }
        Some(RequestFault::TamperedBody) => {
            let mut call = sign(request, secret, now);
            call.body = call.body.replacen(':', ";", 1);
            call
        }
    }
}

fn webhook(account: &Account) -> Result<WebhookUrl, ApiError> {
    if let Some(deployed) = &account.deployed {
        return Ok(deployed.clone());
    }
    let conflict = |message| ApiError::new(StatusCode::CONFLICT, "CONFLICT", message);
    let held = account.held();
    let held = held.ok_or_else(|| conflict("no webhook is registered".to_owned()))?;
    WebhookUrl::parse(held.url.as_str(), UrlPolicy::Local)
        .map_err(|error| conflict(format!("the registered URL {error}")))
}

async fn send(
    http: &Client,
    request: Request,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), CallError> {
    let response = http.execute(request).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = http_client::body(response, MAX_RESPONSE).await?;
    Ok((status, headers, body))
}

async fn timed(http: Client, request: Request) -> LoadResult {
    let started = Instant::now();
    let received = send(&http, request).await;
    LoadResult {
        status: received.ok().map(|(status, _, _)| status.as_u16()),
        milliseconds: milliseconds_since(started),
    }
}

fn milliseconds_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Drops the cause, since it may repeat the URL.
fn unsendable(_: reqwest::Error) -> ApiError {
    let message = "the request cannot be built";
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_https_or_this_machine_only() {
        let cases = [
            ("a stage", "https://calls.example.com/numbers", None),
            (
                "a stage without TLS",
                "http://calls.example.com/numbers",
                Some(InvalidUrl::NotHttps),
            ),
            ("a name of this machine", "http://localhost:3000/", None),
            ("an address of this machine", "http://127.0.0.1:3000/", None),
            (
                "a private address without TLS",
                "http://10.0.0.1/",
                Some(InvalidUrl::NotHttps),
            ),
            (
                "a private address",
                "https://10.0.0.1/",
                Some(InvalidUrl::NotPublic),
            ),
        ];
        for (name, url, error) in cases {
            assert_eq!(deployed_webhook(url).err(), error, "{name}");
        }
    }
}
