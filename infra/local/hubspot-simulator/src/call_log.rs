//! Records every call of HubSpot's API, checks it against the specification, or makes it fail.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{Request, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::Notify;

use crate::{
    Caller, SharedAccount,
    account::ApiCall,
    error::ApiError,
    fault::{Fault, When},
    lock, milliseconds_since, specification,
};

const MAX_BODY: usize = 64 * 1024;
/// What is kept of a path or of a violation, in characters.
const MAX_TEXT: usize = 200;
const MAX_VIOLATIONS: usize = 10;

#[derive(Clone)]
pub(crate) struct CallLog {
    pub(crate) account: SharedAccount,
    pub(crate) silenced: Arc<Notify>,
}

/// A call without a response yet.
struct PendingCall {
    request: Request<Bytes>,
    fault: Option<Fault>,
    started: Instant,
}

pub(crate) async fn record_call(
    State(log): State<CallLog>,
    Extension(caller): Extension<Option<Caller>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await;
    let is_too_large = body.is_err();
    let request = Request::from_parts(parts, body.unwrap_or_default());
    let fault = if is_too_large {
        None
    } else {
        lock(&log.account).next_fault(caller)
    };
    let call = PendingCall {
        request: request.clone(),
        fault,
        started,
    };
    if is_too_large {
        let violations = vec![format!("the request has more than {MAX_BODY} bytes")];
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        log.record(&call, Some(status), &violations);
        return ApiError::new(status, "VALIDATION_ERROR", "Request body too large").into_response();
    }
    let request = request.map(Body::from);
    match fault {
        Some(fault) if !fault.only_delays() => {
            if fault.when == When::After {
                next.run(request).await;
            }
            let violations = specification::violations(&call.request, None);
            log.record(&call, None, &violations);
            fault.how.response(&log.silenced).await
        }
        _ => log.respond(call, request, next).await,
    }
}

impl CallLog {
    async fn respond(&self, call: PendingCall, request: Request<Body>, next: Next) -> Response {
        let fault = call.fault;
        let delay = async move |side| {
            if let Some(fault) = fault {
                fault.wait(side).await;
            }
        };
        // In a task of its own: a call takes effect late even if its caller has gone by then.
        let run = tokio::spawn(async move {
            delay(When::Before).await;
            let response = next.run(request).await;
            delay(When::After).await;
            response
        });
        let gone = |_| StatusCode::INTERNAL_SERVER_ERROR.into_response();
        let (parts, body) = run.await.unwrap_or_else(gone).into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let response = Response::from_parts(parts, body);
        let violations = specification::violations(&call.request, Some(&response));
        self.record(&call, Some(response.status()), &violations);
        response.map(Body::from)
    }

    fn record(&self, call: &PendingCall, status: Option<StatusCode>, violations: &[String]) {
        let mut account = lock(&self.account);
        let path = call.request.uri().path();
        let app_id = path.split('/').find_map(|part| part.parse().ok());
        let held = app_id.and_then(|app_id| account.held_by(app_id));
        let violations = violations.iter().take(MAX_VIOLATIONS);
        account.record(ApiCall {
            number: 0,
            at: Instant::now(),
            answered_at: jiff::Timestamp::now().to_string(),
            milliseconds: milliseconds_since(call.started),
            method: truncate(call.request.method().as_str()),
            path: truncate(path),
            status: status.map(|status| status.as_u16()),
            fault: call.fault,
            held: held.map(|held| held.settings),
            violations: violations.map(|violation| truncate(violation)).collect(),
        });
    }
}

fn truncate(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
