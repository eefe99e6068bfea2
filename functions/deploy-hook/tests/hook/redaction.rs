//! Secrets and keys in URLs: in no report, log, error or response.

use axum::http::StatusCode;
use serde_json::json;
use test_support::{CLIENT_SECRET_ARN, Log};

use crate::support::{TestEnv, constant_webhook, property, unchanged};

const ELSEWHERE: &str = "https://other.example.com/numbers?key=marked";

#[tokio::test]
async fn queries_of_urls_are_never_shown() {
    let mut env = TestEnv::new().await;
    let log = Log::start();
    let broken = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    env.webhook_url = format!("{broken}?key=marked");
    let mut shown = Vec::new();
    env.register(ELSEWHERE, true);
    shown.push(env.deploy("create", unchanged).await);
    shown.push(env.deploy("update", property("IsReady", "true")).await);
    shown.push(env.act("status").await);
    env.register(&env.webhook_url, true);
    for action in ["verify", "release", "hold", "register", "remove"] {
        shown.push(env.act(action).await);
    }
    for text in shown {
        assert!(!text.to_string().contains("marked"), "{text}");
    }
    let log = log.text();
    assert!(log.contains("audit=true"), "{log}");
    assert!(!log.contains("marked"), "{log}");
}

#[tokio::test]
async fn the_exact_url_is_registered() {
    let env = TestEnv::new().await;
    let broken = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    let url = format!("{broken}?key=marked");
    let update = property("WebhookUrl", url.as_str());
    env.register(&url, true);
    env.deploy("delete", update).await;
    assert_eq!(env.current(), None, "the exact URL is compared");
}

#[tokio::test]
async fn stored_secrets_are_never_shown() {
    let env = TestEnv::new().await;
    let log = Log::start();
    env.aws.secrets.set(CLIENT_SECRET_ARN, "marked");
    let response = env.deploy("create", unchanged).await;
    env.set_credential(&json!({"developerApiKey": "marked", "accessToken": "marked"}));
    let report = env.act("status").await;
    for text in [response.to_string(), report.to_string(), log.text()] {
        assert!(!text.contains("marked"), "{text}");
    }
}
