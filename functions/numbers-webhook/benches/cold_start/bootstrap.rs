//! The built function as a process, from its start on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant, SystemTime},
};

use channel_connection::{
    client_secrets::SigningSecret,
    numbers_request::NumbersRequest,
    webhook_call::WebhookCall,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use tokio::process::{Child, Command};

use crate::{
    aws::{Aws, CLIENT_SECRET},
    function_process::{ENVIRONMENT, URL, peak_memory},
    runtime_api::RuntimeApi,
};

const APP: i64 = 1_234_567;

/// A function that is asked for numbers.
pub struct Bootstrap {
    process: Child,
    started: Instant,
    api: RuntimeApi,
}

impl Bootstrap {
    /// Starts the program as Lambda does, perhaps under another one that watches it.
    pub async fn start(program: &Path, watched_by: &[String], aws: &Aws) -> Self {
        let api = RuntimeApi::start().await;
        let mut words = watched_by.to_vec();
        words.push(program.display().to_string());
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .env_clear()
            .envs(ENVIRONMENT)
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .env("AWS_ENDPOINT_URL", &aws.endpoint)
            .env("SSL_CERT_FILE", &aws.authority)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let started = Instant::now();
        let process = command.spawn().expect("the function starts");
        Self {
            process,
            started,
            api,
        }
    }

    /// Waits for the end of INIT, and returns how long it took.
    pub async fn init(&mut self) -> Duration {
        self.api.ready().await - self.started
    }

    /// Asks for a portal's numbers, and returns how long the answer took.
    pub async fn ask(&mut self) -> Duration {
        let event = event();
        let asked = Instant::now();
        let (answered, answer) = self.api.invoke(event).await;
        assert!(answer.starts_with(r#"{"statusCode":200"#), "{answer}");
        answered - asked
    }

    /// What the process has used of a processor, as Linux counts it.
    pub fn processor_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id().unwrap())).unwrap();
        let of = |task: PathBuf| -> u64 {
            let text = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
            let nanoseconds = text.split(' ').next().unwrap_or_default();
            nanoseconds.parse().unwrap_or_default()
        };
        Duration::from_nanos(tasks.map(|task| of(task.unwrap().path())).sum())
    }

    /// The most memory that the process ever held, in KiB.
    pub fn peak_memory(&self) -> u64 {
        peak_memory(self.process.id().unwrap())
    }

    /// Asks the process to end, and waits until it has.
    pub async fn end(mut self) {
        let id = self.process.id().unwrap().to_string();
        Command::new("kill").arg(id).status().await.unwrap();
        self.process.wait().await.unwrap();
    }
}

/// A question that HubSpot signed just now.
fn event() -> String {
    let question = NumbersRequest {
        app_id: APP.try_into().unwrap(),
        portal_id: 62_515.try_into().unwrap(),
        user_id: 4_242.try_into().unwrap(),
    };
    let url = WebhookUrl::parse(URL, UrlPolicy::Public).unwrap();
    let secret = SigningSecret::new(CLIENT_SECRET).unwrap();
    let call = WebhookCall::signed_body(url, question.to_json(), &secret, SystemTime::now());
    call.to_event().to_string()
}
