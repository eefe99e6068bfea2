//! Servers, signed requests and log capture that the tests of several crates share.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's set-up may fail loudly"
)]

mod dynamodb_proxy;
mod function_process;
mod log;
mod numbers_table;
mod request;
mod secrets_manager;
mod tls_server;
mod webhook;

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use channel_connection::{aws_http::AwsHttpClient, http_client, webhook_url::UrlPolicy};
use tokio::net::TcpListener;

pub use self::{
    dynamodb_proxy::{DynamoDbProxy, ServerMode},
    function_process::{FunctionProcess, Invoked, webhook_command},
    log::Log,
    numbers_table::NumbersTable,
    request::{numbers_request, signed_body, signed_request},
    secrets_manager::SecretsManager,
    tls_server::{TlsListener, certificate},
    webhook::{aws_clients, invoke, invoke_until, respond, webhook, webhook_config},
};

pub const APP_ID: &str = "1234567";
pub const PORTAL_ID: &str = "62515";
pub const USER_ID: i64 = 4242;
pub const CLIENT_SECRET: &str = "local-client-secret";
/// The secret's id in [`SecretsManager`].
pub const CLIENT_SECRET_ARN: &str = "client-secret";
pub const TABLE: &str = "numbers";
/// The webhook's URL as HubSpot has it.
pub const WEBHOOK_URL: &str = "https://calls.example.com/numbers";

/// The time that Lambda leaves an invocation.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns an SDK configuration for a server on this machine.
pub async fn sdk_config(endpoint: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(AwsHttpClient::new(&|_| None).unwrap())
        .endpoint_url(endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .load()
        .await
}

/// Returns an HTTP client for servers on this machine.
pub fn http() -> reqwest::Client {
    http_client::client(Duration::from_secs(30), UrlPolicy::Local).unwrap()
}

/// Serves routes on a free port until the test's runtime ends; returns the endpoint.
pub async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    // As servers on the internet do: Nagle's algorithm would hold small responses back.
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    endpoint
}

/// Refuses a call as AWS's JSON protocol does.
fn aws_error(code: &str) -> Response {
    let body = format!(r#"{{"__type":"{code}","message":"marked"}}"#);
    (StatusCode::BAD_REQUEST, body).into_response()
}
