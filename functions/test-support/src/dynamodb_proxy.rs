//! A proxy in front of DynamoDB that counts requests and injects faults.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};

use crate::{aws_error, http, serve};

/// What the proxy does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerMode {
    Forward,
    Throttle,
    Fail,
    /// Answers with JSON that breaks off in the middle of a phone number.
    Truncate,
    /// Never answers.
    Hang,
    DenyAccess,
}

/// A proxy in front of a DynamoDB endpoint.
#[derive(Clone)]
pub struct DynamoDbProxy {
    mode: Arc<Mutex<ServerMode>>,
    requests: Arc<AtomicUsize>,
}

impl DynamoDbProxy {
    /// Starts in front of an endpoint; returns the proxy and its own endpoint.
    pub async fn start(upstream: &str) -> (Self, String) {
        let proxy = Self {
            mode: Arc::new(Mutex::new(ServerMode::Forward)),
            requests: Arc::default(),
        };
        let (counting, upstream) = (proxy.clone(), upstream.to_owned());
        let respond = post(async move |headers: HeaderMap, body: Bytes| {
            counting.requests.fetch_add(1, Ordering::Relaxed);
            let mode = *counting.mode.lock().unwrap();
            respond(mode, &upstream, headers, body).await
        });
        (proxy, serve(Router::new().route("/", respond)).await)
    }

    pub fn set_mode(&self, mode: ServerMode) {
        *self.mode.lock().unwrap() = mode;
    }

    /// Returns how many requests came, failed ones included.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

async fn respond(mode: ServerMode, upstream: &str, headers: HeaderMap, body: Bytes) -> Response {
    match mode {
        ServerMode::Forward => {
            let request = http().post(upstream).headers(headers).body(body);
            let response = request.send().await.unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            (status, headers, response.bytes().await.unwrap()).into_response()
        }
        ServerMode::Throttle => aws_error("com.amazonaws.dynamodb.v20120810#ThrottlingException"),
        ServerMode::Fail => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        ServerMode::Truncate => r#"{"Items":[{"number":{"S":"+1800marked"#.into_response(),
        ServerMode::Hang => std::future::pending().await,
        ServerMode::DenyAccess => aws_error("com.amazon.coral.service#AccessDeniedException"),
    }
}
