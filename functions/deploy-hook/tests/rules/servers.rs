//! What the hook talks to beside HubSpot: AWS and CloudFormation.

use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    routing::{post, put},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::account::{CLIENT_SECRET, KEY};

/// AWS, as far as it keeps the stack's two secrets.
pub async fn aws() -> SdkConfig {
    let endpoint = serve(Router::new().route("/", post(secret))).await;
    test_support::sdk_config(&endpoint).await
}

/// CloudFormation, as far as it waits for an answer; returns the URL to put it to.
pub async fn cloudformation(told: Arc<Mutex<Option<Value>>>) -> String {
    serve(Router::new().route("/", put(outcome)).with_state(told)).await
}

async fn serve(application: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, application).await.unwrap() });
    format!("http://localhost:{port}/")
}

async fn secret(body: Bytes) -> Json<Value> {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let secret = match asked["SecretId"].as_str().unwrap() {
        "client-secret" => json!({"clientSecret": CLIENT_SECRET}),
        _ => json!({"developerApiKey": KEY}),
    };
    Json(json!({"SecretString": secret.to_string()}))
}

async fn outcome(State(told): State<Arc<Mutex<Option<Value>>>>, body: Bytes) {
    *told.lock().unwrap() = Some(serde_json::from_slice(&body).unwrap());
}
