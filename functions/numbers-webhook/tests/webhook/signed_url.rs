//! The URL that HubSpot signs, against what API Gateway hands over of it.

use std::{sync::Arc, time::SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use channel_connection::webhook_url::{UrlPolicy, WebhookUrl};
use numbers_webhook::webhook::Webhook;
use serde_json::json;
use test_support::{
    NumbersTable, SecretsManager, USER_ID, aws_clients, numbers_request, respond, signed_request,
    webhook, webhook_config,
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

#[tokio::test]
async fn verifies_the_registered_url_not_the_request() {
    let table = NumbersTable::start().await;
    let now = SystemTime::now();
    for (url, path) in URLS {
        let webhook = webhook(&table.endpoint, url).await;
        let mut http_api = signed_request(url, numbers_request(USER_ID), now);
        http_api["rawPath"] = path.into();
        http_api["headers"]["host"] = "internal.example.com".into();
        http_api["headers"]["x-forwarded-proto"] = "http".into();
        let mut base64 = http_api.clone();
        base64["body"] = STANDARD.encode(http_api["body"].as_str().unwrap()).into();
        base64["isBase64Encoded"] = true.into();
        let rest_api = json!({
            "httpMethod": "POST", "path": path, "headers": http_api["headers"], "multiValueHeaders": {},
            "requestContext": {"httpMethod": "POST", "stage": "prod", "path": "/prod/numbers"}, "queryStringParameters": null,
            "body": http_api["body"], "isBase64Encoded": false,
        });
        for (format, event) in [
            ("HTTP API", http_api),
            ("base64", base64),
            ("REST API", rest_api),
        ] {
            let (status, _) = respond(&webhook, &event, now).await;
            assert_eq!(status, 200, "{url} as {path}, {format}");
        }
    }
}

#[tokio::test]
async fn accepts_the_former_url_while_the_webhook_moves() {
    let table = NumbersTable::start().await;
    let now = SystemTime::now();
    let [
        (former, former_path),
        _,
        (current, path),
        (other, other_path),
        ..,
    ] = URLS;
    let mut config = webhook_config(current);
    let former_url = WebhookUrl::parse(former, UrlPolicy::Public).unwrap();
    config.webhook_urls.push(former_url);
    let secrets_manager = SecretsManager::start().await;
    let aws = aws_clients(&table.endpoint, &secrets_manager.endpoint).await;
    let webhook = Arc::new(Webhook::start(config, aws).await);
    for (url, path, status) in [
        (current, path, 200),
        (former, former_path, 200),
        (other, other_path, 401),
    ] {
        let mut event = signed_request(url, numbers_request(USER_ID), now);
        event["rawPath"] = path.into();
        assert_eq!(respond(&webhook, &event, now).await.0, status, "{url}");
    }
}

#[tokio::test]
async fn refuses_a_signature_for_another_url() {
    let table = NumbersTable::start().await;
    let now = SystemTime::now();
    for (registered, path) in URLS {
        let webhook = webhook(&table.endpoint, registered).await;
        for (signed, _) in URLS.into_iter().filter(|(url, _)| *url != registered) {
            let mut event = signed_request(signed, numbers_request(USER_ID), now);
            event["rawPath"] = path.into();
            let (status, _) = respond(&webhook, &event, now).await;
            assert_eq!(status, 401, "{signed} for {registered}");
        }
    }
}
