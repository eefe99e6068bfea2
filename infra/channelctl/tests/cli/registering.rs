//! The registration: each change is shown before it is made.

use std::{process::Command, time::Duration};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    aws::{Account, Aws},
    support::{Ran, program, run, run_unread},
};

const URL: &str = "https://calls.example.com/numbers";

/// The hook's report; whether it is of a dry run, the hook's rules decide as told.
pub fn report(done: bool) -> Value {
    json!({
        "action": "status", "done": done, "outcome": "Held.", "appId": 1_234_567,
        "apiVersion": "2026-03", "expected": {"url": URL}, "credential": "access token",
        "credentialUsable": true, "registered": {"url": URL, "isReady": false}, "drift": false,
        "ready": false, "lastProbe": {"verified": true, "numbers": 1, "milliseconds": 41},
        "plan": {"url": URL, "isReady": true},
        "callingSettings": {"state": "found", "supportsInboundCalling": true, "isReady": true},
    })
}

async fn aws(done: bool) -> Aws {
    Aws::start(Account {
        status: Some("UPDATE_COMPLETE"),
        outputs: vec![("DeployHookFunction", "hook"), ("Version", "v1")],
        report: report(done),
        ..Account::default()
    })
    .await
}

fn on(aws: &Aws, arguments: &[&str]) -> Command {
    let mut command = program(&[arguments, &["--stack", "calls"]].concat());
    command.env("AWS_ENDPOINT_URL", &aws.endpoint);
    command
}

/// The hook's events as their actions, with `?` behind those that only try.
fn actions(aws: &Aws) -> Vec<String> {
    let events = aws.account(|account| account.events.clone());
    let text = |event: &Value| {
        let mark = if event["dryRun"] == true { "?" } else { "" };
        format!("{}{mark}", event["action"].as_str().unwrap())
    };
    events.iter().map(text).collect()
}

#[tokio::test]
async fn an_action_is_tried_shown_and_confirmed() {
    for (name, done, typed, code, expected) in [
        ("asked", true, "release", 4, "release?"),
        ("confirmed", true, "release --yes", 0, "release? release"),
        ("dry run", true, "release --dry-run", 0, "release?"),
        ("dry run first", true, "hold --yes --dry-run", 0, "hold?"),
        ("emergency", true, "hold --yes", 0, "hold"),
        ("verification", true, "verify", 0, "verify"),
        ("unverified", false, "verify", 3, "verify"),
        ("refused", false, "unregister --yes", 6, "unregister?"),
        ("unconfirmed", false, "hold --yes", 1, "hold"),
    ] {
        let aws = aws(done).await;
        let typed: Vec<_> = typed.split(' ').collect();
        let ran = run(on(&aws, &typed), "").await;
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.errors);
        assert_eq!(actions(&aws).join(" "), expected, "{name}");
    }
}

#[tokio::test]
async fn the_plan_is_shown_beside_the_question() {
    let aws = aws(true).await;
    let plan =
        format!("HubSpot has: {URL} with isReady=false\nAfter it:    {URL} with isReady=true");
    let asked = run(on(&aws, &["release"]), "").await;
    assert_eq!(asked.output, "");
    assert!(asked.errors.contains(&plan), "{}", asked.errors);
    let tried = run(on(&aws, &["release", "--dry-run"]), "").await;
    assert_eq!(tried.errors, "");
    assert!(tried.output.contains(&plan), "{}", tried.output);
    let done = run(on(&aws, &["release", "--yes"]), "").await;
    assert!(done.output.starts_with("done: Held."), "{}", done.output);
}

#[tokio::test]
async fn a_stack_without_dry_runs_is_not_asked() {
    let aws = aws(true).await;
    aws.account(|account| account.outputs.truncate(1));
    for arguments in [&["release", "--dry-run"][..], &["release", "--yes"]] {
        let ran = run(on(&aws, arguments), "").await;
        assert_eq!((ran.code, actions(&aws).len()), (Some(1), 0));
        assert!(
            ran.errors.contains("next: channelctl --stack calls deploy"),
            "{}",
            ran.errors
        );
    }
}

#[tokio::test]
async fn an_unread_output_stops_no_action() {
    for (done, code, expected) in [(true, 0, "release? release"), (false, 6, "release?")] {
        let aws = aws(done).await;
        let ran = run_unread(on(&aws, &["release", "--yes"]), "").await;
        assert_eq!(
            (ran.code, &*actions(&aws).join(" ")),
            (Some(code), expected)
        );
    }
}

#[tokio::test]
async fn verbose_shows_calls_without_secrets() {
    let aws = aws(true).await;
    let ran = run(on(&aws, &["hold", "--yes", "--verbose"]), "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    let invoked = "/functions/hook/invocations  attempt=1; max=1: 200 in ";
    assert!(ran.errors.contains(invoked), "{}", ran.errors);
    let debug = ran.errors.lines().filter(|line| line.starts_with("DEBUG"));
    let other: Vec<_> = debug.filter(|line| !line.contains("attempt=")).collect();
    assert!(other.is_empty(), "{other:?}");
    assert!(!ran.errors.contains("AWS4-HMAC"), "{}", ran.errors);
}

#[tokio::test]
async fn ctrl_c_leaves_a_true_sentence() {
    for (name, arguments, waits_for, sentence) in [
        ("look", &["release"][..], "release?", "Nothing was changed."),
        (
            "write",
            &["hold", "--yes"],
            "hold",
            "channelctl --stack calls status",
        ),
    ] {
        let aws = aws(true).await;
        aws.account(|account| account.hangs = true);
        let child = on(&aws, arguments).spawn().unwrap();
        let is_asked = async {
            while actions(&aws) != [waits_for] {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), is_asked).await.unwrap();
        let id = child.id().to_string();
        let killed = Command::new("kill").args(["-INT", &id]).status();
        assert!(killed.unwrap().success());
        let ran = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap());
        let ran = Ran::from(ran.await.unwrap());
        assert_eq!((ran.code, ran.output.as_str()), (Some(130), ""), "{name}");
        assert!(ran.errors.contains(sentence), "{name}: {}", ran.errors);
    }
}
