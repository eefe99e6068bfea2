//! Sample events without any stack.

use std::process::Command;

use serde_json::Value;

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
async fn an_event_of_a_portal_is_no_sample() {
    let ran = run(program(&["event", "numbers", "retry", "--portal", "7"]), "").await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.errors.contains("cannot be used with"), "{}", ran.errors);
}
