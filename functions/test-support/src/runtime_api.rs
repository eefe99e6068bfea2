//! A Lambda Runtime API on this machine, which hands out one event after the other.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{self, State},
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
pub(crate) struct RuntimeApi {
    /// The value for `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) address: String,
    ready: mpsc::Receiver<()>,
    events: mpsc::Sender<String>,
    results: mpsc::Receiver<Invoked>,
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
    ready: mpsc::Sender<()>,
    events: Arc<Mutex<mpsc::Receiver<String>>>,
    results: mpsc::Sender<Invoked>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let (ready, is_ready) = mpsc::channel(1);
        let (events, waiting) = mpsc::channel(1);
        let (finished, results) = mpsc::channel(1);
        let invocation = "/2018-06-01/runtime/invocation";
        let routes = Router::new()
            .route(&format!("{invocation}/next"), get(next))
            .route(&format!("{invocation}/{{id}}/{{result}}"), post(finish))
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

    /// Waits for the end of INIT.
    pub(crate) async fn ready(&mut self) {
        let ready = timeout(TIMEOUT, self.ready.recv()).await;
        ready.expect("the function asks for an event").unwrap();
    }

    pub(crate) async fn invoke(&mut self, event: String) -> Invoked {
        self.events.send(event).await.unwrap();
        let result = timeout(TIMEOUT, self.results.recv()).await;
        result.expect("the function ends the invocation").unwrap()
    }
}

async fn next(State(channels): State<Channels>) -> impl IntoResponse {
    // Only the first one is waited for; the channel holds no more.
    let _ = channels.ready.try_send(());
    let event = channels.events.lock().await.recv().await.unwrap();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + FUNCTION_TIMEOUT;
    let deadline = deadline.as_millis().to_string();
    let headers = [
        ("aws-request-id", "request-1"),
        ("deadline-ms", &deadline),
        ("trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
        (
            "invoked-function-arn",
            "arn:aws:lambda:us-east-1:1:function:f",
        ),
    ]
    .map(|(name, value)| {
        let name = format!("lambda-runtime-{name}");
        (name.parse().unwrap(), value.parse().unwrap())
    });
    (HeaderMap::from_iter(headers), event)
}

async fn finish(
    State(channels): State<Channels>,
    extract::Path((_, result)): extract::Path<(String, String)>,
    body: String,
) -> StatusCode {
    let result = match result.as_str() {
        "response" => Invoked::Response(body),
        _ => Invoked::FunctionError(body),
    };
    channels.results.send(result).await.unwrap();
    StatusCode::ACCEPTED
}
