//! Records every call of HubSpot's API, checks it against the specification, or makes it fail.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::Notify;

use crate::{
    Caller, SharedAccount,
    account::{self, ApiCall},
    error::ApiError,
    fault::{Fault, When},
    lock,
    specification::{self, Call, Message},
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
    call: Call,
    fault: Option<Fault>,
    started: Instant,
}

pub(crate) async fn record_call(
    State(log): State<CallLog>,
    Extension(caller): Extension<Option<Caller>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await;
    let fault = body
        .as_ref()
        .ok()
        .and_then(|_| lock(&log.account).next_fault(caller));
    let pending = PendingCall {
        call: call(&parts, body.as_deref().unwrap_or_default()),
        fault,
        started: Instant::now(),
    };
    let Ok(body) = body else {
        let violations = vec![format!("the request has more than {MAX_BODY} bytes")];
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        log.record(&pending, Some(status), &violations);
        return ApiError::new(status, "VALIDATION_ERROR", "Request body too large").into_response();
    };
    let request = Request::from_parts(parts, Body::from(body));
    match pending.fault {
        Some(fault) if !fault.only_delays() => {
            if fault.when == When::After {
                next.run(request).await;
            }
            let violations = specification::violations(&pending.call, None);
            log.record(&pending, None, &violations);
            fault.how.response(&log.silenced).await
        }
        _ => log.respond(pending, request, next).await,
    }
}

impl CallLog {
    async fn respond(&self, pending: PendingCall, request: Request, next: Next) -> Response {
        let fault = pending.fault;
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
        let (message, response) = read_response(run.await.unwrap_or_else(gone)).await;
        let status = response.status();
        let responded = Some((status.as_u16(), &message));
        let violations = specification::violations(&pending.call, responded);
        self.record(&pending, Some(status), &violations);
        response
    }

    fn record(&self, pending: &PendingCall, status: Option<StatusCode>, violations: &[String]) {
        let mut account = lock(&self.account);
        let app_id = pending
            .call
            .path
            .split('/')
            .find_map(|part| part.parse().ok());
        let held = app_id.and_then(|app_id| account.held_by(app_id));
        let held = held.map(|held| held.settings);
        account.record(ApiCall {
            number: 0,
            at: Instant::now(),
            answered_at: account::now(),
            milliseconds: u64::try_from(pending.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            method: truncate(&pending.call.method),
            path: truncate(&pending.call.path),
            status: status.map(|status| status.as_u16()),
            fault: pending.fault,
            held,
            violations: violations
                .iter()
                .take(MAX_VIOLATIONS)
                .map(|violation| truncate(violation))
                .collect(),
        });
    }
}

fn call(parts: &Parts, body: &[u8]) -> Call {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let query = url::form_urlencoded::parse(query);
    Call {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: query.map(|(name, _)| name.into_owned()).collect(),
        request: message(&parts.headers, body),
    }
}

async fn read_response(response: Response) -> (Message, Response) {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let message = message(&parts.headers, &body);
    (message, Response::from_parts(parts, Body::from(body)))
}

fn message(headers: &HeaderMap, body: &[u8]) -> Message {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.and_then(|text| text.split(';').next());
    Message {
        content_type: content_type.unwrap_or_default().to_owned(),
        body: body.to_vec(),
    }
}

fn truncate(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use channel_connection::client_secrets::SigningSecret;

    use super::*;
    use crate::{Account, account::MAX_CALLS};

    #[test]
    #[allow(clippy::unwrap_used, reason = "a test's set-up may fail loudly")]
    fn keeps_the_latest_calls_only() {
        let app_id = "1".parse().unwrap();
        let url = crate::deployed_webhook("https://calls.example.com/").unwrap();
        let account = Account::of_deployed(app_id, SigningSecret::new("secret").unwrap(), url);
        let log = CallLog {
            account: Arc::new(account.into()),
            silenced: Arc::default(),
        };
        let (parts, ()) = Request::new(()).into_parts();
        for _ in 0..=MAX_CALLS {
            let pending = PendingCall {
                call: call(&parts, &[]),
                fault: None,
                started: Instant::now(),
            };
            log.record(&pending, None, &[]);
        }
        let account = lock(&log.account);
        let numbers = account.calls.iter().map(|call| call.number);
        assert!(numbers.eq(2..=u64::try_from(MAX_CALLS).unwrap() + 1));
    }
}
