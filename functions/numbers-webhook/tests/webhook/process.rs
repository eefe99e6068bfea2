//! The function as Lambda runs it: what it writes, what it takes, how it refuses to start.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::{
    lambda::{Lambda, URL, command},
    support::{
        CLIENT_SECRET, NumbersTable,
        dynamodb::{Mood, Proxy},
        question, signed_by, signed_event,
    },
};

#[tokio::test]
async fn no_path_through_the_function_logs_a_secret_a_number_a_name_or_a_body() {
    let table = NumbersTable::start().await;
    table.put_named("+18005550100", "Marked name").await;
    table
        .put_named("+18005550101;ext=marked", "Marked name")
        .await;
    table.put_named("marked 18005550102", "Marked name").await;
    let (dynamodb, endpoint) = Proxy::before(&table.endpoint).await;
    let mut lambda = Lambda::start("no_leak", &endpoint).await;

    let now = SystemTime::now();
    let known = || signed_event(URL, question(4242), SystemTime::now());
    let with = |field: &str, value: Value| {
        let mut event = known();
        event[field] = value;
        event
    };
    let other_body = |body: &str| signed_by(CLIENT_SECRET, URL, body, SystemTime::now());
    let cases = [
        (known(), 200),
        (with("body", "marked body".into()), 401),
        (
            with(
                "headers",
                json!({"x-hubspot-signature-v3": "marked", "authorization": "marked"}),
            ),
            401,
        ),
        (
            signed_event(URL, question(4242), now - Duration::from_secs(301)),
            401,
        ),
        (other_body("marked body"), 400),
        (
            other_body(r#"{"appId": "marked", "portalId": 1, "userId": 1}"#),
            400,
        ),
        (
            other_body(r#"{"appId": 1, "portalId": 1, "userId": 1}"#),
            403,
        ),
        (with("rawPath", "/marked".into()), 404),
        (
            with("requestContext", json!({"http": {"method": "MARKED"}})),
            405,
        ),
        (with("body", "marked ".repeat(3_000).into()), 413),
        (json!({"headers": "marked"}), 400),
        (json!("marked"), 400),
    ];
    for (event, status) in cases {
        assert_eq!(lambda.invoke(event.clone()).await, status, "{event}");
    }
    for (mood, status) in [
        (Mood::Garbled, 200),
        (Mood::Failing, 200),
        (Mood::Throttling, 200),
    ] {
        dynamodb.be(mood);
        assert_eq!(lambda.invoke(known()).await, status, "the last good answer");
        let mut unknown = question(4242);
        unknown.portal_id = 7_i64.try_into().unwrap();
        assert_eq!(
            lambda
                .invoke(signed_event(URL, unknown, SystemTime::now()))
                .await,
            503
        );
    }
    let signature = known()["headers"]["x-hubspot-signature-v3"]
        .as_str()
        .unwrap()
        .to_owned();
    let log = lambda.log().await;

    let lines: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let requests: Vec<_> = lines
        .iter()
        .filter(|line| line["message"] == "request")
        .collect();
    assert_eq!(requests.len(), 18, "one line for each request");
    for mark in ["arked", "ARKED", "800555", CLIENT_SECRET, &signature[..20]] {
        assert!(!log.contains(mark), "{mark:?} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn a_request_is_logged_in_one_line_that_cloudwatch_takes_its_metrics_from() {
    let table = NumbersTable::start().await;
    table.put_named("+18005550100", "Sales").await;
    table.put_named("not a number", "Bad").await;
    let mut lambda = Lambda::start("one_line", &table.endpoint).await;
    lambda
        .invoke(signed_event(URL, question(4242), SystemTime::now()))
        .await;
    lambda.invoke(json!({})).await;
    let log = lambda.log().await;
    let requests: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|line: &Value| line["message"] == "request")
        .collect();
    let [answered, refused] = &requests[..] else {
        panic!("{log}")
    };

    let names = [
        "Requests",
        "Latency",
        "StoreLatency",
        "ColdStarts",
        "NumbersAnswered",
        "BadRows",
        "StaleAnswers",
    ];
    for name in names {
        assert!(answered[name].is_number(), "{name} in {answered}");
    }
    assert_eq!(
        (
            &answered["NumbersAnswered"],
            &answered["BadRows"],
            &answered["ColdStarts"]
        ),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(answered["badRows"][0]["keyHash"].as_str().unwrap().len(), 8);
    let text = |name: &str| answered[name].as_str().unwrap().to_owned();
    assert_eq!(
        (text("outcome"), text("requestId"), text("function")),
        ("answered".into(), "request-1".into(), "webhook".into())
    );
    assert_eq!(
        text("xrayTraceId"),
        "Root=1-5759e988-bd862e3fe1be46a994272793"
    );
    assert_eq!(
        (&answered["portalId"], &answered["userId"]),
        (&json!(62515), &json!(4242))
    );

    let directives = answered["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    assert_eq!(
        directives[0]["Dimensions"],
        json!([["function", "outcome"]])
    );
    for directive in directives {
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(
                answered[metric["Name"].as_str().unwrap()].is_number(),
                "{metric} has a value"
            );
        }
    }
    assert_eq!(
        (&refused["outcome"], &refused["ColdStarts"]),
        (&json!("other_path"), &json!(0))
    );
    assert!(refused.get("StoreLatency").is_none(), "nothing was read");
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
