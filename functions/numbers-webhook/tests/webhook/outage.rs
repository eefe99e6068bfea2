//! What a portal's users see while DynamoDB is slow, throttled or gone.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use numbers_webhook::webhook::Webhook;
use serde_json::{Value, json};
use test_support::{
    DynamoDbProxy, NumbersTable, ServerMode, USER_ID, WEBHOOK_URL, numbers_request, respond,
    signed_request, webhook,
};

const FAULTS: [ServerMode; 5] = [
    ServerMode::Throttle,
    ServerMode::Fail,
    ServerMode::Truncate,
    ServerMode::Hang,
    ServerMode::DenyAccess,
];

async fn request(webhook: &Arc<Webhook>, user: i64, now: SystemTime) -> (u16, Value) {
    let event = signed_request(WEBHOOK_URL, numbers_request(user), now);
    respond(webhook, &event, now).await
}

async fn one_number() -> NumbersTable {
    let table = NumbersTable::start().await;
    table.put_named("+18001231234", "Sales").await;
    table
}

fn one_number_response() -> (u16, Value) {
    let number = json!({"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"});
    (200, json!({"phoneNumbers": [number]}))
}

#[tokio::test]
async fn serves_stale_numbers_within_3_seconds_until_too_old() {
    let table = one_number().await;
    let (dynamodb, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    let webhook = webhook(&endpoint, WEBHOOK_URL).await;
    let warmed_at = SystemTime::now();
    let after = async |seconds| {
        let now = warmed_at + Duration::from_secs(seconds);
        request(&webhook, USER_ID, now).await
    };
    assert_eq!(after(0).await, one_number_response());
    for mode in FAULTS {
        dynamodb.set_mode(mode);
        let started = Instant::now();
        assert_eq!(after(599).await, one_number_response(), "{mode:?}");
        let waited = started.elapsed();
        assert!(waited < Duration::from_secs(3), "{mode:?}: {waited:?}");
    }
    assert_eq!(after(600).await.0, 503);
    dynamodb.set_mode(ServerMode::Forward);
    assert_eq!(after(600).await, one_number_response());
}

#[tokio::test]
async fn retries_transient_errors_only() {
    let table = one_number().await;
    let (dynamodb, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    let webhook = webhook(&endpoint, WEBHOOK_URL).await;
    let modes = [
        (ServerMode::Throttle, 3),
        (ServerMode::Fail, 3),
        (ServerMode::DenyAccess, 1),
        (ServerMode::Truncate, 1),
    ];
    for (mode, attempts) in modes {
        dynamodb.set_mode(mode);
        let before = dynamodb.requests();
        assert_eq!(request(&webhook, USER_ID, SystemTime::now()).await.0, 503);
        assert_eq!(dynamodb.requests() - before, attempts, "{mode:?}");
    }
}

#[tokio::test]
async fn a_stale_response_shows_each_user_their_own() {
    let table = one_number().await;
    let users = aws_sdk_dynamodb::types::AttributeValue::Ns(vec!["7".into()]);
    table.put("+18001231235", "userIds", users).await;
    let (dynamodb, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    let webhook = webhook(&endpoint, WEBHOOK_URL).await;
    let seen_by = async |user| {
        let (_, body) = request(&webhook, user, SystemTime::now()).await;
        body["phoneNumbers"].as_array().unwrap().len()
    };
    assert_eq!((seen_by(7).await, seen_by(8).await), (2, 1));
    dynamodb.set_mode(ServerMode::Fail);
    assert_eq!((seen_by(7).await, seen_by(8).await), (2, 1));
}
