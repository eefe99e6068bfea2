//! DynamoDB and Secrets Manager over TLS, with one answer each.

use std::{path::PathBuf, sync::Arc};

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use serde_json::json;
use tokio::net::TcpListener;

use crate::tls_server::{Secured, certificate};

/// The client secret that Secrets Manager gives out.
pub const CLIENT_SECRET: &str = "local-client-secret";

/// The two services, on one port.
pub struct Aws {
    pub endpoint: String,
    /// The file of the authority that vouches for them.
    pub authority: PathBuf,
}

impl Aws {
    /// Starts on a free port, with so many numbers in every portal.
    pub async fn with(numbers: usize) -> Self {
        let (acceptor, authority) = certificate("bench");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let routes = Router::new()
            .route("/", post(answer))
            .with_state(Arc::new(rows(numbers)));
        // Small packets wait here for the receipt of those before, as TCP's default has it.
        let listener = Secured(listener, acceptor);
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            endpoint,
            authority,
        }
    }
}

fn rows(count: usize) -> String {
    let row = |number| {
        json!({
            "number": {"S": format!("+1800{number:07}")},
            "friendlyName": {"S": format!("Support line {number}")},
        })
    };
    let rows: Vec<_> = (0..count).map(row).collect();
    json!({"Items": rows, "Count": count, "ScannedCount": count}).to_string()
}

async fn answer(State(rows): State<Arc<String>>, headers: HeaderMap) -> String {
    match headers["x-amz-target"].to_str().unwrap() {
        "secretsmanager.GetSecretValue" => {
            let secret = json!({"clientSecret": CLIENT_SECRET}).to_string();
            json!({"Name": "client", "SecretString": secret}).to_string()
        }
        _ => rows.to_string(),
    }
}
