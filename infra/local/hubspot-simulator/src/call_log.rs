//! Records every call of HubSpot's API, checks it against the specification, or makes it fail.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{Request, Response, StatusCode},
    middleware::Next,
    response::IntoResponse,
};
use channel_connection::settings::ChannelConnectionSettings;
use serde::Serialize;

use crate::{
    Caller, SharedAccount,
    error::ApiError,
    fault::{Fault, When},
    lock, specification,
};

const MAX_BODY: usize = 64 * 1024;
/// What is kept of a path or of a violation, in characters.
const MAX_TEXT: usize = 200;
const MAX_VIOLATIONS: usize = 10;

/// One call of HubSpot's API.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiCall {
    /// Its place among all calls, from 1.
    pub number: u64,
    /// When its response was ready, in RFC 3339.
    pub answered_at: String,
    /// Time to the response.
    pub milliseconds: u128,
    pub method: String,
    /// The path, without the query that may hold a key.
    pub path: String,
    /// The response's status; `None` if a fault replaced the response.
    pub status: Option<u16>,
    /// The fault that replaced or delayed the response.
    pub fault: Option<Fault>,
    /// The settings that the app had after it.
    pub settings: Option<ChannelConnectionSettings>,
    /// Violations of HubSpot's specification, by the call or by its response.
    pub violations: Vec<String>,
}

pub(crate) async fn record_call(
    State(account): State<SharedAccount>,
    Extension(caller): Extension<Option<Caller>>,
    request: Request<Body>,
    next: Next,
) -> axum::response::Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let mut call = ApiCall {
        method: truncate(parts.method.as_str()),
        path: truncate(parts.uri.path()),
        ..ApiCall::default()
    };
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        call.status = Some(status.as_u16());
        call.violations = vec![format!("the request has more than {MAX_BODY} bytes")];
        record(&account, call, started);
        return ApiError::invalid(status, "Request body too large").into_response();
    };
    let request = Request::from_parts(parts, body);
    let fault = lock(&account).next_fault(caller);
    let in_progress = lock(&account).in_progress.subscribe();
    let silenced = Arc::clone(&lock(&account).silenced);
    // In a task of its own: a call takes effect late even if its caller has gone by then.
    let task = tokio::spawn(async move {
        let response = run(request.clone().map(Body::from), fault, next).await;
        call.fault = fault;
        call.status = response.as_ref().map(|response| response.status().as_u16());
        call.violations = specification::violations(&request, response.as_ref());
        record(&account, call, started);
        drop(in_progress);
        response
    });
    match (task.await, fault) {
        (Ok(Some(response)), _) => response.map(Body::from),
        (_, Some(fault)) => fault.how.response(&silenced).await,
        (_, None) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Runs a call; returns HubSpot's own response unless a fault replaces it.
async fn run(request: Request<Body>, fault: Option<Fault>, next: Next) -> Option<Response<Bytes>> {
    if Fault::strikes(fault, When::Before).await {
        return None;
    }
    let (parts, body) = next.run(request).await.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let is_replaced = Fault::strikes(fault, When::After).await;
    (!is_replaced).then(|| Response::from_parts(parts, body))
}

/// Records a call whose response is ready.
fn record(account: &SharedAccount, mut call: ApiCall, started: Instant) {
    let mut account = lock(account);
    let app_id = call.path.split('/').find_map(|part| part.parse().ok());
    let settings = app_id.and_then(|app_id| account.settings_of(app_id));
    call.settings = settings.map(|app| app.settings);
    call.answered_at = jiff::Timestamp::now().to_string();
    call.milliseconds = started.elapsed().as_millis();
    call.violations.truncate(MAX_VIOLATIONS);
    for violation in &mut call.violations {
        *violation = truncate(violation);
    }
    account.record(call);
}

fn truncate(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
