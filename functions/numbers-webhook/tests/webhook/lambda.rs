//! Lambda around the real binary.

use std::{
    fs::{self, File},
    path::PathBuf,
};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{runtime_api::RuntimeApi, support};

pub const URL: &str = "https://calls.example.com/numbers";
const BINARY: &str = env!("CARGO_BIN_EXE_numbers-webhook");

/// The function, and the Runtime API that hands it its events.
pub struct Lambda {
    function: Child,
    log: PathBuf,
    api: RuntimeApi,
}

impl Lambda {
    pub async fn start(test: &str, endpoint: &str) -> Self {
        let mut api = RuntimeApi::start().await;
        let mut command = command();
        command
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .env("AWS_ENDPOINT_URL", endpoint);
        // A file, because nobody would empty a pipe while the function writes into it.
        let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.log"));
        let output = File::create(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let function = command.spawn().unwrap();
        api.ready().await;
        Self { function, log, api }
    }

    /// Invokes the function and returns the HTTP status that it answered.
    pub async fn invoke(&mut self, event: Value) -> u64 {
        let (_, answer) = self.api.invoke(event.to_string()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["statusCode"].as_u64().unwrap()
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
        ("CLIENT_SECRET_ARN", "client-secret"),
        (
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            support::secrets_manager::endpoint(),
        ),
    ]);
    command
}
