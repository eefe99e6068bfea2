//! Sample events without any stack, and commands that need one.

use std::{net::TcpListener, process::Command};

use serde_json::{Value, json};

use crate::support::{program, run};

const URL: &str = "https://calls.example.com/numbers";

fn event(arguments: &[&str]) -> Command {
    program(&[&["event"], arguments, &["--url", URL]].concat())
}

async fn printed(command: Command) -> Value {
    let ran = run(command, "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert!(!ran.output.contains("marked-secret"));
    serde_json::from_str(&ran.output).unwrap()
}

async fn request(arguments: &[&str]) -> Value {
    let mut command = event(arguments);
    command.env("HUBSPOT_CLIENT_SECRET", "marked-secret");
    printed(command).await
}

#[tokio::test]
async fn an_event_is_made_for_the_portal_that_is_named_or_as_the_sample_has_it() {
    let sample = request(&["numbers"]).await;
    assert!(sample["body"].as_str().unwrap().contains("62515"));
    let named = request(&["numbers", "--portal", "7", "--user", "8", "--app-id", "9"]).await;
    assert_eq!(named["body"], r#"{"appId":9,"portalId":7,"userId":8}"#);
    assert_eq!(named["rawPath"], "/numbers");
}

#[tokio::test]
async fn a_request_needs_a_secret_to_be_signed_with() {
    let ran = run(event(&["numbers"]), "").await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.errors.contains("Set HUBSPOT_CLIENT_SECRET"),
        "{}",
        ran.errors
    );
}

#[tokio::test]
async fn the_hooks_events_are_made_without_any_secret() {
    assert_eq!(printed(event(&["hook"])).await["action"], "status");
    let create = event(&[
        "hook",
        "create",
        "--response-url",
        "https://example.com/told",
    ]);
    let create = printed(create).await;
    assert_eq!(create["ResourceProperties"]["WebhookUrl"], URL);
    assert_eq!(create["ResponseURL"], "https://example.com/told");
}

#[tokio::test]
async fn an_event_that_is_none_is_told_from_those_there_are() {
    let ran = run(event(&["hook", "explode"]), "").await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.errors
            .contains("There are: before-traffic, create, delete"),
        "{}",
        ran.errors
    );
}

#[tokio::test]
async fn a_stack_must_be_named() {
    let ran = run(program(&["status"]), "").await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.errors.contains("Which stack? Say --stage dev"),
        "{}",
        ran.errors
    );
}

#[tokio::test]
async fn without_credentials_it_says_how_to_sign_in() {
    let mut command = program(&["status", "--stack", "calls"]);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY");
    let ran = run(command, "").await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.errors.contains("aws sso login"), "{}", ran.errors);
}

#[tokio::test]
async fn without_a_region_it_says_how_to_name_one() {
    let mut command = program(&["status", "--stack", "calls"]);
    command.env_remove("AWS_REGION");
    let ran = run(command, "").await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.errors.contains("Say --aws-region"), "{}", ran.errors);
}

#[tokio::test]
async fn an_event_of_a_portal_is_no_sample() {
    let ran = run(program(&["event", "numbers", "retry", "--portal", "7"]), "").await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.errors.contains("cannot be used with"), "{}", ran.errors);
}

#[tokio::test]
async fn the_local_stack_that_is_not_up_is_started_with_make_run() {
    let folder = tempfile::tempdir().unwrap();
    let run_folder = folder.path().join(".local/run");
    std::fs::create_dir_all(&run_folder).unwrap();
    let ports = json!({"aws": closed_port()});
    std::fs::write(run_folder.join("stack.json"), ports.to_string()).unwrap();
    let mut command = program(&["status", "--local"]);
    command.current_dir(folder.path());
    let ran = run(command, "").await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.errors
            .contains("Start it in another terminal: make run"),
        "{}",
        ran.errors
    );
}

fn closed_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
