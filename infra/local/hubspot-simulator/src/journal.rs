//! Every call of HubSpot's own paths: recorded, held against the specification, or made to fail.

use std::{sync::Arc, time::Instant};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::Notify;

use crate::{
    SharedAccount,
    account::{self, ApiCall},
    fault::{Fault, When},
    lock,
    specification::{self, Message},
};

const LARGEST_BODY: usize = 64 * 1024;

#[derive(Clone)]
pub(crate) struct Journal {
    pub(crate) account: SharedAccount,
    pub(crate) silenced: Arc<Notify>,
}

/// What of a call stands in its record.
struct Heading {
    method: String,
    uri: Uri,
    fault: Option<Fault>,
    came: Instant,
}

pub(crate) async fn keep(State(journal): State<Journal>, request: Request, next: Next) -> Response {
    let heading = Heading {
        method: request.method().to_string(),
        uri: request.uri().clone(),
        fault: lock(&journal.account).next_fault(),
        came: Instant::now(),
    };
    let Some((sent, request)) = read_request(request).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match heading.fault {
        Some(fault) if !fault.only_delays() => {
            if fault.when == When::After {
                next.run(request).await;
            }
            journal.record(heading, None, Vec::new());
            fault.how.response(&journal.silenced).await
        }
        _ => journal.fulfil(heading, sent, request, next).await,
    }
}

impl Journal {
    async fn fulfil(
        &self,
        heading: Heading,
        sent: Message,
        request: Request,
        next: Next,
    ) -> Response {
        let late = async |side| {
            if let Some(fault) = heading.fault {
                fault.wait(side).await;
            }
        };
        late(When::Before).await;
        let (answered, response) = read_response(next.run(request).await).await;
        late(When::After).await;
        let status = response.status().as_u16();
        let violations = heading.violations(&sent, status, &answered);
        self.record(heading, Some(status), violations);
        response
    }

    fn record(&self, heading: Heading, status: Option<u16>, violations: Vec<String>) {
        let mut account = lock(&self.account);
        let held = account.held();
        account.record(ApiCall {
            number: 0,
            at: Instant::now(),
            answered_at: account::now(),
            milliseconds: u64::try_from(heading.came.elapsed().as_millis()).unwrap_or(u64::MAX),
            method: heading.method,
            path: heading.uri.path().to_owned(),
            status,
            fault: heading.fault,
            held,
            violations,
        });
    }
}

impl Heading {
    fn violations(&self, sent: &Message, status: u16, answered: &Message) -> Vec<String> {
        let query = url::form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes());
        let query: Vec<String> = query.map(|(name, _)| name.into_owned()).collect();
        let path = self.uri.path();
        specification::violations(&self.method, path, &query, sent, status, answered)
    }
}

async fn read_request(request: Request) -> Option<(Message, Request)> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.ok()?;
    let message = message(&parts.headers, &body);
    Some((message, Request::from_parts(parts, Body::from(body))))
}

async fn read_response(response: Response) -> (Message, Response) {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
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
