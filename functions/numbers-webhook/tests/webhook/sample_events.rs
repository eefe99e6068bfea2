//! Every sample event of `events/numbers-webhook`, through the real handler.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    support::{NumbersTable, invocation, webhook},
    trap::Trap,
};
use numbers_webhook::webhook::Webhook;
use serde_json::{Value, json};

/// The URLs that the sample events were sent to, and the time at which they were signed.
const URL: &str = "https://abc123.execute-api.us-east-1.amazonaws.com/numbers";
const STAGE_URL: &str = "https://abc123.execute-api.us-east-1.amazonaws.com/prod/numbers";
const SIGNED_AT: Duration = Duration::from_millis(1_700_000_300_000);

fn signed_at() -> SystemTime {
    UNIX_EPOCH + SIGNED_AT
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/numbers-webhook")
}

fn event(name: &str) -> Value {
    let text = fs::read(folder().join(format!("{name}.json"))).expect(name);
    serde_json::from_slice(&text).expect(name)
}

async fn answer_at(webhook: &Webhook, event: &Value, now: SystemTime) -> (u16, Value) {
    let answer = webhook
        .answer(event.to_string().as_bytes(), invocation(now))
        .await
        .answer;
    let whole = serde_json::to_value(&answer).unwrap();
    assert_eq!(whole["headers"]["content-type"], "application/json");
    (
        answer.status_code,
        serde_json::from_str(&answer.body).unwrap(),
    )
}

async fn answer_to(webhook: &Webhook, event: &Value) -> (u16, Value) {
    answer_at(webhook, event, signed_at()).await
}

async fn sample_table() -> NumbersTable {
    let table = NumbersTable::start().await;
    table.put_named("+18001231235;ext=1", "Front desk").await;
    table.put_named("+18001231234", "Sales").await;
    table
}

fn sample_numbers() -> Value {
    json!({"phoneNumbers": [
        {"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"},
        {"e164PhoneNumber": "+18001231235", "extension": "1", "friendlyName": "Front desk"},
    ]})
}

#[tokio::test]
async fn each_event_is_answered_as_its_name_says() {
    let endpoint = sample_table().await.endpoint;
    let refused = |message: &str| json!({"message": message, "requestId": "request-1"});
    let not_hubspot = refused("The request is not signed by HubSpot for this URL.");
    let expected = [
        ("bad-signature", URL, 401, not_hubspot.clone()),
        ("base64-body", URL, 200, sample_numbers()),
        (
            "body-too-large",
            URL,
            413,
            refused("The body is too large."),
        ),
        ("known-portal", URL, 200, sample_numbers()),
        (
            "malformed-body",
            URL,
            400,
            refused("The request cannot be read: the body is not JSON."),
        ),
        (
            "missing-field",
            URL,
            400,
            refused("The request cannot be read: portalId is missing."),
        ),
        ("older-signature-only", URL, 401, not_hubspot.clone()),
        (
            "other-app",
            URL,
            403,
            refused("This webhook serves another app."),
        ),
        ("other-method", URL, 405, refused("Only POST is answered.")),
        ("other-path", URL, 404, refused("There is nothing here.")),
        ("rest-api-stage", STAGE_URL, 200, sample_numbers()),
        ("unknown-portal", URL, 200, json!({"phoneNumbers": []})),
        ("unsigned", URL, 401, not_hubspot),
    ];
    for (name, url, status, body) in &expected {
        let webhook = webhook(&endpoint, url).await;
        assert_eq!(
            answer_to(&webhook, &event(name)).await,
            (*status, body.clone()),
            "{name}"
        );
    }
    let mut files: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        expected.map(|(name, ..)| format!("{name}.json")),
        "an event has no expectation"
    );
}

#[tokio::test]
async fn a_signed_event_is_good_for_five_minutes_either_way_and_then_refused_like_any_other() {
    let webhook = webhook(&sample_table().await.endpoint, URL).await;
    let (five_minutes, tick) = (Duration::from_secs(300), Duration::from_millis(1));
    let known = event("known-portal");
    for good in [signed_at() + five_minutes, signed_at() - five_minutes] {
        assert_eq!(answer_at(&webhook, &known, good).await.0, 200);
    }
    let unsigned = answer_to(&webhook, &event("unsigned")).await;
    for stale in [
        signed_at() + five_minutes + tick,
        signed_at() - five_minutes - tick,
    ] {
        assert_eq!(answer_at(&webhook, &known, stale).await, unsigned);
    }
}

#[tokio::test]
async fn what_is_no_event_of_api_gateways_is_refused() {
    let webhook = webhook(&sample_table().await.endpoint, URL).await;
    for event in [
        "",
        "null",
        "7",
        r#"{"headers": 7}"#,
        r#"{"body": {}}"#,
        "\u{0}",
    ] {
        let answer = webhook
            .answer(event.as_bytes(), invocation(signed_at()))
            .await
            .answer;
        assert_eq!(answer.status_code, 400, "{event:?}");
    }
    let mut event = event("base64-body");
    event["body"] = "not base64!".into();
    assert_eq!(answer_to(&webhook, &event).await.0, 400);
}

#[tokio::test]
async fn what_is_not_ours_to_answer_reads_nothing_from_dynamodb() {
    let mut trap = Trap::set();
    let webhook = webhook(&trap.endpoint(), URL).await;
    let mut tampered = event("known-portal");
    tampered["body"] = tampered["body"]
        .as_str()
        .unwrap()
        .replace("62515", "62516")
        .into();
    let named = [
        "bad-signature",
        "body-too-large",
        "malformed-body",
        "missing-field",
        "older-signature-only",
        "other-app",
        "other-method",
        "other-path",
        "unsigned",
    ];
    for event in named.map(event).into_iter().chain([tampered]) {
        let (status, _) = answer_to(&webhook, &event).await;
        assert!((400..500).contains(&status), "{status} for {event}");
        assert!(trap.is_untouched(), "DynamoDB was called for {event}");
    }
}

#[tokio::test]
async fn without_an_answer_from_dynamodb_the_answer_is_503_within_3_seconds() {
    let mut trap = Trap::set();
    let webhook = webhook(&trap.endpoint(), URL).await;
    let started = std::time::Instant::now();
    let known = event("known-portal").to_string();
    let answer = webhook
        .answer(known.as_bytes(), invocation(signed_at()))
        .await
        .answer;
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    assert!(
        !trap.is_untouched(),
        "this is the port that the test above watches"
    );
    let whole = serde_json::to_value(&answer).unwrap();
    assert_eq!(
        (answer.status_code, &whole["headers"]["retry-after"]),
        (503, &json!("5"))
    );
    // What answers nothing for hours must not cost a connection for each attempt.
    let left = tokio::task::spawn_blocking(move || trap.is_left());
    assert!(left.await.unwrap());
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        body,
        json!({"message": "The numbers cannot be read now. Try again.", "requestId": "request-1"})
    );
}
