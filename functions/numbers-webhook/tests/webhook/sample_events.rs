//! Every sample event of `events/numbers-webhook`, through the real handler.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use test_support::{DynamoDbProxy, NumbersTable, invoke, respond, webhook};

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
async fn answers_each_event_as_its_name_says() {
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
        ("legacy-signature-only", URL, 401, not_hubspot.clone()),
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
            respond(&webhook, &event(name), signed_at()).await,
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
async fn accepts_a_signature_for_five_minutes() {
    let webhook = webhook(&sample_table().await.endpoint, URL).await;
    let (five_minutes, tick) = (Duration::from_secs(300), Duration::from_millis(1));
    let known = event("known-portal");
    for valid in [signed_at() + five_minutes, signed_at() - five_minutes] {
        assert_eq!(respond(&webhook, &known, valid).await.0, 200);
    }
    let unsigned = respond(&webhook, &event("unsigned"), signed_at()).await;
    for stale in [
        signed_at() + five_minutes + tick,
        signed_at() - five_minutes - tick,
    ] {
        assert_eq!(respond(&webhook, &known, stale).await, unsigned);
    }
}

#[tokio::test]
async fn refused_requests_read_nothing_from_dynamodb() {
    let (dynamodb, endpoint) = DynamoDbProxy::start("http://127.0.0.1:1").await;
    let webhook = webhook(&endpoint, URL).await;
    let mut tampered = event("known-portal");
    let body = tampered["body"].as_str().unwrap().replace("62515", "62516");
    tampered["body"] = body.into();
    let refused = [
        "bad-signature",
        "body-too-large",
        "malformed-body",
        "missing-field",
        "legacy-signature-only",
        "other-app",
        "other-method",
        "other-path",
        "unsigned",
    ];
    for event in refused.map(event).into_iter().chain([tampered]) {
        let (status, _) = respond(&webhook, &event, signed_at()).await;
        assert!((400..500).contains(&status), "{status} for {event}");
    }
    assert_eq!(dynamodb.requests(), 0);
}

#[tokio::test]
async fn tells_the_caller_how_to_go_on() {
    let webhook = webhook("http://127.0.0.1:1", URL).await;
    for (name, header, value) in [
        ("known-portal", "retry-after", "5"),
        ("other-method", "allow", "POST"),
        ("unsigned", "content-type", "application/json"),
    ] {
        let response = invoke(&webhook, &event(name), signed_at()).await;
        assert_eq!(response["headers"][header], value, "{name}");
    }
}
