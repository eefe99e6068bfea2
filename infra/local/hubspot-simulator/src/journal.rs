//! Every call of HubSpot's own paths: recorded, held against the specification, or made to fail.

use std::{sync::Arc, time::Instant};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::Notify;

use crate::{
    SharedAccount,
    account::{self, ApiCall},
    fault::{Fault, When},
    lock,
    specification::{self, Call, Message},
};

const MAX_BODY: usize = 64 * 1024;

#[derive(Clone)]
pub(crate) struct Journal {
    pub(crate) account: SharedAccount,
    pub(crate) silenced: Arc<Notify>,
}

/// A call whose record is to be kept.
struct Heading {
    call: Call,
    fault: Option<Fault>,
    came: Instant,
}

pub(crate) async fn keep(State(journal): State<Journal>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await;
    let fault = body
        .as_ref()
        .ok()
        .and_then(|_| lock(&journal.account).next_fault());
    let heading = Heading {
        call: call(&parts, body.as_deref().unwrap_or_default()),
        fault,
        came: Instant::now(),
    };
    let Ok(body) = body else {
        let violations = vec![format!("the request has more than {MAX_BODY} bytes")];
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        journal.record(heading, Some(status), violations);
        return status.into_response();
    };
    let request = Request::from_parts(parts, Body::from(body));
    match heading.fault {
        Some(fault) if !fault.only_delays() => {
            if fault.when == When::After {
                next.run(request).await;
            }
            let violations = specification::violations(&heading.call, None);
            journal.record(heading, None, violations);
            fault.how.response(&journal.silenced).await
        }
        _ => journal.fulfil(heading, request, next).await,
    }
}

impl Journal {
    async fn fulfil(&self, heading: Heading, request: Request, next: Next) -> Response {
        let late = async |side| {
            if let Some(fault) = heading.fault {
                fault.wait(side).await;
            }
        };
        late(When::Before).await;
        let (answered, response) = read_response(next.run(request).await).await;
        late(When::After).await;
        let status = response.status();
        let answered = Some((status.as_u16(), &answered));
        let violations = specification::violations(&heading.call, answered);
        self.record(heading, Some(status), violations);
        response
    }

    fn record(&self, heading: Heading, status: Option<StatusCode>, violations: Vec<String>) {
        let mut account = lock(&self.account);
        let held = account.held();
        account.record(ApiCall {
            number: 0,
            at: Instant::now(),
            answered_at: account::now(),
            milliseconds: u64::try_from(heading.came.elapsed().as_millis()).unwrap_or(u64::MAX),
            method: heading.call.method,
            path: heading.call.path,
            status: status.map(|status| status.as_u16()),
            fault: heading.fault,
            held,
            violations,
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
        sent: message(&parts.headers, body),
    }
}

async fn read_response(response: Response) -> (Message, Response) {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BODY).await.unwrap_or_default();
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
