//! A function's real binary, run as Lambda does: with a Runtime API that hands out its events.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router, extract,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    process::{Child, Command},
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{APP_ID, CLIENT_SECRET_ARN, FUNCTION_TIMEOUT, TABLE, WEBHOOK_URL, serve};

/// The variables that Lambda sets, and those that the template sets of the webhook.
const ENVIRONMENT: [(&str, &str); 13] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "webhook"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("APP_ID", APP_ID),
    ("WEBHOOK_URL", WEBHOOK_URL),
    ("NUMBERS_TABLE", TABLE),
    ("MAX_STALE_SECONDS", "600"),
    ("CLIENT_SECRET_ARN", CLIENT_SECRET_ARN),
];
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running function, and the Runtime API's ends that its test holds.
pub struct FunctionProcess {
    process: Child,
    log: PathBuf,
    /// The function's calls for an event, each with the way to answer it.
    polls: mpsc::Receiver<oneshot::Sender<String>>,
    results: mpsc::Receiver<Invoked>,
    /// The call that waits for an event.
    poll: Option<oneshot::Sender<String>>,
}

/// What the function made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invoked {
    /// The function's response.
    Response(String),
    /// A function error, which API Gateway answers with 502.
    FunctionError(String),
}

impl FunctionProcess {
    /// Starts a command as a function that writes its log to a file, and waits for the end of INIT.
    pub async fn start(mut command: Command, log: &Path) -> Self {
        let (poll_sender, mut polls) = mpsc::channel(1);
        let (finished, results) = mpsc::channel(1);
        let api = serve(runtime_api(poll_sender, finished)).await;
        // A file, because nobody would empty a pipe while the function writes into it.
        let output = File::create(log).unwrap();
        let process = command
            .env("AWS_LAMBDA_RUNTIME_API", api.trim_start_matches("http://"))
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let poll = Some(received(&mut polls).await);
        Self {
            process,
            log: log.to_owned(),
            polls,
            results,
            poll,
        }
    }

    /// Invokes the function, and waits until it polls for another event.
    pub async fn invoke(&mut self, event: &Value) -> Invoked {
        let poll = self.poll.take().unwrap();
        poll.send(event.to_string()).unwrap();
        let result = received(&mut self.results).await;
        self.poll = Some(received(&mut self.polls).await);
        result
    }

    /// Invokes the function; returns the HTTP status of its response.
    pub async fn status(&mut self, event: &Value) -> u64 {
        match self.invoke(event).await {
            Invoked::Response(response) => {
                let response: Value = serde_json::from_str(&response).unwrap();
                response["statusCode"].as_u64().unwrap()
            }
            error @ Invoked::FunctionError(_) => panic!("{error:?} after {event}"),
        }
    }

    /// Returns the most memory that the process ever held, in KiB, as Linux counts it.
    pub fn peak_memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.id().unwrap());
        let status = fs::read_to_string(status).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.unwrap().trim().trim_end_matches(" kB");
        peak.parse().unwrap()
    }

    /// Ends the function with SIGTERM, as Lambda does, so that a profiler can write its results.
    pub async fn terminate(mut self) {
        let id = self.process.id().unwrap().to_string();
        Command::new("kill").arg(id).status().await.unwrap();
        self.process.wait().await.unwrap();
    }

    /// Ends the function and returns everything that it wrote.
    pub async fn log(mut self) -> String {
        self.process.kill().await.unwrap();
        fs::read_to_string(self.log).unwrap()
    }
}

async fn received<T>(channel: &mut mpsc::Receiver<T>) -> T {
    let received = timeout(TIMEOUT, channel.recv()).await;
    received.expect("the function goes on").unwrap()
}

/// Returns a Runtime API for one function's process.
fn runtime_api(
    poll_sender: mpsc::Sender<oneshot::Sender<String>>,
    finished: mpsc::Sender<Invoked>,
) -> Router {
    let next = get(async move || {
        let (poll, event) = oneshot::channel();
        poll_sender.send(poll).await.unwrap();
        let event = event.await.unwrap();
        (invocation(), event)
    });
    let finish = post(
        async move |extract::Path((_, result)): extract::Path<(String, String)>, body: String| {
            let result = match result.as_str() {
                "response" => Invoked::Response(body),
                _ => Invoked::FunctionError(body),
            };
            finished.send(result).await.unwrap();
            StatusCode::ACCEPTED
        },
    );
    let invocation = "/2018-06-01/runtime/invocation";
    Router::new()
        .route(&format!("{invocation}/next"), next)
        .route(&format!("{invocation}/{{id}}/{{result}}"), finish)
}

/// Returns the headers of an invocation that begins now.
fn invocation() -> HeaderMap {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + FUNCTION_TIMEOUT;
    let deadline = deadline.as_millis().to_string();
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793";
    let function = "arn:aws:lambda:us-east-1:1:function:f";
    let headers = [
        ("lambda-runtime-aws-request-id", "request-1"),
        ("lambda-runtime-deadline-ms", &deadline),
        ("lambda-runtime-trace-id", trace),
        ("lambda-runtime-invoked-function-arn", function),
    ];
    let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    HeaderMap::from_iter(headers)
}

/// Returns a command with the webhook's environment and nothing else of this process's.
pub fn webhook_command(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        // Where a coverage run has a program write what it reached.
        .envs(env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
        .envs(ENVIRONMENT);
    command
}
