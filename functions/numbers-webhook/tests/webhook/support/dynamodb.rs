//! DynamoDB as it is seen through a network and on a bad day: a proxy that counts and can fail.

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
use tokio::net::TcpListener;

/// What DynamoDB does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    Throttling,
    Failing,
    Garbled,
    Silent,
    Forbidding,
}

/// A proxy in front of a DynamoDB endpoint.
#[derive(Clone)]
pub struct Proxy {
    upstream: String,
    mood: Arc<Mutex<Mood>>,
    requests: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts in front of an endpoint; returns the proxy and its own endpoint.
    pub async fn before(upstream: &str) -> (Self, String) {
        let proxy = Self {
            upstream: upstream.to_owned(),
            mood: Arc::new(Mutex::new(Mood::Well)),
            requests: Arc::default(),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/", post(pass))
            .with_state(proxy.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        (proxy, endpoint)
    }

    pub fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How many requests came, whatever became of them.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

async fn pass(State(proxy): State<Proxy>, headers: HeaderMap, body: Bytes) -> Response {
    proxy.requests.fetch_add(1, Ordering::Relaxed);
    let mood = *proxy.mood.lock().unwrap();
    match mood {
        Mood::Well => {
            let request = super::http()
                .post(&proxy.upstream)
                .headers(headers)
                .body(body);
            let answer = request.send().await.unwrap();
            (
                answer.status(),
                answer.headers().clone(),
                answer.bytes().await.unwrap(),
            )
                .into_response()
        }
        Mood::Throttling => {
            let error = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}"#;
            (StatusCode::BAD_REQUEST, error).into_response()
        }
        Mood::Failing => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Garbled => r#"{"Items":[{"number":{"S":"+1800marked"#.into_response(),
        Mood::Forbidding => {
            let error =
                r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}"#;
            (StatusCode::BAD_REQUEST, error).into_response()
        }
        Mood::Silent => std::future::pending().await,
    }
}
