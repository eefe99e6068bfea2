//! A Lambda Runtime API on this machine, which hands out one event after the other.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
    serve::ListenerExt,
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    time::timeout,
};

/// How long anything is waited for.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The API, as who stands in for Lambda sees it.
pub struct RuntimeApi {
    /// Where it is, as `AWS_LAMBDA_RUNTIME_API` names it.
    pub address: String,
    ready: mpsc::Receiver<Instant>,
    events: mpsc::Sender<String>,
    answers: mpsc::Receiver<(Instant, String)>,
}

#[derive(Clone)]
struct Ends {
    ready: mpsc::Sender<Instant>,
    events: Arc<Mutex<mpsc::Receiver<String>>>,
    answers: mpsc::Sender<(Instant, String)>,
}

impl RuntimeApi {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let (ready, is_ready) = mpsc::channel(1);
        let (events, waiting) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .with_state(Ends {
                ready,
                events: Arc::new(Mutex::new(waiting)),
                answers: answered,
            });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            address,
            ready: is_ready,
            events,
            answers,
        }
    }

    /// Waits for the end of INIT, and returns when that was.
    pub async fn ready(&mut self) -> Instant {
        let ready = timeout(TIMEOUT, self.ready.recv()).await;
        ready.expect("the function asks for an event").unwrap()
    }

    /// Invokes the function; returns its answer, and when that came.
    pub async fn invoke(&mut self, event: String) -> (Instant, String) {
        self.events.send(event).await.unwrap();
        let answer = timeout(TIMEOUT, self.answers.recv()).await;
        answer.expect("the function answers").unwrap()
    }
}

async fn next(State(ends): State<Ends>) -> impl IntoResponse {
    // The first one counts, and that channel holds one.
    let _ = ends.ready.try_send(Instant::now());
    let event = ends.events.lock().await.recv().await.unwrap();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(5);
    let mut headers = HeaderMap::new();
    for (name, value) in [
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
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    (headers, event)
}

async fn response(State(ends): State<Ends>, Path(_id): Path<String>, body: String) -> StatusCode {
    ends.answers.send((Instant::now(), body)).await.unwrap();
    StatusCode::ACCEPTED
}
