//! Lambda around the real binary: a Runtime API that hands out one event after the other.

use std::{
    fs::{self, File},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{Mutex, mpsc},
    time::timeout,
};

use crate::support;

pub const URL: &str = "https://calls.example.com/numbers";
const BINARY: &str = env!("CARGO_BIN_EXE_numbers-webhook");

/// A Lambda Runtime API that hands out one event after the other.
pub struct Lambda {
    function: Child,
    log: PathBuf,
    events: mpsc::Sender<String>,
    answers: mpsc::Receiver<Value>,
}

#[derive(Clone)]
struct RuntimeApi {
    events: Arc<Mutex<mpsc::Receiver<String>>>,
    answers: mpsc::Sender<Value>,
}

impl Lambda {
    pub async fn start(test: &str, endpoint: &str) -> Self {
        let (events, waiting) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let api = RuntimeApi {
            events: Arc::new(Mutex::new(waiting)),
            answers: answered,
        };
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .with_state(api);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let mut command = command();
        command
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_ENDPOINT_URL", endpoint);
        // A file, because nobody would empty a pipe while the function writes into it.
        let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.log"));
        let output = File::create(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let function = command.spawn().unwrap();
        Self {
            function,
            log,
            events,
            answers,
        }
    }

    /// Invokes the function and returns the HTTP status that it answered.
    pub async fn invoke(&mut self, event: Value) -> u64 {
        self.events.send(event.to_string()).await.unwrap();
        let answer = timeout(Duration::from_secs(20), self.answers.recv()).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer; see {}", self.log.display()));
        answer.unwrap()["statusCode"].as_u64().unwrap()
    }

    /// The most memory that the process ever held, in KiB, as Linux counts it.
    pub fn peak_memory(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.function.id().unwrap())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Ends the function and returns everything that it wrote.
    pub async fn log(mut self) -> String {
        self.function.kill().await.unwrap();
        fs::read_to_string(self.log).unwrap()
    }
}

async fn next(State(api): State<RuntimeApi>) -> impl IntoResponse {
    let event = api.events.lock().await.recv().await.unwrap();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(5);
    let mut headers = HeaderMap::new();
    headers.insert(
        "lambda-runtime-aws-request-id",
        "request-1".parse().unwrap(),
    );
    headers.insert(
        "lambda-runtime-deadline-ms",
        deadline.as_millis().to_string().parse().unwrap(),
    );
    headers.insert(
        "lambda-runtime-trace-id",
        "Root=1-5759e988-bd862e3fe1be46a994272793".parse().unwrap(),
    );
    headers.insert(
        "lambda-runtime-invoked-function-arn",
        "arn:aws:lambda:us-east-1:1:function:f".parse().unwrap(),
    );
    (headers, event)
}

async fn response(
    State(api): State<RuntimeApi>,
    Path(_id): Path<String>,
    body: String,
) -> StatusCode {
    api.answers
        .send(serde_json::from_str(&body).unwrap())
        .await
        .unwrap();
    StatusCode::ACCEPTED
}

/// The function with a complete configuration.
pub fn command() -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().kill_on_drop(true).envs([
        ("AWS_LAMBDA_FUNCTION_NAME", "webhook"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("APP_ID", support::APP),
        ("WEBHOOK_URL", URL),
        ("NUMBERS_TABLE", "numbers"),
        ("LONGEST_ANSWER_AGE_SECONDS", "600"),
        ("HUBSPOT_CLIENT_SECRET", support::CLIENT_SECRET),
    ]);
    command
}
