//! Records every call of HubSpot's API, checks it against the specification, or makes it fail.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{Request, Response, StatusCode, request::Parts},
    middleware::Next,
    response::IntoResponse,
};
use channel_connection::settings::ChannelConnectionSettings;
use serde::Serialize;
use tokio::sync::Notify;

use crate::{
    Caller, SharedAccount,
    error::ApiError,
    fault::{Fault, When},
    lock, milliseconds_since, specification,
};

const MAX_BODY: usize = 64 * 1024;
/// What is kept of a path or of a violation, in characters.
const MAX_TEXT: usize = 200;
const MAX_VIOLATIONS: usize = 10;

/// One call of HubSpot's API.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiCall {
    /// Its place among all calls, from 1.
    pub number: u64,
    /// When its response was ready.
    #[serde(skip)]
    pub at: Instant,
    /// The same, in RFC 3339.
    pub answered_at: String,
    /// Time to the response.
    pub milliseconds: u64,
    pub method: String,
    /// The path, without the query that may hold a key.
    pub path: String,
    /// The response's status; `None` if a fault replaced the response.
    pub status: Option<u16>,
    /// The fault that replaced or delayed the response.
    pub fault: Option<Fault>,
    /// The settings that the app had after it.
    pub held: Option<ChannelConnectionSettings>,
    /// Violations of HubSpot's specification, by the call or by its response.
    pub violations: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct CallLog {
    pub(crate) account: SharedAccount,
    pub(crate) silenced: Arc<Notify>,
}

pub(crate) async fn record_call(
    State(log): State<CallLog>,
    Extension(caller): Extension<Option<Caller>>,
    request: Request<Body>,
    next: Next,
) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let mut call = received(&parts);
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        let violation = format!("the request has more than {MAX_BODY} bytes");
        log.record(call, Some(status), &[violation]);
        return ApiError::new(status, "VALIDATION_ERROR", "Request body too large").into_response();
    };
    let request = Request::from_parts(parts, body);
    let fault = lock(&log.account).next_fault(caller);
    let in_progress = lock(&log.account).in_progress.subscribe();
    call.fault = fault;
    let silenced = Arc::clone(&log.silenced);
    // In a task of its own: a call takes effect late even if its caller has gone by then.
    let task = tokio::spawn(async move {
        let response = run(request.clone().map(Body::from), fault, next).await;
        let violations = specification::violations(&request, response.as_ref());
        log.record(call, response.as_ref().map(Response::status), &violations);
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
    let replacing = fault.filter(|fault| !fault.only_delays());
    if replacing.is_some_and(|fault| fault.when == When::Before) {
        return None;
    }
    Fault::wait(fault, When::Before).await;
    let (parts, body) = next.run(request).await.into_parts();
    Fault::wait(fault, When::After).await;
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    replacing
        .is_none()
        .then(|| Response::from_parts(parts, body))
}

impl CallLog {
    fn record(&self, call: ApiCall, status: Option<StatusCode>, violations: &[String]) {
        let mut account = lock(&self.account);
        let app_id = call.path.split('/').find_map(|part| part.parse().ok());
        let held = app_id.and_then(|app_id| account.held_by(app_id));
        let violations = violations.iter().take(MAX_VIOLATIONS);
        account.record(ApiCall {
            at: Instant::now(),
            answered_at: jiff::Timestamp::now().to_string(),
            milliseconds: milliseconds_since(call.at),
            status: status.map(|status| status.as_u16()),
            held: held.map(|held| held.settings),
            violations: violations.map(|violation| truncate(violation)).collect(),
            ..call
        });
    }
}

/// Returns the record of a call that has just come in.
fn received(parts: &Parts) -> ApiCall {
    ApiCall {
        number: 0,
        at: Instant::now(),
        answered_at: String::new(),
        milliseconds: 0,
        method: truncate(parts.method.as_str()),
        path: truncate(parts.uri.path()),
        status: None,
        fault: None,
        held: None,
        violations: Vec::new(),
    }
}

fn truncate(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
