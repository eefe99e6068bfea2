//! A DynamoDB endpoint of its own for each test, and the webhook in front of it.

pub mod dynamodb;

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::{
    Client,
    config::Credentials,
    types::{
        AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, PutRequest,
        ScalarAttributeType, WriteRequest,
    },
};
use channel_connection::{
    aws_environment::AwsEnvironment,
    aws_sdk,
    client_secrets::SigningSecret,
    http_client,
    numbers_request::NumbersRequest,
    public_url::{PublicUrl, Reach},
    webhook_call::WebhookCall,
};
use numbers_webhook::{
    api_gateway::Answer,
    config::{ClientSecretSource, Config},
    webhook::{Invocation, Webhook},
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub const APP: &str = "1234567";
pub const PORTAL: &str = "62515";
pub const CLIENT_SECRET: &str = "local-client-secret";
const TABLE: &str = "numbers";

/// The numbers table on a DynamoDB endpoint in this process.
pub struct NumbersTable {
    pub endpoint: String,
    pub client: Client,
    database: dynoxide::Database,
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    stopped: JoinHandle<()>,
}

impl NumbersTable {
    pub async fn start() -> Self {
        let database = dynoxide::Database::memory().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = serve(listener, database.clone());
        let endpoint = format!("http://127.0.0.1:{port}");
        let table = Self {
            client: Client::new(&sdk_at(&endpoint).await),
            endpoint,
            database,
            port,
            stop: Some(stop),
            stopped,
        };
        table.create().await;
        table
    }

    /// Stops the endpoint, as an outage does; the rows stay.
    pub async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        (&mut self.stopped).await.unwrap();
    }

    /// Starts the endpoint again, on the same port.
    pub async fn start_again(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let (stop, stopped) = serve(listener, self.database.clone());
        (self.stop, self.stopped) = (Some(stop), stopped);
    }

    async fn create(&self) {
        let column = |name: &str, kind: ScalarAttributeType| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(kind)
                .build()
                .unwrap()
        };
        let key = |name: &str, kind: KeyType| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .unwrap()
        };
        self.client
            .create_table()
            .table_name(TABLE)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(column("portalId", ScalarAttributeType::N))
            .attribute_definitions(column("number", ScalarAttributeType::S))
            .key_schema(key("portalId", KeyType::Hash))
            .key_schema(key("number", KeyType::Range))
            .send()
            .await
            .unwrap();
    }

    /// Writes a row with one more attribute than its key.
    pub async fn put(&self, number: &str, attribute: &str, value: AttributeValue) {
        self.client
            .put_item()
            .table_name(TABLE)
            .item("portalId", AttributeValue::N(PORTAL.into()))
            .item("number", AttributeValue::S(number.into()))
            .item(attribute, value)
            .send()
            .await
            .unwrap();
    }

    /// Writes many rows, given as number and name.
    pub async fn put_many(&self, rows: impl Iterator<Item = (String, String)>) {
        let rows: Vec<_> = rows.map(put_request).collect();
        // DynamoDB takes 25 at a time.
        for batch in rows.chunks(25) {
            self.client
                .batch_write_item()
                .request_items(TABLE, batch.to_vec())
                .send()
                .await
                .unwrap();
        }
    }

    pub async fn put_named(&self, number: &str, name: &str) {
        self.put(number, "friendlyName", AttributeValue::S(name.into()))
            .await;
    }
}

fn serve(
    listener: TcpListener,
    database: dynoxide::Database,
) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopping) = oneshot::channel();
    let server = dynoxide::server::serve_with_shutdown(listener, database, async {
        // A table that a test no longer needs keeps its endpoint.
        if stopping.await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    (stop, tokio::spawn(async { server.await.unwrap() }))
}

fn put_request((number, name): (String, String)) -> WriteRequest {
    let put = PutRequest::builder()
        .item("portalId", AttributeValue::N(PORTAL.into()))
        .item("number", AttributeValue::S(number))
        .item("friendlyName", AttributeValue::S(name));
    WriteRequest::builder()
        .put_request(put.build().unwrap())
        .build()
}

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
    http_client::client(Duration::from_secs(30), Reach::Local).unwrap()
}

/// The environment of a function whose AWS is at `endpoint`.
pub fn aws_at(endpoint: &str) -> AwsEnvironment {
    let variable = |name: &str| match name {
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => Some("test".into()),
        "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
        _ => None,
    };
    AwsEnvironment::read(&variable).unwrap()
}

pub fn config(url: &str) -> Config {
    Config {
        function_name: "numbers-webhook".into(),
        app_id: APP.parse().unwrap(),
        webhook_urls: vec![PublicUrl::parse(url, Reach::Local).unwrap()],
        numbers_table: TABLE.into(),
        longest_age: Duration::from_secs(600),
        client_secret: ClientSecretSource::Given(SigningSecret::new(CLIENT_SECRET).unwrap()),
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
    let url = PublicUrl::parse(url, Reach::Local).unwrap();
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
