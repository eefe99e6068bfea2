//! What a portal's users see while DynamoDB is slow, throttled or gone.

use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::{
    function_process::URL,
    support::{
        NumbersTable, ask,
        dynamodb::{Mood, Proxy},
        webhook,
    },
};

const USER: i64 = 4242;
const BAD_DAYS: [Mood; 5] = [
    Mood::Throttling,
    Mood::Failing,
    Mood::Garbled,
    Mood::Silent,
    Mood::Forbidding,
];

async fn one_number() -> NumbersTable {
    let table = NumbersTable::start().await;
    table.put_named("+18001231234", "Sales").await;
    table
}

fn one_number_answered() -> (u16, Value) {
    (
        200,
        json!({"phoneNumbers": [{"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"}]}),
    )
}

#[tokio::test]
async fn whatever_ails_dynamodb_a_warm_portal_is_answered_within_3_seconds_until_the_answer_is_too_old()
 {
    let table = one_number().await;
    let (dynamodb, endpoint) = Proxy::before(&table.endpoint).await;
    let webhook = webhook(&endpoint, URL).await;
    let warmed_at = SystemTime::now();
    assert_eq!(
        ask(&webhook, URL, USER, warmed_at).await,
        one_number_answered()
    );
    let (younger, too_old) = (Duration::from_secs(599), Duration::from_secs(600));
    for mood in BAD_DAYS {
        dynamodb.be(mood);
        let started = Instant::now();
        assert_eq!(
            ask(&webhook, URL, USER, warmed_at + younger).await,
            one_number_answered()
        );
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{:?}",
            started.elapsed()
        );
        assert_eq!(ask(&webhook, URL, USER, warmed_at + too_old).await.0, 503);
    }
    dynamodb.be(Mood::Well);
    assert_eq!(
        ask(&webhook, URL, USER, warmed_at + too_old).await,
        one_number_answered()
    );
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_cannot_is_not() {
    let table = one_number().await;
    let (dynamodb, endpoint) = Proxy::before(&table.endpoint).await;
    let webhook = webhook(&endpoint, URL).await;
    let moods = [
        (Mood::Throttling, 3),
        (Mood::Failing, 3),
        (Mood::Forbidding, 1),
        (Mood::Garbled, 1),
    ];
    for (mood, attempts) in moods {
        dynamodb.be(mood);
        let before = dynamodb.requests();
        assert_eq!(ask(&webhook, URL, USER, SystemTime::now()).await.0, 503);
        assert_eq!(dynamodb.requests() - before, attempts, "{mood:?}");
    }
}

#[tokio::test]
async fn a_remembered_answer_shows_a_user_no_more_than_a_fresh_one() {
    let table = one_number().await;
    let users = aws_sdk_dynamodb::types::AttributeValue::Ns(vec!["7".into()]);
    table.put("+18001231235", "userIds", users).await;
    let (dynamodb, endpoint) = Proxy::before(&table.endpoint).await;
    let webhook = webhook(&endpoint, URL).await;
    let seen_by = async |user| {
        let (_, body) = ask(&webhook, URL, user, SystemTime::now()).await;
        body["phoneNumbers"].as_array().unwrap().len()
    };
    assert_eq!(seen_by(7).await, 2);
    dynamodb.be(Mood::Failing);
    assert_eq!((seen_by(7).await, seen_by(8).await), (2, 1));
}

#[tokio::test]
async fn an_outage_under_steady_requests_is_not_seen_and_ends_without_a_restart() {
    let mut table = one_number().await;
    let webhook = webhook(&table.endpoint, URL).await;
    let steady = async |requests: usize| {
        for _ in 0..requests {
            assert_eq!(
                ask(&webhook, URL, USER, SystemTime::now()).await,
                one_number_answered()
            );
        }
    };
    steady(20).await;
    table.stop().await;
    steady(20).await;
    table.start_again().await;
    table
        .put_named("+18001231235", "New since the outage")
        .await;
    let (_, body) = ask(&webhook, URL, USER, SystemTime::now()).await;
    assert_eq!(body["phoneNumbers"].as_array().unwrap().len(), 2);
}
