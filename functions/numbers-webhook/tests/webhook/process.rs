//! The function as Lambda runs it: what it writes, what it takes, how it refuses to start.

use std::time::{Duration, SystemTime};

use axum::Router;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    function_process::URL,
    lambda::{Lambda, command},
    support::{
        CLIENT_SECRET, NumbersTable,
        dynamodb::{Mood, Proxy},
        question, signed_by, signed_event,
    },
};

/// Requests of every kind, with marks where a caller has a say, and the statuses of their answers.
fn requests_of_every_kind() -> Vec<(Value, u64)> {
    let now = SystemTime::now();
    let with = |field: &str, value: Value| {
        let mut event = signed_event(URL, question(4242), now);
        event[field] = value;
        event
    };
    let other_body = |body: &str| signed_by(CLIENT_SECRET, URL, body, now);
    let stale = now - Duration::from_secs(301);
    let marked_headers = json!({"x-hubspot-signature-v3": "marked", "authorization": "marked"});
    let marked_app = r#"{"appId": "marked", "portalId": 1, "userId": 1}"#;
    let other_app = r#"{"appId": 1, "portalId": 1, "userId": 1}"#;
    let marked_method = json!({"http": {"method": "MARKED"}});
    vec![
        (signed_event(URL, question(4242), now), 200),
        (with("body", "marked body".into()), 401),
        (with("headers", marked_headers), 401),
        (signed_event(URL, question(4242), stale), 401),
        (other_body("marked body"), 400),
        (other_body(marked_app), 400),
        (other_body(other_app), 403),
        (with("rawPath", "/marked".into()), 404),
        (with("requestContext", marked_method), 405),
        (with("body", "marked ".repeat(3_000).into()), 413),
        (json!({"headers": "marked"}), 400),
        (json!("marked"), 400),
    ]
}

/// A question as HubSpot signs it now.
fn signed_now(portal: i64) -> Value {
    let mut question = question(4242);
    question.portal_id = portal.try_into().unwrap();
    signed_event(URL, question, SystemTime::now())
}

/// The lines that tell of requests.
fn requests(log: &str) -> Vec<Value> {
    log.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["message"] == "request")
        .collect()
}

#[tokio::test]
async fn no_path_through_the_function_logs_a_secret_a_number_a_name_or_a_body() {
    let table = NumbersTable::start().await;
    for number in [
        "+18005550100",
        "+18005550101;ext=marked",
        "marked 18005550102",
    ] {
        table.put_named(number, "Marked name").await;
    }
    let (dynamodb, endpoint) = Proxy::before(&table.endpoint).await;
    let mut lambda = Lambda::start("no_leak", &endpoint).await;

    for (event, status) in requests_of_every_kind() {
        assert_eq!(lambda.invoke(event.clone()).await, status, "{event}");
    }
    for mood in [Mood::Garbled, Mood::Failing, Mood::Throttling] {
        dynamodb.be(mood);
        let known = lambda.invoke(signed_now(62515)).await;
        assert_eq!(known, 200, "the last good answer");
        assert_eq!(lambda.invoke(signed_now(7)).await, 503);
    }
    let question = signed_now(62515);
    let signature = question["headers"]["x-hubspot-signature-v3"]
        .as_str()
        .unwrap();
    lambda.invoke(question.clone()).await;
    let log = lambda.log().await;

    assert_eq!(requests(&log).len(), 19, "one line for each request");
    for mark in ["arked", "ARKED", "800555", CLIENT_SECRET, &signature[..20]] {
        assert!(!log.contains(mark), "{mark:?} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_read_is_not_logged_either() {
    for (test, answer) in [
        (
            "cut_secret",
            r#"{"SecretString":"{\"clientSecret\":\"marked"#,
        ),
        ("wrong_secret", r#"{"SecretString":"marked"}"#),
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(move || async move { answer });
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let variables =
            ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"].map(|name| (name, &*endpoint));
        let mut lambda = Lambda::start_with(test, &variables).await;
        assert_eq!(lambda.invoke(signed_now(62515)).await, 503);
        let log = lambda.log().await;
        assert!(log.contains("client secret not read"), "{log}");
        assert!(!log.contains("marked"), "{log}");
    }
}

/// What is logged of a good request, on a cold start, and of one to another path.
async fn logged(name: &str) -> [Value; 2] {
    let table = NumbersTable::start().await;
    table.put_named("+18005550100", "Sales").await;
    table.put_named("not a number", "Bad").await;
    let mut lambda = Lambda::start(name, &table.endpoint).await;
    lambda.invoke(signed_now(62515)).await;
    lambda.invoke(json!({})).await;
    let log = lambda.log().await;
    requests(&log).try_into().expect("one line for each")
}

#[tokio::test]
async fn a_request_is_logged_in_one_line_that_says_what_became_of_it() {
    let [mut answered, refused] = logged("one_line").await;
    let expected = json!({
        "outcome": "answered", "requestId": "request-1", "function": "webhook",
        "portalId": 62515, "userId": 4242, "NumbersAnswered": 1, "BadRows": 1, "ColdStarts": 1,
        "xrayTraceId": "Root=1-5759e988-bd862e3fe1be46a994272793",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&answered[name], value, "{name}");
    }
    assert_eq!(answered["badRows"][0]["keyHash"].as_str().unwrap().len(), 8);
    answered.as_object_mut().unwrap().remove("badRows");
    let size = answered.to_string().len();
    assert!(size < 1_000, "{size} bytes: every request pays for them");
    assert_eq!(
        (&refused["outcome"], &refused["ColdStarts"]),
        (&json!("other_path"), &json!(0))
    );
    assert!(refused.get("StoreLatency").is_none(), "nothing was read");
}

#[tokio::test]
async fn cloudwatch_takes_every_metric_from_that_line() {
    let [answered, _] = logged("metrics").await;
    let directives = answered["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    let metrics = directives
        .iter()
        .flat_map(|directive| directive["Metrics"].as_array().unwrap());
    let mut names: Vec<&str> = metrics
        .map(|metric| metric["Name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "BadRows",
            "ColdStarts",
            "Latency",
            "NumbersAnswered",
            "NumbersLeftOut",
            "Requests",
            "StaleAnswers",
            "StoreLatency",
        ]
    );
    for name in names {
        assert!(answered[name].is_number(), "{name} in {answered}");
    }
    assert_eq!(
        directives[0]["Dimensions"],
        json!([["function", "outcome"]])
    );
}

#[tokio::test]
async fn ten_thousand_numbers_take_less_than_64_mib() {
    let table = NumbersTable::start().await;
    let row = |number| {
        (
            format!("+1800{number:07}"),
            format!("Support line number {number}"),
        )
    };
    table.put_many((0..10_000).map(row)).await;
    let mut lambda = Lambda::start("memory", &table.endpoint).await;
    for _ in 0..3 {
        assert_eq!(
            lambda
                .invoke(signed_event(URL, question(4242), SystemTime::now()))
                .await,
            200
        );
    }
    let peak = lambda.peak_memory();
    println!("peak memory: {peak} KiB");
    assert!(peak < 64 * 1024, "{peak} KiB");
}

#[tokio::test]
async fn a_bad_configuration_ends_init_with_the_variables_name() {
    let cases = [
        ("APP_ID", "none", "APP_ID must be a whole number"),
        (
            "WEBHOOK_URL",
            "ftp://marked.example.com/",
            "WEBHOOK_URL must start with https://",
        ),
        ("NUMBERS_TABLE", "", "NUMBERS_TABLE is not set"),
        (
            "LONGEST_ANSWER_AGE_SECONDS",
            "soon",
            "LONGEST_ANSWER_AGE_SECONDS must be a whole number of seconds",
        ),
    ];
    for (name, value, message) in cases {
        let output = command().env(name, value).output().await.unwrap();
        let log = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!output.status.success() && log.contains(message), "{log}");
        assert!(!log.contains("marked"), "{log}");
    }
}
