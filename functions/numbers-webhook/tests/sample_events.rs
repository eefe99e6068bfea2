//! Every sample event of `events/numbers-webhook`, through the real handler.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

mod support;

use std::{
    fs,
    io::ErrorKind,
    net::TcpListener,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Context, Request, RequestExt, Response, request};
use numbers_webhook::webhook::Webhook;
use serde_json::{Value, json};
use support::{NumbersTable, aws_at, webhook};

/// The URL that the sample events were sent to, and the time at which they were signed.
const URL: &str = "https://abc123.execute-api.us-east-1.amazonaws.com/numbers";
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

fn request_of(event: &Value) -> Request {
    let mut context = Context::default();
    context.request_id = "request-1".into();
    request::from_str(&event.to_string())
        .unwrap()
        .with_lambda_context(context)
}

async fn answer_to(webhook: &Webhook, event: &Value) -> (u16, Value) {
    answered(&webhook.answer(request_of(event), signed_at()).await)
}

fn answered(response: &Response<Body>) -> (u16, Value) {
    assert_eq!(response.headers()["content-type"], "application/json");
    (
        response.status().as_u16(),
        serde_json::from_slice(response.body()).unwrap(),
    )
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
    let webhook = webhook(&sample_table().await.aws, URL).await;
    let refused = |message: &str| json!({"message": message, "requestId": "request-1"});
    let not_hubspot = refused("The request is not signed by HubSpot for this URL.");
    let expected = [
        ("bad-signature", 401, not_hubspot.clone()),
        ("base64-body", 200, sample_numbers()),
        ("known-portal", 200, sample_numbers()),
        (
            "malformed-body",
            400,
            refused("The request cannot be read: the body is not JSON."),
        ),
        (
            "missing-field",
            400,
            refused("The request cannot be read: portalId is missing."),
        ),
        ("older-signature-only", 401, not_hubspot.clone()),
        (
            "other-app",
            403,
            refused("This webhook serves another app."),
        ),
        ("unknown-portal", 200, json!({"phoneNumbers": []})),
        ("unsigned", 401, not_hubspot),
    ];
    for (name, status, body) in &expected {
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
async fn a_signed_event_is_refused_five_minutes_later() {
    let webhook = webhook(&sample_table().await.aws, URL).await;
    let late = signed_at() + Duration::from_mins(5) + Duration::from_millis(1);
    let response = webhook
        .answer(request_of(&event("known-portal")), late)
        .await;
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn a_body_over_16_kib_is_refused_however_it_is_signed() {
    let webhook = webhook(&sample_table().await.aws, URL).await;
    let mut event = event("known-portal");
    event["body"] = " ".repeat(16 * 1024 + 1).into();
    assert_eq!(answer_to(&webhook, &event).await.0, 413);
}

#[tokio::test]
async fn every_page_of_a_large_portal_is_read() {
    let table = NumbersTable::start().await;
    // DynamoDB's pages end at 1 MiB: these rows have 1.5.
    for number in 0..50 {
        table
            .put_named(&format!("+1800123{number:04}"), &"n".repeat(30_000))
            .await;
    }
    let webhook = webhook(&table.aws, URL).await;
    let (status, body) = answer_to(&webhook, &event("known-portal")).await;
    assert_eq!(
        (status, body["phoneNumbers"].as_array().unwrap().len()),
        (200, 50)
    );
}

#[tokio::test]
async fn bad_rows_never_hide_the_good_ones() {
    let table = sample_table().await;
    table.put_named("not a number", "Bad").await;
    table
        .put("+18001230000", "userIds", AttributeValue::S("4242".into()))
        .await;
    table
        .put(
            "+18001230001",
            "userIds",
            AttributeValue::Ns(vec!["7".into()]),
        )
        .await;
    let webhook = webhook(&table.aws, URL).await;
    assert_eq!(
        answer_to(&webhook, &event("known-portal")).await,
        (200, sample_numbers())
    );
}

/// A port that takes connections and never answers; it tells whether anyone came.
struct Trap(TcpListener);

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn is_untouched(&self) -> bool {
        matches!(self.0.accept(), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

#[tokio::test]
async fn what_is_not_ours_to_answer_reads_nothing_from_dynamodb() {
    let trap = Trap::set();
    let webhook = webhook(&aws_at(&trap.endpoint()).await, URL).await;
    let mut tampered = event("known-portal");
    tampered["body"] = tampered["body"]
        .as_str()
        .unwrap()
        .replace("62515", "62516")
        .into();
    let named = [
        "bad-signature",
        "malformed-body",
        "missing-field",
        "older-signature-only",
        "other-app",
        "unsigned",
    ];
    for event in named.map(event).into_iter().chain([tampered]) {
        let (status, _) = answer_to(&webhook, &event).await;
        assert!((400..500).contains(&status), "{status} for {event}");
        assert!(trap.is_untouched(), "DynamoDB was called for {event}");
    }
}

#[tokio::test]
async fn an_answered_request_does_reach_the_port_that_the_test_above_watches() {
    let trap = Trap::set();
    let webhook = webhook(&aws_at(&trap.endpoint()).await, URL).await;
    let known_portal = event("known-portal");
    let touched = async {
        while trap.is_untouched() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = answer_to(&webhook, &known_portal) => panic!("answered without DynamoDB: {answer:?}"),
        () = touched => {}
    }
}

#[tokio::test]
async fn without_dynamodb_the_answer_is_503_and_names_no_cause() {
    let closed = Trap::set().endpoint();
    let webhook = webhook(&aws_at(&closed).await, URL).await;
    let (status, body) = answer_to(&webhook, &event("known-portal")).await;
    assert_eq!(status, 503);
    assert_eq!(
        body["message"],
        "The numbers cannot be read now. Try again."
    );
}
