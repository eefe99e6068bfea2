//! What the hook talks to, each on a port of its own.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use aws_config::SdkConfig;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{any, post},
};
use numbers_webhook::webhook::Webhook;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use super::{Secrets, Told, numbers};

/// Serves an application on a port of its own, under a name that the local stack takes.
pub async fn serve(application: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!(
        "http://localhost:{}/",
        listener.local_addr().unwrap().port()
    );
    tokio::spawn(async move { axum::serve(listener, application).await.unwrap() });
    url
}

/// A webhook that answers every request alike, and so cannot be right.
pub async fn constant_webhook(status: StatusCode, body: &'static str) -> String {
    serve(Router::new().fallback(any(move || async move { (status, body) }))).await
}

/// Looks at HubSpot whenever the webhook is called.
#[derive(Clone)]
pub struct Watched {
    pub hubspot: String,
    pub held: Arc<Mutex<Vec<Value>>>,
}

impl Watched {
    async fn look(&self) {
        let account = reqwest::get(format!("{}/simulator", self.hubspot))
            .await
            .unwrap();
        let account: Value = account.json().await.unwrap();
        self.held.lock().unwrap().push(account["settings"].clone());
    }
}

pub async fn real_webhook(aws: &SdkConfig, watched: Watched) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!(
        "http://localhost:{}/numbers",
        listener.local_addr().unwrap().port()
    );
    let webhook = Arc::new(numbers::webhook(aws, &url).await);
    let application = Router::new()
        .route("/numbers", post(answer))
        .with_state((webhook, watched));
    tokio::spawn(async move { axum::serve(listener, application).await.unwrap() });
    url
}

/// Stands for API Gateway.
async fn answer(
    State((webhook, watched)): State<(Arc<Webhook>, Watched)>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    watched.look().await;
    let headers: Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let event = json!({
        "rawPath": "/numbers", "requestContext": {"http": {"method": "POST"}}, "headers": headers, "body": body,
    });
    let invocation = numbers::invocation(SystemTime::now());
    let answer = webhook
        .answer(event.to_string().as_bytes(), invocation)
        .await
        .answer;
    (
        StatusCode::from_u16(answer.status_code).unwrap(),
        answer.body,
    )
}

pub async fn secret_value(
    State(secrets): State<Arc<Mutex<Secrets>>>,
    body: Bytes,
) -> impl IntoResponse {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let secrets = secrets.lock().unwrap();
    let text = match asked["SecretId"].as_str().unwrap() {
        "client-secret" => secrets.client_secret.clone(),
        _ => secrets.credential.clone(),
    };
    let answer = json!({"ARN": asked["SecretId"], "Name": asked["SecretId"], "SecretString": text})
        .to_string();
    // A test sets this to see what becomes of an answer that broke off.
    if text.starts_with("broken") {
        answer[..answer.len() - 1].to_owned()
    } else {
        answer
    }
}

pub async fn outcome(
    State(told): State<Arc<Mutex<Vec<Told>>>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let content_type = headers
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    let body = serde_json::from_slice(&body).unwrap();
    told.lock().unwrap().push(Told { content_type, body });
    StatusCode::OK
}
