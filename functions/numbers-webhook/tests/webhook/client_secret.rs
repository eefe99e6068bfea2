//! The client secret while it is missing, rotated or unreadable.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{Router, routing::post};
use numbers_webhook::webhook::Webhook;
use serde_json::{Value, json};
use test_support::{
    CLIENT_SECRET_ARN, SecretsManager, USER_ID, WEBHOOK_URL, aws_clients, numbers_request, respond,
    serve, signed_body, webhook_config,
};

/// The webhook with a table without numbers.
struct TestEnv {
    secrets_manager: SecretsManager,
    webhook: Arc<Webhook>,
    /// After INIT: a request in the same moment as INIT's read would not cause another.
    start: SystemTime,
}

impl TestEnv {
    async fn new(secrets_manager: SecretsManager) -> Self {
        let table = serve(Router::new().route("/", post(async || "{}"))).await;
        let aws = aws_clients(&table, &secrets_manager.endpoint).await;
        let webhook = Arc::new(Webhook::start(webhook_config(WEBHOOK_URL), aws).await);
        Self {
            secrets_manager,
            webhook,
            start: SystemTime::now() + seconds(1),
        }
    }

    async fn with(secret: Value) -> Self {
        let secrets_manager = SecretsManager::start().await;
        secrets_manager.set(CLIENT_SECRET_ARN, &secret.to_string());
        Self::new(secrets_manager).await
    }

    fn set(&self, secret: &Value) {
        let secret = secret.to_string();
        self.secrets_manager.set(CLIENT_SECRET_ARN, &secret);
    }

    /// Sends a request that is signed with `secret`, so many seconds after the start.
    async fn status(&self, secret: &str, second: u64) -> u16 {
        let now = self.start + seconds(second);
        let body = numbers_request(USER_ID).to_json();
        let event = signed_body(secret, WEBHOOK_URL, &body, now);
        respond(&self.webhook, &event, now).await.0
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn accepts_both_secrets_during_a_rotation() {
    let env = TestEnv::with(json!({"clientSecret": "old"})).await;
    assert_eq!(env.status("old", 0).await, 200);
    env.set(&json!({"clientSecret": "new", "previousClientSecret": "old"}));
    assert_eq!(env.status("old", 1).await, 200);
    assert_eq!(env.status("new", 2).await, 200, "read at the mismatch");
    assert_eq!(env.status("old", 3).await, 200);
    env.set(&json!({"clientSecret": "new"}));
    assert_eq!(env.status("old", 400).await, 401, "refreshed");
    assert_eq!(env.status("new", 401).await, 200);
}

#[tokio::test]
async fn finds_a_rotation_right_after_a_read() {
    for (name, secret, status, second) in [
        ("cold start", "old", 200, 0),
        ("refresh", "old", 200, 301),
        ("forged request", "forged", 401, 0),
    ] {
        let env = TestEnv::with(json!({"clientSecret": "old"})).await;
        assert_eq!(env.status(secret, second).await, status);
        env.set(&json!({"clientSecret": "new"}));
        assert_eq!(env.status("new", second + 1).await, 200, "after a {name}");
    }
}

#[tokio::test]
async fn answers_all_of_many_requests_during_a_rotation() {
    let env = TestEnv::with(json!({"clientSecret": "old"})).await;
    env.set(&json!({"clientSecret": "new"}));
    let requests = (0..100).map(|_| env.status("new", 1));
    assert_eq!(futures_util::future::join_all(requests).await, [200; 100]);
    assert_eq!(env.secrets_manager.reads(), 2, "INIT and one mismatch");
}

#[tokio::test]
async fn refreshes_every_five_minutes() {
    let env = TestEnv::with(json!({"clientSecret": "one"})).await;
    for second in (0..1_500).step_by(10) {
        assert_eq!(env.status("one", second).await, 200);
    }
    assert_eq!(env.secrets_manager.reads(), 5);
}

#[tokio::test]
async fn forged_requests_cause_ten_reads_a_minute() {
    let env = TestEnv::with(json!({"clientSecret": "one"})).await;
    for second in 0..180 {
        assert_eq!(env.status("forged", second).await, 401);
    }
    assert_eq!(
        env.secrets_manager.reads(),
        1 + 39,
        "INIT, ten at once, and one every six seconds"
    );
}

#[tokio::test]
async fn keeps_the_secret_while_secrets_manager_fails() {
    let env = TestEnv::with(json!({"clientSecret": "old"})).await;
    env.secrets_manager.set_error(Some("InternalServiceError"));
    assert_eq!(env.status("old", 301).await, 200);
    assert_eq!(env.status("forged", 302).await, 401);
    env.secrets_manager.set_error(None);
    env.set(&json!({"clientSecret": "new"}));
    assert_eq!(env.status("old", 310).await, 401, "refreshed soon after");
}

#[tokio::test]
async fn an_unset_secret_refuses_until_it_is_set() {
    for unset in [json!({}), json!({"clientSecret": ""})] {
        let env = TestEnv::with(unset).await;
        assert_eq!(env.status("one", 1).await, 401);
        env.set(&json!({"clientSecret": "one"}));
        assert_eq!(env.status("one", 1).await, 200);
    }
}

#[tokio::test]
async fn an_unreadable_secret_is_unavailable_until_it_is_mended() {
    let env = TestEnv::with(json!("not an object")).await;
    assert_eq!(env.status("one", 0).await, 503);
    env.set(&json!({"clientSecret": "one"}));
    assert_eq!(env.status("one", 0).await, 200, "without a pause");
}

#[tokio::test]
async fn the_request_after_a_failed_init_reads_the_secret() {
    let secrets_manager = SecretsManager::start().await;
    secrets_manager.fail_next(3);
    let env = TestEnv::new(secrets_manager).await;
    assert_eq!(env.secrets_manager.reads(), 3, "all of INIT's attempts");
    let requests = (0..100).map(|_| env.status("local-client-secret", 0));
    assert_eq!(futures_util::future::join_all(requests).await, [200; 100]);
    assert_eq!(env.secrets_manager.reads(), 4, "one read for all");
}

#[tokio::test]
async fn waits_for_a_slow_secret_within_the_deadline() {
    let secrets_manager = SecretsManager::start().await;
    // INIT and the first request use up three attempts each.
    secrets_manager.fail_next(6);
    let env = TestEnv::new(secrets_manager).await;
    let requests = (0..100).map(|_| env.status("local-client-secret", 0));
    let mut statuses = futures_util::future::join_all(requests).await;
    statuses.sort_unstable();
    assert_eq!(statuses[..99], [200; 99]);
    assert_eq!(statuses[99], 503, "the one whose read failed");
}
