//! Every call of HubSpot's own paths: recorded, held against the specification, or made to fail.

use std::{sync::Arc, time::Instant};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::Notify;

use crate::{
    SharedAccount,
    account::ApiCall,
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

pub(crate) async fn keep(State(journal): State<Journal>, request: Request, next: Next) -> Response {
    let (method, uri) = (request.method().to_string(), request.uri().clone());
    let path = uri.path().to_owned();
    let fault = lock(&journal.account).faults.pop_front().flatten();
    let Some((sent, request)) = read_request(request).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let record = |status, violations| {
        let mut account = lock(&journal.account);
        let held = account.held();
        account.calls.push(ApiCall {
            at: Instant::now(),
            method: method.clone(),
            path: path.clone(),
            status,
            fault,
            held,
            violations,
        });
    };
    if let Some(Fault { when, how }) = fault {
        if when == When::After {
            next.run(request).await;
        }
        record(None, Vec::new());
        return how.response(&journal.silenced).await;
    }
    let (answered, response) = read_response(next.run(request).await).await;
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let query: Vec<String> = query.map(|(name, _)| name.into_owned()).collect();
    let status = response.status().as_u16();
    record(
        Some(status),
        specification::violations(&method, &path, &query, &sent, status, &answered),
    );
    response
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
