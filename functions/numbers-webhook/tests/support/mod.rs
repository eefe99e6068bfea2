//! A DynamoDB endpoint of its own for each test, and the webhook in front of it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::{
    Client,
    config::Credentials,
    types::{
        AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
        ScalarAttributeType,
    },
};
use channel_connection::{client_secrets::SigningSecret, public_url::PublicUrl, public_url::Reach};
use numbers_webhook::{
    config::{ClientSecretSource, Config},
    webhook::Webhook,
};
use tokio::net::TcpListener;

pub const APP: &str = "1234567";
pub const PORTAL: &str = "62515";
pub const CLIENT_SECRET: &str = "local-client-secret";
const TABLE: &str = "numbers";

/// The numbers table on a DynamoDB endpoint in this process.
pub struct NumbersTable {
    pub aws: SdkConfig,
    client: Client,
}

impl NumbersTable {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let database = dynoxide::Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_on(listener, database));
        let aws = aws_at(&endpoint).await;
        let table = Self {
            client: Client::new(&aws),
            aws,
        };
        table.create().await;
        table
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

    pub async fn put_named(&self, number: &str, name: &str) {
        self.put(number, "friendlyName", AttributeValue::S(name.into()))
            .await;
    }
}

pub async fn aws_at(endpoint: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .load()
        .await
}

pub async fn webhook(aws: &SdkConfig, url: &str) -> Webhook {
    let config = Config {
        app_id: APP.parse().unwrap(),
        webhook_url: PublicUrl::parse(url, Reach::Local).unwrap(),
        numbers_table: TABLE.into(),
        client_secret: ClientSecretSource::Given(SigningSecret::new(CLIENT_SECRET).unwrap()),
    };
    Webhook::start(config, aws).await.unwrap()
}
