//! A function's real binary, run as Lambda does.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{APP_ID, CLIENT_SECRET_ARN, Invoked, TABLE, WEBHOOK_URL, runtime_api::RuntimeApi};

/// The variables that Lambda sets, and those that the template sets of the webhook.
const ENVIRONMENT: [(&str, &str); 15] = [
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
    ("APP_ID", APP_ID),
    ("WEBHOOK_URL", WEBHOOK_URL),
    ("NUMBERS_TABLE", TABLE),
    ("MAX_STALE_SECONDS", "600"),
    ("CLIENT_SECRET_ARN", CLIENT_SECRET_ARN),
];

/// A running function, and the Runtime API that hands it its events.
pub struct FunctionProcess {
    process: Child,
    log: PathBuf,
    api: RuntimeApi,
}

impl FunctionProcess {
    /// Starts a command as a function that writes its log to a file, and waits for the end of INIT.
    pub async fn start(mut command: Command, log: &Path) -> Self {
        let mut api = RuntimeApi::start().await;
        // A file, because nobody would empty a pipe while the function writes into it.
        let output = File::create(log).unwrap();
        let process = command
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        api.ready().await;
        Self {
            process,
            log: log.to_owned(),
            api,
        }
    }

    pub async fn invoke(&mut self, event: &Value) -> Invoked {
        self.api.invoke(event.to_string()).await
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
