//! A proxy in front of DynamoDB that counts requests and injects faults.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};

use crate::{http, serve};

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
    upstream: String,
    mode: Arc<Mutex<ServerMode>>,
    requests: Arc<AtomicUsize>,
}

impl DynamoDbProxy {
    /// Starts in front of an endpoint; returns the proxy and its own endpoint.
    pub async fn start(upstream: &str) -> (Self, String) {
        let proxy = Self {
            upstream: upstream.to_owned(),
            mode: Arc::new(Mutex::new(ServerMode::Forward)),
            requests: Arc::default(),
        };
        let routes = Router::new()
            .route("/", post(respond))
            .with_state(proxy.clone());
        (proxy, serve(routes).await)
    }

    pub fn set_mode(&self, mode: ServerMode) {
        *self.mode.lock().unwrap() = mode;
    }

    /// Returns how many requests came, failed ones included.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

async fn respond(State(proxy): State<DynamoDbProxy>, headers: HeaderMap, body: Bytes) -> Response {
    proxy.requests.fetch_add(1, Ordering::Relaxed);
    let mode = *proxy.mode.lock().unwrap();
    match mode {
        ServerMode::Forward => forward(&proxy.upstream, headers, body).await,
        ServerMode::Throttle => {
            error("com.amazonaws.dynamodb.v20120810#ThrottlingException").into_response()
        }
        ServerMode::Fail => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        ServerMode::Truncate => r#"{"Items":[{"number":{"S":"+1800marked"#.into_response(),
        ServerMode::Hang => std::future::pending().await,
        ServerMode::DenyAccess => {
            error("com.amazon.coral.service#AccessDeniedException").into_response()
        }
    }
}

async fn forward(upstream: &str, headers: HeaderMap, body: Bytes) -> Response {
    let request = http().post(upstream).headers(headers).body(body);
    let response = request.send().await.unwrap();
    (
        response.status(),
        response.headers().clone(),
        response.bytes().await.unwrap(),
    )
        .into_response()
}

fn error(code: &str) -> (StatusCode, String) {
    let body = format!(r#"{{"__type":"{code}","message":"marked"}}"#);
    (StatusCode::BAD_REQUEST, body)
}
