//! Lambda around the real binary.

use std::{
    env,
    fs::{self, File},
    path::PathBuf,
};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{
    function_process::{ENVIRONMENT, peak_memory},
    runtime_api::RuntimeApi,
    support,
};

const BINARY: &str = env!("CARGO_BIN_EXE_numbers-webhook");

/// The function, and the Runtime API that hands it its events.
pub struct Lambda {
    function: Child,
    log: PathBuf,
    api: RuntimeApi,
}

impl Lambda {
    /// Starts it with DynamoDB at `endpoint`.
    pub async fn start(test: &str, endpoint: &str) -> Self {
        Self::start_with(test, &[("AWS_ENDPOINT_URL", endpoint)]).await
    }

    /// Starts it with more variables, or others.
    pub async fn start_with(test: &str, variables: &[(&str, &str)]) -> Self {
        let mut api = RuntimeApi::start().await;
        let mut command = command();
        command
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .envs(variables.iter().copied());
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

    /// The most memory that the process ever held, in KiB.
    pub fn peak_memory(&self) -> u64 {
        peak_memory(self.function.id().unwrap())
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
    let secrets_manager = support::secrets_manager::endpoint();
    command
        .env_clear()
        .kill_on_drop(true)
        .envs(ENVIRONMENT)
        // Where make coverage has a program write what it reached; else that lies beside the sources.
        .envs(env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_manager);
    command
}
