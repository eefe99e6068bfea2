//! The report on an account, and what is left of its settings whatever happens.

use std::{
    fs,
    io::{Seek, Write},
    time::Duration,
};

use channel_connection::{client_secrets::SigningSecret, settings::ChannelConnectionSettings};
use hubspot_simulator::{
    Account, AccountKeys, CredentialMode, Simulator,
    fault::{Fault, How, When},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    task::JoinSet,
    time::timeout,
};

use crate::support::{Ran, document, program, run};

const PREVIOUS: &str = "https://calls.example.com/numbers?key=marked-query";
const CREDENTIALS: &str = r#"{"developerApiKey":"marked-key","accessToken":"marked-token",
    "clientId":"marked-id","clientSecret":"marked-secret"}"#;
const KEY: &str = r#"{"developerApiKey":"marked-key"}"#;
const MINUTE: Duration = Duration::from_mins(1);
const WRITE: [&str; 4] = ["--write", "--yes", "--api-version", "2026-03"];

/// A simulated HubSpot, where `--local` looks for it.
struct HubSpot {
    simulator: Simulator,
    folder: TempDir,
}

impl HubSpot {
    async fn start(previous: Option<ChannelConnectionSettings>) -> Self {
        let keys = AccountKeys {
            developer_api_key: "marked-key".into(),
            access_token: "marked-token".into(),
            client_id: "marked-id".into(),
            client_secret: "marked-secret".into(),
        };
        let secret = SigningSecret::new("client-secret").unwrap();
        let mut account = Account::new("1234567".parse().unwrap(), secret, keys);
        if let Some(previous) = previous {
            account.register(previous);
        }
        let simulator = Simulator::on_free_port(account).await.unwrap();
        let folder = TempDir::new().unwrap();
        let port = simulator.api_url().rsplit_once(':').unwrap().1.to_owned();
        fs::create_dir_all(folder.path().join(".local/run")).unwrap();
        let ports = format!(r#"{{"aws":1,"hubspot":{port}}}"#);
        fs::write(folder.path().join(".local/run/stack.json"), ports).unwrap();
        Self { simulator, folder }
    }

    fn program(&self, options: &[&str]) -> std::process::Command {
        let arguments = ["contract", "--local", "--app-id", "1234567"];
        let mut command = program(&[&arguments, options].concat());
        command.current_dir(self.folder.path());
        command
    }

    async fn run(&self, options: &[&str], credentials: &str) -> Ran {
        run(self.program(options), credentials).await
    }

    fn current(&self) -> Option<ChannelConnectionSettings> {
        self.simulator.with_account(|account| account.current())
    }

    fn calls(&self) -> usize {
        self.simulator.with_account(|account| account.calls.len())
    }

    /// Lets a number of calls pass, and the next one meet a fault.
    fn fail_after(&self, calls: usize, when: When, how: How) {
        self.simulator.with_account(|account| {
            account.faults = vec![None; calls].into();
            account.faults.push_back(Some(Fault { when, how }));
        });
    }
}

fn settings(is_ready: bool) -> ChannelConnectionSettings {
    let url = PREVIOUS.into();
    ChannelConnectionSettings { url, is_ready }
}

#[tokio::test]
async fn reports_every_credential_mode() {
    for (name, mode) in [
        ("key", CredentialMode::Key),
        ("bearer", CredentialMode::Bearer),
        ("either", CredentialMode::Either),
    ] {
        let hubspot = HubSpot::start(Some(settings(false))).await;
        let set = |account: &mut Account| account.credential_mode = mode;
        hubspot.simulator.with_account(set);
        let ran = hubspot.run(&WRITE, CREDENTIALS).await;
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.errors);
        assert_eq!(hubspot.current(), Some(settings(false)), "{name}");
        document("contract", "contract", &ran.output);
        let said = format!("{}{}", ran.output, ran.errors);
        assert!(!said.contains("marked"), "{name}");
        insta::with_settings!({filters => vec![
            (r"channelctl \d[^\x22]*", "channelctl [version]"),
            (r#""at": ".*""#, r#""at": "[time]""#),
            (r#""milliseconds": \d+"#, r#""milliseconds": 0"#),
        ]}, {
            insta::assert_snapshot!(name, ran.output);
        });
    }
}

#[tokio::test]
async fn reads_every_version_and_writes_nothing() {
    let hubspot = HubSpot::start(None).await;
    let file = hubspot.folder.path().join("report.json");
    let output = ["--output", file.to_str().unwrap()];
    let ran = hubspot.run(&output, KEY).await;
    assert_eq!((ran.code, &*ran.output), (Some(0), ""), "{}", ran.errors);
    let report: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let runs = report["runs"].as_array().unwrap().iter();
    let versions: Vec<_> = runs
        .map(|run| run["apiVersion"].as_str().unwrap())
        .collect();
    assert_eq!(versions, ["2026-03", "2026-09", "v3"]);
    assert_eq!(report["settled"][2]["answer"], "404 OBJECT_NOT_FOUND");
    assert_eq!(report["open"].as_array().unwrap().len(), 5);
    let methods = |account: &mut Account| {
        let calls = account.calls.iter();
        calls.map(|call| call.method.clone()).collect::<Vec<_>>()
    };
    assert_eq!(hubspot.simulator.with_account(methods), ["GET"; 6]);
}

#[tokio::test]
async fn refuses_to_write_what_it_cannot_restore() {
    let wrong_key = r#"{"developerApiKey":"wrong-key"}"#;
    let half = r#"{"clientId":"a"}"#;
    let two_keys = r#"{"developerApiKey":"marked-key","key":"marked"}"#;
    for (name, is_ready, options, credentials, code, error) in [
        ("released", true, &WRITE[..], KEY, 6, "isReady=true"),
        ("unreadable", false, &WRITE, wrong_key, 6, "No credential"),
        ("nobody to ask", false, &["--write"], KEY, 4, "Add --yes"),
        ("unknown field", false, &WRITE, two_keys, 5, "must be JSON"),
        ("nothing", false, &WRITE, "{}", 5, "must be JSON"),
        ("half a client", false, &WRITE, half, 5, "must be JSON"),
    ] {
        let hubspot = HubSpot::start(Some(settings(is_ready))).await;
        let ran = hubspot.run(options, credentials).await;
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.errors);
        assert!(ran.errors.contains(error), "{name}: {}", ran.errors);
        assert_eq!(hubspot.current(), Some(settings(is_ready)), "{name}");
        let writes = |account: &mut Account| {
            let accesses = account.accesses.iter();
            accesses.filter(|access| access.is_write).count()
        };
        assert_eq!(hubspot.simulator.with_account(writes), 1, "{name}");
    }
}

#[tokio::test]
async fn restores_after_a_kill_at_every_call() {
    for previous in [Some(settings(false)), None] {
        let orderly = HubSpot::start(previous.clone()).await;
        let ran = orderly.run(&WRITE, KEY).await;
        assert_eq!(ran.code, Some(0), "{}", ran.errors);
        assert_eq!(orderly.current(), previous);
        let mut kills = JoinSet::new();
        for call in 0..orderly.calls() {
            for when in [When::Before, When::After] {
                kills.spawn(kill_at(call, when, previous.clone()));
            }
        }
        assert!(kills.len() > 20);
        kills.join_all().await;
    }
}

/// Starts a run that writes, and waits until HubSpot leaves one of its calls without a response.
async fn silence(
    call: usize,
    when: When,
    previous: Option<ChannelConnectionSettings>,
) -> (HubSpot, Child) {
    let hubspot = HubSpot::start(previous).await;
    hubspot.fail_after(call, when, How::Silence);
    let mut key = tempfile::tempfile().unwrap();
    key.write_all(KEY.as_bytes()).unwrap();
    key.rewind().unwrap();
    let child = Command::from(hubspot.program(&WRITE)).stdin(key).spawn();
    let silenced = timeout(MINUTE, hubspot.simulator.silenced()).await;
    assert!(silenced.is_ok(), "call {call} {when:?}");
    (hubspot, child.unwrap())
}

/// Kills the run while it waits for the response to a call.
async fn kill_at(call: usize, when: When, previous: Option<ChannelConnectionSettings>) {
    let (hubspot, mut child) = silence(call, when, previous.clone()).await;
    child.start_kill().unwrap();
    // The process that restores has the same standard error, so that it has ended too.
    let ended = timeout(MINUTE, child.wait_with_output()).await;
    let errors = String::from_utf8(ended.unwrap().unwrap().stderr).unwrap();
    assert_eq!(
        hubspot.current(),
        previous,
        "call {call} {when:?}: {errors}"
    );
}

// The guard's id is found as Linux shows it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn restores_although_the_guard_is_killed() {
    let (hubspot, child) = silence(3, When::After, Some(settings(false))).await;
    assert!(hubspot.current().is_none());
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id().unwrap())).unwrap();
    let children = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("children")));
    let mut guards: Vec<_> = children.map(Result::unwrap).collect();
    guards.retain(|ids| !ids.is_empty());
    assert_eq!(guards.len(), 1, "{guards:?}");
    let kill = Command::new("kill").args(["-9", guards[0].trim()]).status();
    assert!(kill.await.unwrap().success());
    let ended = timeout(MINUTE, child.wait_with_output()).await;
    assert_eq!(ended.unwrap().unwrap().status.code(), Some(0));
    assert_eq!(hubspot.current(), Some(settings(false)));
}

#[tokio::test]
async fn restores_after_a_late_write() {
    let hubspot = HubSpot::start(Some(settings(false))).await;
    // The fourth call deletes; it takes effect a second after the program stopped waiting.
    hubspot.fail_after(3, When::Before, How::Delay(11_000));
    let ran = hubspot.run(&WRITE, KEY).await;
    hubspot.simulator.settled().await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert_eq!(hubspot.current(), Some(settings(false)));
    assert!(ran.output.contains("no response in time"), "{}", ran.output);
}
