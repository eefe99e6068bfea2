//! Counts the instructions of INIT and of a warm request, and fails above a budget.
//!
//! `BOOTSTRAP` names the function as it is deployed. Times differ from run to run; instructions do not.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a bench's set-up may fail loudly"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::SystemTime,
};

use axum::{Router, http::HeaderMap, routing::post};
use serde_json::json;
use test_support::{
    CLIENT_SECRET, FunctionProcess, TlsListener, USER_ID, WEBHOOK_URL, certificate,
    numbers_request, signed_request, webhook_command,
};
use tokio::{net::TcpListener, process::Command};

const MAX_INIT: u64 = 8_400_000;
const MAX_REQUEST: u64 = 800_000;
/// So many that the difference between two starts counts little.
const REQUESTS: u64 = 100;
const NUMBERS: usize = 10;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(program) = env::var_os("BOOTSTRAP") else {
        println!("cold_start: nothing to count. Name the built function in BOOTSTRAP.");
        return ExitCode::SUCCESS;
    };
    let Some(valgrind) = find("valgrind") else {
        println!("Missing: valgrind. Get it from your system's packages.");
        return ExitCode::FAILURE;
    };
    let (endpoint, authority) = start_aws().await;
    let count = async |requests| {
        let mut command = webhook_command(valgrind.to_str().unwrap());
        let output = file("callgrind.out");
        command
            .arg("--tool=callgrind")
            .arg(format!("--callgrind-out-file={}", output.display()))
            .arg(&program)
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("SSL_CERT_FILE", &authority);
        run(command, requests).await;
        total(&output)
    };
    let (one, many) = (count(1).await, count(1 + REQUESTS).await);
    let request = (many - one) / REQUESTS;
    let init = is_within("INIT", one - request, MAX_INIT);
    let request = is_within("a warm request", request, MAX_REQUEST);
    if init && request {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Serves both AWS services over TLS; returns the endpoint, and the file of its authority.
async fn start_aws() -> (String, PathBuf) {
    let authority = file("authority.pem");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let listener = TlsListener(listener, certificate(&authority));
    let row = |number| {
        json!({
            "number": {"S": format!("+1800{number:07}")},
            "friendlyName": {"S": format!("Support line {number}")},
        })
    };
    let rows = json!({"Items": (0..NUMBERS).map(row).collect::<Vec<_>>()}).to_string();
    let secret = json!({"clientSecret": CLIENT_SECRET}).to_string();
    let secret = json!({"Name": "client", "SecretString": secret}).to_string();
    let respond = post(
        async move |headers: HeaderMap| match headers["x-amz-target"].as_bytes() {
            b"secretsmanager.GetSecretValue" => secret,
            _ => rows,
        },
    );
    let routes = Router::new().route("/", respond);
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (format!("https://localhost:{port}"), authority)
}

async fn run(command: Command, requests: u64) {
    let mut function = FunctionProcess::start(command, &file("function.log")).await;
    for _ in 0..requests {
        let event = signed_request(WEBHOOK_URL, numbers_request(USER_ID), SystemTime::now());
        assert_eq!(function.status(&event).await, 200);
    }
    function.terminate().await;
}

fn total(callgrind: &Path) -> u64 {
    let counts = fs::read_to_string(callgrind).unwrap();
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    total.unwrap().trim().parse().unwrap()
}

fn is_within(name: &str, count: u64, max: u64) -> bool {
    println!("instructions of {name}: {count} of at most {max}");
    count <= max
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}
