//! What the function writes as Lambda runs it, and the memory that it takes.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use test_support::{
    CLIENT_SECRET, CLIENT_SECRET_ARN, DynamoDbProxy, FunctionProcess, Invoked, NumbersTable,
    SecretsManager, ServerMode, USER_ID, WEBHOOK_URL, numbers_request, signed_body, signed_request,
};

use crate::{command, start};

/// Requests of every kind, with marks where a caller has a say, and the statuses of their answers.
fn requests_of_every_kind() -> Vec<(Value, u64)> {
    let now = SystemTime::now();
    let with = |field: &str, value: Value| {
        let mut event = signed_request(WEBHOOK_URL, numbers_request(USER_ID), now);
        event[field] = value;
        event
    };
    let other_body = |body: &str| signed_body(CLIENT_SECRET, WEBHOOK_URL, body, now);
    let stale = now - Duration::from_secs(301);
    let marked_headers = json!({"x-hubspot-signature-v3": "marked", "authorization": "marked"});
    let marked_app = r#"{"appId": "marked", "portalId": 1, "userId": 1}"#;
    let other_app = r#"{"appId": 1, "portalId": 1, "userId": 1}"#;
    let marked_method = json!({"http": {"method": "MARKED"}});
    vec![
        (signed_now(62515), 200),
        (with("body", "marked body".into()), 401),
        (with("headers", marked_headers), 401),
        (
            signed_request(WEBHOOK_URL, numbers_request(USER_ID), stale),
            401,
        ),
        (other_body("marked body"), 400),
        (other_body(marked_app), 400),
        (other_body(other_app), 403),
        (with("rawPath", "/marked".into()), 404),
        (with("requestContext", marked_method), 405),
        (with("body", "marked ".repeat(3_000).into()), 413),
    ]
}

fn signed_now(portal: i64) -> Value {
    let mut request = numbers_request(USER_ID);
    request.portal_id = portal.try_into().unwrap();
    signed_request(WEBHOOK_URL, request, SystemTime::now())
}

async fn function(test: &str, dynamodb: &str) -> FunctionProcess {
    let secrets_manager = SecretsManager::start().await;
    start(test, command(dynamodb, &secrets_manager.endpoint)).await
}

/// The lines that tell of requests.
fn requests(log: &str) -> Vec<Value> {
    log.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["message"] == "request")
        .collect()
}

#[tokio::test]
async fn logs_no_secret_number_name_or_body() {
    let table = NumbersTable::start().await;
    for number in [
        "+18005550100",
        "+18005550101;ext=marked",
        "marked 18005550102",
    ] {
        table.put_named(number, "Marked name").await;
    }
    let (dynamodb, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    let mut function = function("no_leak", &endpoint).await;
    for (event, status) in requests_of_every_kind() {
        assert_eq!(function.status(&event).await, status, "{event}");
    }
    for mode in [ServerMode::Truncate, ServerMode::Fail, ServerMode::Throttle] {
        dynamodb.set_mode(mode);
        assert_eq!(function.status(&signed_now(62515)).await, 200, "stale");
        assert_eq!(function.status(&signed_now(7)).await, 503);
    }
    let event = signed_now(62515);
    let signature = event["headers"]["x-hubspot-signature-v3"].as_str().unwrap();
    function.status(&event).await;
    let log = function.log().await;

    assert_eq!(requests(&log).len(), 17, "one line for each request");
    for mark in ["arked", "ARKED", "800555", CLIENT_SECRET, &signature[..20]] {
        assert!(!log.contains(mark), "{mark:?} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn logs_no_secret_that_it_cannot_read() {
    let table = NumbersTable::start().await;
    let secrets_manager = SecretsManager::start().await;
    for (test, secret) in [
        ("truncated_secret", r#"{"clientSecret":"marked"#),
        ("no_json_secret", "marked"),
        ("line_end_in_secret", r#"{"clientSecret":"marked\n"}"#),
    ] {
        secrets_manager.set(CLIENT_SECRET_ARN, secret);
        let command = command(&table.endpoint, &secrets_manager.endpoint);
        let mut function = start(test, command).await;
        assert_eq!(function.status(&signed_now(62515)).await, 503);
        let log = function.log().await;
        assert!(log.contains("client secret not read"), "{log}");
        assert!(!log.contains("marked"), "{log}");
    }
}

/// Only a direct invocation sends these: API Gateway's events have a shape.
#[tokio::test]
async fn answers_the_next_event_after_a_function_error() {
    let table = NumbersTable::start().await;
    let mut function = function("function_errors", &table.endpoint).await;
    let mut bad_base64 = signed_now(62515);
    bad_base64["body"] = "marked!".into();
    bad_base64["isBase64Encoded"] = true.into();
    for event in [json!("marked"), json!({"headers": "marked"}), bad_base64] {
        let result = function.invoke(&event).await;
        assert!(matches!(result, Invoked::FunctionError(_)), "{event}");
        assert_eq!(function.status(&signed_now(62515)).await, 200);
    }
    let log = function.log().await;
    assert!(!log.contains("marked"), "{log}");
}

#[tokio::test]
async fn logs_one_line_with_its_metrics_per_request() {
    let table = NumbersTable::start().await;
    table.put_named("+18005550100", "Sales").await;
    table.put_named("not a number", "Bad").await;
    let mut function = function("one_line", &table.endpoint).await;
    function.status(&signed_now(62515)).await;
    let mut other_path = signed_now(62515);
    other_path["rawPath"] = "/other".into();
    function.status(&other_path).await;
    let log = function.log().await;
    let [mut answered, refused] = requests(&log).try_into().expect("one line for each");

    let expected = json!({
        "outcome": "answered", "requestId": "request-1", "function": "webhook",
        "portalId": 62515, "userId": 4242, "NumbersReturned": 1, "BadRows": 1, "ColdStarts": 1,
        "xrayTraceId": "Root=1-5759e988-bd862e3fe1be46a994272793",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&answered[name], value, "{name}");
    }
    assert_eq!(answered["badRows"][0]["keyHash"].as_str().unwrap().len(), 8);
    answered.as_object_mut().unwrap().remove("badRows");
    let size = answered.to_string().len();
    assert!(size < 1_000, "{size} bytes: every request pays for them");
    assert_eq!(refused["outcome"], "other_path");
    assert_eq!(refused["ColdStarts"], 0);
    assert!(refused.get("TableLatency").is_none(), "nothing was read");

    let directives = &answered["_aws"]["CloudWatchMetrics"];
    let by_outcome = json!([["function", "outcome"]]);
    assert_eq!(directives[0]["Dimensions"], by_outcome);
    let metrics = directives.as_array().unwrap().iter();
    let metrics = metrics.flat_map(|directive| directive["Metrics"].as_array().unwrap());
    let mut names: Vec<_> = metrics
        .map(|metric| metric["Name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    let expected = "BadRows ColdStarts Latency NumbersOmitted NumbersReturned Requests \
                    StaleResponses TableLatency";
    assert_eq!(names.join(" "), expected);
    for name in names {
        assert!(answered[name].is_number(), "{name} in {answered}");
    }
}

#[tokio::test]
async fn ten_thousand_numbers_take_less_than_64_mib() {
    let table = NumbersTable::start().await;
    let name = "Support line number";
    let row = |number| (format!("+1800{number:07}"), format!("{name} {number}"));
    table.put_many((0..10_000).map(row));
    let mut function = function("memory", &table.endpoint).await;
    for _ in 0..3 {
        assert_eq!(function.status(&signed_now(62515)).await, 200);
    }
    let peak = function.peak_memory();
    assert!(peak < 64 * 1024, "{peak} KiB");
}
