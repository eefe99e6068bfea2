//! A Lambda Runtime API on this machine, which hands out one event after the other.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

use crate::serve;

const TIMEOUT: Duration = Duration::from_secs(30);
/// The function's timeout, which the deadlines of its invocations come from.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(5);

/// A Runtime API for one function's process.
pub struct RuntimeApi {
    /// The value for `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    ready: mpsc::Receiver<Instant>,
    events: mpsc::Sender<String>,
    results: mpsc::Receiver<(Instant, Invoked)>,
}

/// What the function made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invoked {
    /// The function's response.
    Response(String),
    /// A function error, which API Gateway answers with 502.
    FunctionError(String),
}

#[derive(Clone)]
struct Channels {
    ready: mpsc::Sender<Instant>,
    events: Arc<Mutex<mpsc::Receiver<String>>>,
    results: mpsc::Sender<(Instant, Invoked)>,
}

impl RuntimeApi {
    pub async fn start() -> Self {
        let (ready, is_ready) = mpsc::channel(1);
        let (events, waiting) = mpsc::channel(1);
        let (finished, results) = mpsc::channel(1);
        let invocation = "/2018-06-01/runtime/invocation";
        let routes = Router::new()
            .route(&format!("{invocation}/next"), get(next))
            .route(&format!("{invocation}/{{id}}/response"), post(response))
            .route(&format!("{invocation}/{{id}}/error"), post(error))
            .with_state(Channels {
                ready,
                events: Arc::new(Mutex::new(waiting)),
                results: finished,
            });
        let endpoint = serve(routes).await;
        Self {
            address: endpoint.trim_start_matches("http://").to_owned(),
            ready: is_ready,
            events,
            results,
        }
    }

    /// Waits for the end of INIT, and returns when that was.
    pub async fn ready(&mut self) -> Instant {
        let ready = timeout(TIMEOUT, self.ready.recv()).await;
        ready.expect("the function asks for an event").unwrap()
    }

    /// Invokes the function; returns the result, and when it came.
    pub async fn invoke(&mut self, event: String) -> (Instant, Invoked) {
        self.events.send(event).await.unwrap();
        let result = timeout(TIMEOUT, self.results.recv()).await;
        result.expect("the function ends the invocation").unwrap()
    }
}

async fn next(State(channels): State<Channels>) -> impl IntoResponse {
    // Only the first one is waited for; the channel holds no more.
    let _ = channels.ready.try_send(Instant::now());
    let event = channels.events.lock().await.recv().await.unwrap();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + FUNCTION_TIMEOUT;
    let headers = [
        ("lambda-runtime-aws-request-id", "request-1"),
        (
            "lambda-runtime-deadline-ms",
            &deadline.as_millis().to_string(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:1:function:f",
        ),
    ]
    .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    (HeaderMap::from_iter(headers), event)
}

async fn response(State(channels): State<Channels>, body: String) -> StatusCode {
    finish(channels, Invoked::Response(body)).await
}

async fn error(State(channels): State<Channels>, body: String) -> StatusCode {
    finish(channels, Invoked::FunctionError(body)).await
}

async fn finish(channels: Channels, result: Invoked) -> StatusCode {
    channels
        .results
        .send((Instant::now(), result))
        .await
        .unwrap();
    StatusCode::ACCEPTED
}
