//! The URL that HubSpot signs, against what API Gateway hands over of it.

use std::time::SystemTime;

use base64::{Engine, engine::general_purpose::STANDARD};
use channel_connection::webhook_url::{UrlPolicy, WebhookUrl};
use numbers_webhook::webhook::Webhook;
use serde_json::{Value, json};

use crate::support::{
    NumbersTable, answered, aws_at, config, invocation, question, signed_event, webhook,
};

/// The registered URLs, each with the path that API Gateway shows of it.
const URLS: [(&str, &str); 7] = [
    (
        "https://abc123.execute-api.us-east-1.amazonaws.com/numbers",
        "/numbers",
    ),
    (
        "https://abc123.execute-api.us-east-1.amazonaws.com/prod/numbers",
        "/prod/numbers",
    ),
    ("https://calls.example.com/numbers", "/numbers"),
    (
        "https://calls.example.com/hubspot/numbers",
        "/hubspot/numbers",
    ),
    ("https://calls.example.com/hubspot/numbers", "/prod/numbers"),
    ("https://calls.example.com/numbers?z=1&a=2&z=3", "/numbers"),
    (
        "https://calls.example.com/numbers?who=a%40b%2Fc%20d&plus=%2B1&%3F=%3a",
        "/numbers",
    ),
];

async fn status(webhook: &Webhook, event: &Value, now: SystemTime) -> u16 {
    let answered = webhook
        .answer(event.to_string().as_bytes(), invocation(now))
        .await;
    answered.answer.status_code
}

#[tokio::test]
async fn the_registered_url_counts_whatever_api_gateway_makes_of_path_host_and_body() {
    let table = NumbersTable::start().await;
    let now = SystemTime::now();
    for (url, path) in URLS {
        let webhook = webhook(&table.endpoint, url).await;
        let mut http_api = signed_event(url, question(4242), now);
        http_api["rawPath"] = path.into();
        http_api["headers"]["host"] = "internal.example.com".into();
        http_api["headers"]["x-forwarded-proto"] = "http".into();
        assert_eq!(
            status(&webhook, &http_api, now).await,
            200,
            "{url} as {path}"
        );

        let mut base64 = http_api.clone();
        base64["body"] = STANDARD.encode(http_api["body"].as_str().unwrap()).into();
        base64["isBase64Encoded"] = true.into();
        assert_eq!(status(&webhook, &base64, now).await, 200, "{url}, base64");

        let rest_api = json!({
            "httpMethod": "POST", "path": path, "headers": http_api["headers"], "multiValueHeaders": {},
            "requestContext": {"stage": "prod", "path": "/prod/numbers"}, "queryStringParameters": null,
            "body": http_api["body"], "isBase64Encoded": false,
        });
        assert_eq!(
            status(&webhook, &rest_api, now).await,
            200,
            "{url}, REST API"
        );
    }
}

#[tokio::test]
async fn while_the_webhook_moves_the_former_urls_signature_counts_too() {
    let table = NumbersTable::start().await;
    let now = SystemTime::now();
    let [
        (former, former_path),
        _,
        (current, path),
        (other, other_path),
        ..,
    ] = URLS;
    let mut config = config(current);
    let former_url = WebhookUrl::parse(former, UrlPolicy::Public).unwrap();
    config.webhook_urls.push(former_url);
    let webhook = Webhook::start(config, &aws_at(&table.endpoint))
        .await
        .unwrap();
    for (url, path, answered) in [
        (current, path, 200),
        (former, former_path, 200),
        (other, other_path, 401),
    ] {
        let mut event = signed_event(url, question(4242), now);
        event["rawPath"] = path.into();
        assert_eq!(status(&webhook, &event, now).await, answered, "{url}");
    }
}

#[tokio::test]
async fn a_signature_for_any_other_url_is_refused() {
    let table = NumbersTable::start().await;
    let now = SystemTime::now();
    for (registered, path) in URLS {
        let webhook = webhook(&table.endpoint, registered).await;
        for (signed, _) in URLS.into_iter().filter(|(url, _)| *url != registered) {
            let mut event = signed_event(signed, question(4242), now);
            event["rawPath"] = path.into();
            assert_eq!(
                status(&webhook, &event, now).await,
                401,
                "{signed} for {registered}"
            );
        }
    }
}

#[tokio::test]
async fn a_path_that_does_not_end_in_the_route_is_not_found() {
    let webhook = webhook(&NumbersTable::start().await.endpoint, URLS[0].0).await;
    let now = SystemTime::now();
    for path in [
        "/",
        "",
        "/numbers/",
        "/numbers/more",
        "/number",
        "/xnumbers",
    ] {
        let mut event = signed_event(URLS[0].0, question(4242), now);
        event["rawPath"] = path.into();
        let answer = webhook
            .answer(event.to_string().as_bytes(), invocation(now))
            .await
            .answer;
        assert_eq!(answered(&answer).0, 404, "{path}");
    }
}
