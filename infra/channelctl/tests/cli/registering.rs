//! What becomes of HubSpot's settings, shown before it is done.

use std::{
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, body::Bytes, extract::State, routing::post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Ran, program, run, run_unread};

/// The actions that the hook was asked for.
type Asked = Arc<Mutex<Vec<String>>>;

const STACK: &str = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>\
    <StackName>calls</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>\
    <CreationTime>2026-11-23T06:00:00Z</CreationTime><Outputs><member>\
    <OutputKey>DeployHookFunction</OutputKey><OutputValue>hook</OutputValue>\
    </member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>";

/// An AWS with one stack, whose hook answers every action with the same report, done or not.
async fn aws(is_done: bool) -> (String, Asked) {
    let asked = Asked::default();
    let url = "https://calls.example.com/numbers";
    let report = json!({
        "action": "status", "done": is_done, "outcome": "Held.", "appId": 1_234_567,
        "apiVersion": "2026-03", "expected": {"url": url}, "credential": "access token",
        "credentialUsable": true, "registered": {"url": url, "isReady": false}, "drift": false,
        "ready": false, "lastProbe": {"verified": true, "numbers": 1, "milliseconds": 41},
    });
    let routes = Router::new()
        .route("/", post(async || STACK))
        .route("/2015-03-31/functions/hook/invocations", post(answer))
        .with_state((report, Arc::clone(&asked)));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (endpoint, asked)
}

async fn answer(State((report, asked)): State<(Value, Asked)>, event: Bytes) -> Json<Value> {
    let event: Value = serde_json::from_slice(&event).unwrap();
    let action = event["action"].as_str().unwrap().to_owned();
    asked.lock().unwrap().push(action);
    Json(report)
}

fn on(endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = program(&[arguments, &["--stack", "calls"]].concat());
    command.env("AWS_ENDPOINT_URL", endpoint);
    command
}

async fn ran(arguments: &[&str]) -> Ran {
    run(on(&aws(true).await.0, arguments), "").await
}

#[tokio::test]
async fn a_dry_run_prints_its_plan_and_nothing_else() {
    let shown = ran(&["release", "--dry-run"]).await;
    assert_eq!((shown.code, shown.errors.as_str()), (Some(0), ""));
    assert!(
        shown.output.starts_with("release: calls\n"),
        "{}",
        shown.output
    );
    assert!(
        shown.output.contains("\nAfter it:     https://calls"),
        "{}",
        shown.output
    );
    let json = ran(&["release", "--dry-run", "--json"]).await.output;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["action"], "release");
    assert!(json["plan"].as_str().unwrap().contains("isReady=true"));
}

#[tokio::test]
async fn what_is_done_and_printed_as_json_is_the_report_alone() {
    let done = ran(&["hold", "--json", "--yes"]).await;
    let report: Value = serde_json::from_str(&done.output).unwrap();
    assert_eq!(report["outcome"], "Held.");
    let asked = ran(&["release", "--json"]).await;
    assert_eq!((asked.code, asked.output.as_str()), (Some(4), ""));
    assert!(asked.errors.contains("After it:"), "{}", asked.errors);
}

#[tokio::test]
async fn the_plan_is_shown_beside_the_question_wherever_the_output_goes() {
    let asked = ran(&["release"]).await;
    assert_eq!((asked.code, asked.output.as_str()), (Some(4), ""));
    assert!(asked.errors.contains("After it:"), "{}", asked.errors);
    let done = ran(&["release", "--yes"]).await;
    assert!(done.output.starts_with("done: Held."), "{}", done.output);
}

#[tokio::test]
async fn what_is_asked_for_is_done_whether_anybody_reads_the_output_or_not() {
    for (is_done, code) in [(true, 0), (false, 1)] {
        let (endpoint, asked) = aws(is_done).await;
        let ran = run_unread(on(&endpoint, &["release", "--yes"]), "").await;
        assert_eq!(ran.code, Some(code), "{}", ran.errors);
        assert_eq!(*asked.lock().unwrap(), ["status", "release"]);
    }
}
