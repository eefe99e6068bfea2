//! What a portal's rows become in HubSpot's list, from a real DynamoDB endpoint.

use std::time::SystemTime;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::{
    function_process::URL,
    support::{
        NumbersTable, answered, ask, dynamodb::Proxy, invocation, question, signed_event, webhook,
    },
};

async fn listed(endpoint: &str) -> Value {
    let webhook = webhook(endpoint, URL).await;
    let (status, body) = ask(&webhook, URL, 4242, SystemTime::now()).await;
    assert_eq!(status, 200);
    body["phoneNumbers"].clone()
}

#[tokio::test]
async fn bad_rows_never_hide_the_good_ones() {
    let table = NumbersTable::start().await;
    table.put_named("+18001231234", "Sales").await;
    table.put_named("not a number", "Bad").await;
    table.put_named("+1800;ext=x", "Bad").await;
    table
        .put("+18001230000", "userIds", AttributeValue::S("4242".into()))
        .await;
    assert_eq!(
        listed(&table.endpoint).await,
        json!([{"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"}])
    );
}

#[tokio::test]
async fn a_row_without_a_name_goes_by_its_number_and_a_long_name_is_cut() {
    let table = NumbersTable::start().await;
    table
        .put(
            "+18001231234",
            "friendlyName",
            AttributeValue::N("7".into()),
        )
        .await;
    table
        .put(
            "+18001231235",
            "updatedAt",
            AttributeValue::S("2026-11-23".into()),
        )
        .await;
    table.put_named("+18001231236", &"n".repeat(300_000)).await;
    assert_eq!(
        listed(&table.endpoint).await,
        json!([
            {"e164PhoneNumber": "+18001231234", "friendlyName": "+18001231234"},
            {"e164PhoneNumber": "+18001231235", "friendlyName": "+18001231235"},
            {"e164PhoneNumber": "+18001231236", "friendlyName": "n".repeat(24)},
        ])
    );
}

#[tokio::test]
async fn a_number_with_user_ids_is_for_those_users_only() {
    let table = NumbersTable::start().await;
    table
        .put(
            "+18001231234",
            "userIds",
            AttributeValue::Ns(vec!["4242".into(), "7".into()]),
        )
        .await;
    table
        .put(
            "+18001231235",
            "userIds",
            AttributeValue::Ns(vec!["7".into()]),
        )
        .await;
    assert_eq!(
        listed(&table.endpoint).await,
        json!([{"e164PhoneNumber": "+18001231234", "friendlyName": "+18001231234"}])
    );
}

#[tokio::test]
async fn ten_thousand_numbers_are_answered_in_the_tables_order_in_one_pass_over_the_pages() {
    let table = NumbersTable::start().await;
    let names = |number: usize| {
        (
            format!("+1800{number:07}"),
            format!("Support line number {number:04}{}", " and more".repeat(12)),
        )
    };
    table.put_many((0..10_000).rev().map(names)).await;
    let (dynamodb, endpoint) = Proxy::before(&table.endpoint).await;
    let expected: Vec<_> = (0..10_000)
        .map(names)
        .map(|(number, name)| json!({"e164PhoneNumber": number, "friendlyName": name[..24]}))
        .collect();
    assert_eq!(listed(&endpoint).await, json!(expected));
    let pages = dynamodb.requests();
    assert!((2..=3).contains(&pages), "{pages} pages for some 2 MB");
}

#[tokio::test]
async fn more_numbers_than_lambda_can_carry_are_answered_as_far_as_they_fit() {
    let table = NumbersTable::start().await;
    // A control character within JSON within JSON takes seven bytes.
    let name = "\u{1}".repeat(24);
    table
        .put_many(
            (0..25_000).map(|number| (format!("+1800{number:07};ext={number:020}"), name.clone())),
        )
        .await;
    let webhook = webhook(&table.endpoint, URL).await;
    let now = SystemTime::now();
    let event = signed_event(URL, question(4242), now);
    let answer = webhook
        .answer(event.to_string().as_bytes(), invocation(now))
        .await
        .answer;
    let carried = serde_json::to_string(&answer).unwrap().len();
    assert!(
        (6_280_000..=6 * 1024 * 1024).contains(&carried),
        "{carried} bytes, status {}",
        answer.status_code
    );
    let (_, body) = answered(&answer);
    let numbers = body["phoneNumbers"].as_array().unwrap();
    let last = format!("+1800{:07}", numbers.len() - 1);
    assert_eq!(
        numbers.last().unwrap()["e164PhoneNumber"],
        last,
        "in order, and none left out between"
    );
}
