//! What becomes of HubSpot's settings, shown before it is done.

use axum::{Json, Router, body::Bytes, extract::State, routing::post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Ran, program, run};

const STACK: &str = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>\
    <StackName>calls</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>\
    <CreationTime>2026-11-23T06:00:00Z</CreationTime><Outputs><member>\
    <OutputKey>DeployHookFunction</OutputKey><OutputValue>hook</OutputValue>\
    </member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>";

/// An AWS with one stack, whose hook answers every action with the same report.
async fn aws() -> String {
    let url = "https://calls.example.com/numbers";
    let report = json!({
        "action": "status", "done": true, "outcome": "Held.", "appId": 1_234_567,
        "apiVersion": "2026-03", "expected": {"url": url}, "credential": "access token",
        "credentialUsable": true, "registered": {"url": url, "isReady": false}, "drift": false,
        "ready": false, "lastProbe": {"proved": true, "numbers": 1, "milliseconds": 41},
    });
    let routes = Router::new()
        .route("/", post(async || STACK))
        .route("/2015-03-31/functions/hook/invocations", post(answer))
        .with_state(report);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    endpoint
}

async fn answer(State(report): State<Value>, _: Bytes) -> Json<Value> {
    Json(report)
}

async fn ran(arguments: &[&str]) -> Ran {
    let mut command = program(&[arguments, &["--stack", "calls"]].concat());
    command.env("AWS_ENDPOINT_URL", aws().await);
    run(command, "").await
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
