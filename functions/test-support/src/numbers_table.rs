//! The numbers table on a DynamoDB endpoint of its own for each test.

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{PORTAL_ID, TABLE, sdk_config};

/// The numbers table on a DynamoDB endpoint in this process.
pub struct NumbersTable {
    pub endpoint: String,
    pub client: Client,
    database: dynoxide::Database,
}

impl NumbersTable {
    pub async fn start() -> Self {
        let database = dynoxide::Database::memory().unwrap();
        let table = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "portalId", "AttributeType": "N"},
                {"AttributeName": "number", "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": "portalId", "KeyType": "HASH"},
                {"AttributeName": "number", "KeyType": "RANGE"},
            ],
        });
        let table = serde_json::from_value(table).unwrap();
        database.create_table(table).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        Self {
            client: Client::new(&sdk_config(&endpoint).await),
            endpoint,
            database,
        }
    }

    /// Writes a row of the sample portal with one more attribute than its key.
    pub async fn put(&self, number: &str, attribute: &str, value: AttributeValue) {
        self.client
            .put_item()
            .table_name(TABLE)
            .item("portalId", AttributeValue::N(PORTAL_ID.into()))
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

    /// Writes many rows of the sample portal, given as number and name.
    pub fn put_many(&self, rows: impl Iterator<Item = (String, String)>) {
        for (number, name) in rows {
            let item = json!({
                "portalId": {"N": PORTAL_ID}, "number": {"S": number}, "friendlyName": {"S": name},
            });
            let put = json!({"TableName": TABLE, "Item": item});
            let put = serde_json::from_value(put).unwrap();
            self.database.put_item(put).unwrap();
        }
    }
}
