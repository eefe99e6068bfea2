//! The webhook in front of a DynamoDB endpoint of a test's own, and HubSpot's questions.

pub mod dynamodb;
mod numbers_table;
pub mod secrets_manager;

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use channel_connection::{
    aws_environment::AwsEnvironment,
    aws_sdk,
    client_secrets::SigningSecret,
    http_client,
    numbers_request::NumbersRequest,
    webhook_call::WebhookCall,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use numbers_webhook::{
    answer::Answer,
    config::Config,
    webhook::{Invocation, Webhook},
};
use serde_json::Value;

pub use self::numbers_table::NumbersTable;

pub const APP: &str = "1234567";
pub const PORTAL: &str = "62515";
pub const CLIENT_SECRET: &str = "local-client-secret";
const TABLE: &str = "numbers";

pub async fn sdk_at(endpoint: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(aws_sdk::http_client())
        .endpoint_url(endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .load()
        .await
}

/// An HTTP client for servers on this machine.
pub fn http() -> reqwest::Client {
    http_client::client(Duration::from_secs(30), UrlPolicy::Local).unwrap()
}

/// The environment of a function whose DynamoDB is at `endpoint`.
pub fn aws_at(endpoint: &str) -> AwsEnvironment {
    let variable = |name: &str| match name {
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => Some("test".into()),
        "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
        "AWS_ENDPOINT_URL_SECRETS_MANAGER" => Some(secrets_manager::endpoint().to_owned()),
        _ => None,
    };
    AwsEnvironment::read(&variable).unwrap()
}

pub fn config(url: &str) -> Config {
    Config {
        function_name: "numbers-webhook".into(),
        app_id: APP.parse().unwrap(),
        webhook_urls: vec![WebhookUrl::parse(url, UrlPolicy::Local).unwrap()],
        numbers_table: TABLE.into(),
        longest_age: Duration::from_secs(600),
        client_secret_arn: "client-secret".into(),
    }
}

/// The webhook at `url`, whose DynamoDB is at `endpoint`.
pub async fn webhook(endpoint: &str, url: &str) -> Webhook {
    Webhook::start(config(url), &aws_at(endpoint))
        .await
        .unwrap()
}

/// An invocation at a time of the test's own, with Lambda's usual time left.
pub fn invocation(now: SystemTime) -> Invocation {
    Invocation {
        request_id: "request-1".into(),
        xray_trace_id: None,
        now,
        deadline: now + Duration::from_secs(5),
    }
}

/// HubSpot's question about the sample portal.
pub fn question(user: i64) -> NumbersRequest {
    NumbersRequest {
        app_id: APP.parse().unwrap(),
        portal_id: PORTAL.parse().unwrap(),
        user_id: user.try_into().unwrap(),
    }
}

/// A question as HubSpot signs it and an HTTP API hands it over.
pub fn signed_event(url: &str, question: NumbersRequest, now: SystemTime) -> Value {
    signed_by(CLIENT_SECRET, url, &question.to_json(), now)
}

/// A body that a holder of `secret` signed.
pub fn signed_by(secret: &str, url: &str, body: &str, now: SystemTime) -> Value {
    let url = WebhookUrl::parse(url, UrlPolicy::Local).unwrap();
    let secret = SigningSecret::new(secret).unwrap();
    WebhookCall::signed_body(url, body.to_owned(), &secret, now).to_event()
}

/// Asks for a user of the sample portal, and returns status and body.
pub async fn ask(webhook: &Webhook, url: &str, user: i64, now: SystemTime) -> (u16, Value) {
    let event = signed_event(url, question(user), now);
    answered(
        &webhook
            .answer(event.to_string().as_bytes(), invocation(now))
            .await
            .answer,
    )
}

pub fn answered(answer: &Answer) -> (u16, Value) {
    (
        answer.status_code,
        serde_json::from_str(&answer.body).unwrap(),
    )
}
