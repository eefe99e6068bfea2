//! The client secret while it is rotated, from Secrets Manager over HTTP.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use crate::{
    function_process::URL,
    support::{aws_at, config, invocation, question, signed_by},
};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use numbers_webhook::webhook::Webhook;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What Secrets Manager holds, `None` while it is down, and how often it was read.
#[derive(Default)]
struct Kept {
    secret: Option<Value>,
    reads: usize,
}

/// Secrets Manager and DynamoDB behind one endpoint.
struct Aws {
    kept: Arc<Mutex<Kept>>,
    webhook: Webhook,
}

impl Aws {
    async fn holding(secret: Value) -> Self {
        let kept = Arc::new(Mutex::new(Kept {
            secret: Some(secret),
            reads: 0,
        }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/", post(answer))
            .with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let mut aws = aws_at(&endpoint);
        aws.secrets_manager = endpoint;
        let webhook = Webhook::start(config(URL), &aws).await.unwrap();
        Self { kept, webhook }
    }

    fn hold(&self, secret: Value) {
        self.kept.lock().unwrap().secret = Some(secret);
    }

    fn lose_secrets_manager(&self) {
        self.kept.lock().unwrap().secret = None;
    }

    fn reads(&self) -> usize {
        self.kept.lock().unwrap().reads
    }

    /// Sends a request that is signed with `secret`, and returns the status.
    async fn ask(&self, secret: &str, now: SystemTime) -> u16 {
        let event = signed_by(secret, URL, &question(4242).to_json(), now);
        let answered = self
            .webhook
            .answer(event.to_string().as_bytes(), invocation(now))
            .await;
        answered.answer.status_code
    }
}

async fn answer(
    State(kept): State<Arc<Mutex<Kept>>>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    if headers["x-amz-target"] == "DynamoDB_20120810.Query" {
        return Ok(Json(json!({"Items": [], "Count": 0, "ScannedCount": 0})));
    }
    let mut kept = kept.lock().unwrap();
    kept.reads += 1;
    let secret = kept
        .secret
        .as_ref()
        .ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(
        json!({"ARN": "secret", "Name": "secret", "SecretString": secret.to_string()}),
    ))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_rotation_drops_no_request() {
    let aws = Aws::holding(json!({"clientSecret": "old"})).await;
    let start = SystemTime::now();
    assert_eq!(aws.ask("old", start).await, 200);
    aws.hold(json!({"clientSecret": "new", "previousClientSecret": "old"}));
    assert_eq!(aws.ask("old", start + seconds(61)).await, 200);
    assert_eq!(
        aws.ask("new", start + seconds(62)).await,
        200,
        "it is read again at the first wrong signature"
    );
    assert_eq!(
        aws.ask("old", start + seconds(63)).await,
        200,
        "and both are accepted from then on"
    );
    aws.hold(json!({"clientSecret": "new"}));
    assert_eq!(
        aws.ask("old", start + seconds(400)).await,
        401,
        "until the old one is taken away"
    );
    assert_eq!(aws.ask("new", start + seconds(401)).await, 200);
}

#[tokio::test]
async fn secrets_are_read_at_start_and_then_every_five_minutes() {
    let aws = Aws::holding(json!({"clientSecret": "one"})).await;
    let start = SystemTime::now();
    for second in (0..1_500).step_by(10) {
        assert_eq!(aws.ask("one", start + seconds(second)).await, 200);
    }
    assert_eq!(aws.reads(), 5);
}

#[tokio::test]
async fn forged_requests_have_secrets_read_at_most_once_a_minute() {
    let aws = Aws::holding(json!({"clientSecret": "one"})).await;
    let start = SystemTime::now();
    for second in 0..120 {
        assert_eq!(aws.ask("forged", start + seconds(second)).await, 401);
    }
    assert!((2..=3).contains(&aws.reads()), "{} reads", aws.reads());
}

#[tokio::test]
async fn a_secret_that_was_read_counts_while_secrets_manager_is_down() {
    let aws = Aws::holding(json!({"clientSecret": "one"})).await;
    let start = SystemTime::now();
    aws.lose_secrets_manager();
    assert_eq!(aws.ask("one", start + seconds(1_000)).await, 200);
    assert_eq!(aws.ask("forged", start + seconds(2_000)).await, 401);
}

#[tokio::test]
async fn a_stack_whose_secret_is_not_set_yet_refuses_until_it_is() {
    let aws = Aws::holding(json!({})).await;
    let start = SystemTime::now();
    assert_eq!(aws.ask("one", start + seconds(61)).await, 401);
    aws.hold(json!({"clientSecret": "one"}));
    assert_eq!(aws.ask("one", start + seconds(122)).await, 200);
}

#[tokio::test]
async fn while_the_secret_could_never_be_read_the_answer_is_503_and_then_it_is_right() {
    let aws = Aws::holding(json!("not the JSON that it should be")).await;
    let start = SystemTime::now();
    assert_eq!(aws.ask("one", start + seconds(6)).await, 503);
    aws.hold(json!({"clientSecret": "one"}));
    assert_eq!(
        aws.ask("one", start + seconds(7)).await,
        503,
        "it is tried every five seconds"
    );
    assert_eq!(aws.ask("one", start + seconds(11)).await, 200);
}

#[tokio::test]
async fn a_failed_read_is_tried_again_soon() {
    let aws = Aws::holding(json!({"clientSecret": "old"})).await;
    let start = SystemTime::now();
    aws.lose_secrets_manager();
    assert_eq!(aws.ask("old", start + seconds(301)).await, 200);
    aws.hold(json!({"clientSecret": "new"}));
    assert_eq!(
        aws.ask("old", start + seconds(307)).await,
        401,
        "it was taken away"
    );
}
