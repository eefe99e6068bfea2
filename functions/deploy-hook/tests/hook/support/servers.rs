//! What the hook talks to, each on a port of its own.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, post, put},
};
use numbers_webhook::webhook::Webhook;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use super::{KEY, numbers};

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

/// A webhook that takes every request, and answers none.
pub async fn silent_webhook() -> String {
    serve(Router::new().fallback(any(std::future::pending::<()>))).await
}

/// Looks at HubSpot whenever the webhook is called.
#[derive(Clone)]
pub struct Watched {
    pub hubspot: String,
    pub held: Arc<Mutex<Vec<Value>>>,
}

impl Watched {
    async fn look(&self) {
        let account = numbers::http()
            .get(format!("{}/simulator", self.hubspot))
            .send()
            .await
            .unwrap();
        let account: Value = account.json().await.unwrap();
        self.held.lock().unwrap().push(account["settings"].clone());
    }
}

pub async fn real_webhook(dynamodb: &str, watched: Watched) -> (String, Arc<Webhook>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!(
        "http://localhost:{}/numbers",
        listener.local_addr().unwrap().port()
    );
    let webhook = numbers::webhook(dynamodb, &url).await;
    let application = Router::new()
        .route("/numbers", post(answer))
        .with_state((Arc::clone(&webhook), watched));
    tokio::spawn(async move { axum::serve(listener, application).await.unwrap() });
    (url, webhook)
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
    let (status, body) = test_support::respond(&webhook, &event, SystemTime::now()).await;
    (StatusCode::from_u16(status).unwrap(), body.to_string())
}

/// What the hook reaches of AWS: Secrets Manager, Lambda with the webhook's function, CodeDeploy.
#[derive(Clone)]
pub struct Aws {
    pub secrets: Arc<Mutex<Secrets>>,
    /// What was invoked: versions' ARNs.
    pub invoked: Arc<Mutex<Vec<String>>>,
    /// What CodeDeploy was told.
    pub deployments: Arc<Mutex<Vec<Value>>>,
    /// What the function answers in place of the webhook.
    pub broken_function: Arc<Mutex<Option<Value>>>,
    webhook: Arc<Webhook>,
}

pub struct Secrets {
    pub client_secret: String,
    pub credential: String,
}

impl Aws {
    pub fn new(webhook: Arc<Webhook>) -> Self {
        let secrets = Secrets {
            client_secret: json!({"clientSecret": numbers::CLIENT_SECRET}).to_string(),
            credential: json!({"developerApiKey": KEY}).to_string(),
        };
        Self {
            secrets: Arc::new(Mutex::new(secrets)),
            invoked: Arc::default(),
            deployments: Arc::default(),
            broken_function: Arc::default(),
            webhook,
        }
    }

    pub fn routes(&self) -> Router {
        Router::new()
            .route("/", post(by_target))
            .route(
                "/2015-03-31/functions/{version}/invocations",
                post(invocation),
            )
            .with_state(self.clone())
    }
}

async fn invocation(
    State(aws): State<Aws>,
    Path(version): Path<String>,
    event: Bytes,
) -> impl IntoResponse {
    aws.invoked.lock().unwrap().push(version);
    let broken = aws.broken_function.lock().unwrap().clone();
    match broken {
        Some(answer) => answer.to_string(),
        None => {
            let event = serde_json::from_slice(&event).unwrap();
            let response = test_support::invoke(&aws.webhook, &event, SystemTime::now());
            response.await.to_string()
        }
    }
}

/// The two services that are told apart by a header.
async fn by_target(State(aws): State<Aws>, headers: HeaderMap, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    match headers["x-amz-target"].to_str().unwrap() {
        "secretsmanager.GetSecretValue" => secret_value(&aws, &asked).into_response(),
        "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus" => {
            let id =
                json!({"lifecycleEventHookExecutionId": asked["lifecycleEventHookExecutionId"]});
            aws.deployments.lock().unwrap().push(asked);
            id.to_string().into_response()
        }
        other => (StatusCode::BAD_REQUEST, other.to_owned()).into_response(),
    }
}

fn secret_value(aws: &Aws, asked: &Value) -> String {
    let secrets = aws.secrets.lock().unwrap();
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

/// Where CloudFormation waits for outcomes.
#[derive(Clone, Default)]
pub struct CloudFormation {
    /// What it was told, oldest first.
    pub told: Arc<Mutex<Vec<Value>>>,
    /// How many more answers it refuses.
    pub refusals: Arc<Mutex<u32>>,
}

impl CloudFormation {
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/", put(outcome))
            .with_state(self.clone())
    }
}

async fn outcome(
    State(cloudformation): State<CloudFormation>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    // A presigned URL takes no content type.
    assert_eq!(headers.get("content-type"), None);
    let mut refusals = cloudformation.refusals.lock().unwrap();
    if let Some(fewer) = refusals.checked_sub(1) {
        *refusals = fewer;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let told = serde_json::from_slice(&body).unwrap();
    cloudformation.told.lock().unwrap().push(told);
    StatusCode::OK
}
