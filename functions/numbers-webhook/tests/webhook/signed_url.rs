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

const QUERY: &str = "https://a.example/numbers?who=a%40b%2Fc%20d&plus=%2B1&%3F=%3a";

/// The registered URLs, each with the path that API Gateway shows of it.
const URLS: [(&str, &str); 7] = [
    ("https://a1.execute-api.example/numbers", "/numbers"),
    (
        "https://a1.execute-api.example/prod/numbers",
        "/prod/numbers",
    ),
    ("https://a.example/numbers", "/numbers"),
    ("https://a.example/hubspot/numbers", "/hubspot/numbers"),
    ("https://a.example/hubspot/numbers", "/prod/numbers"),
    ("https://a.example/numbers?z=1&a=2&z=3", "/numbers"),
    (QUERY, "/numbers"),
];

#[tokio::test]
async fn verifies_the_registered_url_not_the_request() {
    let table = NumbersTable::start().await;
    let now = SystemTime::now();
    for (registered, path) in URLS {
        let webhook = webhook(&table.endpoint, registered).await;
        for (signed, _) in URLS {
            let mut http_api = signed_request(signed, numbers_request(USER_ID), now);
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
            let expected = if signed == registered { 200 } else { 401 };
            for (format, event) in [
                ("HTTP API", http_api),
                ("base64", base64),
                ("REST API", rest_api),
            ] {
                let (status, _) = respond(&webhook, &event, now).await;
                assert_eq!(status, expected, "{signed} for {registered}, {format}");
            }
        }
    }
}

#[tokio::test]
async fn accepts_the_former_url_while_the_webhook_moves() {
    let table = NumbersTable::start().await;
    let now = SystemTime::now();
    let [former, _, current, other, ..] = URLS;
    let mut config = webhook_config(current.0);
    let former_url = WebhookUrl::parse(former.0, UrlPolicy::Public).unwrap();
    config.webhook_urls.push(former_url);
    let secrets_manager = SecretsManager::start().await;
    let aws = aws_clients(&table.endpoint, &secrets_manager.endpoint).await;
    let webhook = Arc::new(Webhook::start(config, aws).await);
    for ((url, path), status) in [(current, 200), (former, 200), (other, 401)] {
        let mut event = signed_request(url, numbers_request(USER_ID), now);
        event["rawPath"] = path.into();
        assert_eq!(respond(&webhook, &event, now).await.0, status, "{url}");
    }
}
