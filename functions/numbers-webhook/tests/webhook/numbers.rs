//! What a portal's rows become in HubSpot's list, from a real DynamoDB endpoint.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{Router, routing::post};
use serde_json::{Value, json};
use test_support::{
    DynamoDbProxy, NumbersTable, USER_ID, WEBHOOK_URL, invoke, numbers_request, respond, serve,
    signed_request, webhook,
};

async fn listed(endpoint: &str) -> Value {
    let webhook = webhook(endpoint, WEBHOOK_URL).await;
    let now = SystemTime::now();
    let event = signed_request(WEBHOOK_URL, numbers_request(USER_ID), now);
    let (status, body) = respond(&webhook, &event, now).await;
    assert_eq!(status, 200);
    body["phoneNumbers"].clone()
}

#[tokio::test]
async fn bad_rows_never_hide_the_good_ones() {
    let table = NumbersTable::start().await;
    table.put_named("+18001231233", "Sales").await;
    let number = AttributeValue::N("7".into());
    table.put("+18001231234", "friendlyName", number).await;
    let time = AttributeValue::S("2026-11-23".into());
    table.put("+18001231235", "updatedAt", time).await;
    table.put_named("+18001231236", &"n".repeat(300_000)).await;
    table.put_named("+18001231237", " ").await;
    table.put_named("not a number", "Bad").await;
    table.put_named("+1800;ext=x", "Bad").await;
    let not_a_set = AttributeValue::S("4242".into());
    table.put("+18001230000", "userIds", not_a_set).await;
    assert_eq!(
        listed(&table.endpoint).await,
        json!([
            {"e164PhoneNumber": "+18001231233", "friendlyName": "Sales"},
            {"e164PhoneNumber": "+18001231234", "friendlyName": "+18001231234"},
            {"e164PhoneNumber": "+18001231235", "friendlyName": "+18001231235"},
            {"e164PhoneNumber": "+18001231236", "friendlyName": "n".repeat(24)},
            {"e164PhoneNumber": "+18001231237", "friendlyName": "+18001231237"},
        ])
    );
}

#[tokio::test]
async fn lists_ten_thousand_numbers_in_the_tables_order() {
    let table = NumbersTable::start().await;
    let names = |number: usize| {
        let name = format!("Support line number {number:04}{}", " and more".repeat(12));
        (format!("+1800{number:07}"), name)
    };
    table.put_many((0..10_000).rev().map(names));
    let (dynamodb, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    let expected: Vec<_> = (0..10_000)
        .map(names)
        .map(|(number, name)| json!({"e164PhoneNumber": number, "friendlyName": name[..24]}))
        .collect();
    assert_eq!(listed(&endpoint).await, json!(expected));
    let pages = dynamodb.requests();
    assert!((2..=3).contains(&pages), "{pages} pages for some 2 MB");
}

#[tokio::test]
async fn reads_and_lists_as_much_as_a_response_holds() {
    // A quotation mark within JSON within JSON takes four bytes.
    let name = "\"".repeat(24);
    let item = |number| {
        json!({
            "number": {"S": format!("+1800{number:07};ext={number:020}")},
            "friendlyName": {"S": name},
        })
    };
    let items: Vec<_> = (0..10_000).map(item).collect();
    let items = Arc::<str>::from(json!(items).to_string());
    let pages = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&pages);
    // A portal without end.
    let query = post(async move || {
        let page = count.fetch_add(1, Ordering::Relaxed);
        format!(r#"{{"Items":{items},"LastEvaluatedKey":{{"number":{{"S":"{page}"}}}}}}"#)
    });
    let endpoint = serve(Router::new().route("/", query)).await;
    let webhook = webhook(&endpoint, WEBHOOK_URL).await;
    pages.store(0, Ordering::Relaxed);
    let now = SystemTime::now();
    let event = signed_request(WEBHOOK_URL, numbers_request(USER_ID), now);
    let response = invoke(&webhook, &event, now).await;
    let size = response.to_string().len();
    let expected = 6_280_000..=6 * 1024 * 1024;
    assert!(expected.contains(&size), "{size} bytes");
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    let numbers = body["phoneNumbers"].as_array().unwrap().len();
    let pages = pages.load(Ordering::Relaxed);
    assert_eq!(pages, numbers / 10_000 + 1, "for {numbers} numbers");
}
