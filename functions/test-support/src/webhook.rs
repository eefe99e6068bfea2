//! The real webhook in this process, invoked as Lambda does.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use channel_connection::webhook_url::{UrlPolicy, WebhookUrl};
use lambda_http::{
    Context, LambdaEvent, lambda_runtime::tower::ServiceExt, request::LambdaRequest,
};
use numbers_webhook::{aws::AwsClients, config::Config, lambda, webhook::Webhook};
use serde_json::Value;

use crate::{APP_ID, CLIENT_SECRET_ARN, FUNCTION_TIMEOUT, SecretsManager, TABLE, sdk_config};

/// Returns the configuration of a webhook that is registered as `url`.
pub fn webhook_config(url: &str) -> Config {
    Config {
        function_name: "numbers-webhook".into(),
        app_id: APP_ID.parse().unwrap(),
        webhook_urls: vec![WebhookUrl::parse(url, UrlPolicy::Local).unwrap()],
        numbers_table: TABLE.into(),
        max_stale: Duration::from_secs(600),
        client_secret_arn: CLIENT_SECRET_ARN.into(),
    }
}

/// Returns clients of a DynamoDB and a Secrets Manager, given as endpoints.
pub async fn aws_clients(dynamodb: &str, secrets_manager: &str) -> AwsClients {
    AwsClients::new(
        &sdk_config(dynamodb).await,
        &sdk_config(secrets_manager).await,
    )
}

/// Starts the webhook at `url` with a DynamoDB endpoint and a Secrets Manager of its own.
pub async fn webhook(dynamodb: &str, url: &str) -> Arc<Webhook> {
    let secrets_manager = SecretsManager::start().await;
    let aws = aws_clients(dynamodb, &secrets_manager.endpoint).await;
    Arc::new(Webhook::start(webhook_config(url), aws).await)
}

/// Invokes the webhook at a time of the test's own; returns what API Gateway gets.
pub async fn invoke(webhook: &Arc<Webhook>, event: &Value, now: SystemTime) -> Value {
    invoke_until(webhook, event, now, now + FUNCTION_TIMEOUT).await
}

/// Invokes the webhook with a deadline of the test's own.
pub async fn invoke_until(
    webhook: &Arc<Webhook>,
    event: &Value,
    now: SystemTime,
    deadline: SystemTime,
) -> Value {
    // From text, as Lambda hands it over.
    let event: LambdaRequest = serde_json::from_str(&event.to_string()).unwrap();
    let mut context = Context::default();
    context.request_id = "request-1".into();
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    context.deadline = deadline.as_millis().try_into().unwrap();
    let service = lambda::service(Arc::clone(webhook), move || now);
    let response = service.oneshot(LambdaEvent::new(event, context)).await;
    serde_json::to_value(response.unwrap()).unwrap()
}

/// Invokes the webhook; returns the status and the body of its response.
pub async fn respond(webhook: &Arc<Webhook>, event: &Value, now: SystemTime) -> (u16, Value) {
    let response = invoke(webhook, event, now).await;
    let status = response["statusCode"].as_u64().unwrap();
    let body = serde_json::from_str(response["body"].as_str().unwrap());
    (status.try_into().unwrap(), body.unwrap())
}
