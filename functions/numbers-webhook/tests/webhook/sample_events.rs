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
async fn answers_each_event_and_reads_for_valid_ones() {
    let table = sample_table().await;
    let (dynamodb, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    let refused = |message: &str| json!({"message": message, "requestId": "request-1"});
    let not_hubspot = refused("The request is not signed by HubSpot for this URL.");
    let too_large = refused("The body is too large.");
    let not_json = refused("The request cannot be read: the body is not JSON.");
    let no_portal = refused("The request cannot be read: portalId is missing.");
    let other_app = refused("This webhook serves another app.");
    let other_method = refused("Only POST is answered.");
    let other_path = refused("There is nothing here.");
    let expected = [
        ("bad-signature", URL, 401, not_hubspot.clone()),
        ("base64-body", URL, 200, sample_numbers()),
        ("body-too-large", URL, 413, too_large),
        ("known-portal", URL, 200, sample_numbers()),
        ("legacy-signature-only", URL, 401, not_hubspot.clone()),
        ("malformed-body", URL, 400, not_json),
        ("missing-field", URL, 400, no_portal),
        ("other-app", URL, 403, other_app),
        ("other-method", URL, 405, other_method),
        ("other-path", URL, 404, other_path),
        ("rest-api-stage", STAGE_URL, 200, sample_numbers()),
        ("unknown-portal", URL, 200, json!({"phoneNumbers": []})),
        ("unsigned", URL, 401, not_hubspot),
    ];
    for (name, url, status, body) in &expected {
        let webhook = webhook(&endpoint, url).await;
        let before = dynamodb.requests();
        let response = respond(&webhook, &event(name), signed_at()).await;
        assert_eq!(response, (*status, body.clone()), "{name}");
        let reads = dynamodb.requests() - before;
        assert_eq!(reads, usize::from(*status == 200), "reads for {name}");
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
