//! The servers around the hook, each on a port of its own.

use std::{
    sync::{Arc, Mutex, OnceLock},
    time::SystemTime,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use channel_connection::settings::ChannelConnectionSettings;
use hubspot_simulator::Simulator;
use numbers_webhook::webhook::Webhook;
use serde_json::{Map, Value, json};
use test_support::{NumbersTable, SecretsManager, aws_clients, invoke, webhook_config};
use tokio::sync::RwLock;

use crate::account::serve_locally;

/// Starts a webhook that answers every request alike.
pub async fn constant_webhook(status: StatusCode, body: &'static str) -> String {
    let routes = Router::new().fallback(any(move || async move { (status, body) }));
    serve_locally(routes).await + "/"
}

/// Starts a webhook that never responds.
pub async fn silent_webhook() -> String {
    let routes = Router::new().fallback(any(std::future::pending::<()>));
    serve_locally(routes).await + "/"
}

/// The real webhook behind a server that stands for API Gateway.
#[derive(Clone)]
pub struct RealWebhook {
    pub url: String,
    webhook: Arc<Webhook>,
    hubspot: Arc<Simulator>,
    /// The settings that HubSpot had at each request, oldest first.
    pub settings_at_requests: Arc<Mutex<Vec<Option<ChannelConnectionSettings>>>>,
    /// Requests wait while a test holds this lock.
    pub gate: Arc<RwLock<()>>,
}

impl RealWebhook {
    pub async fn start(
        table: &NumbersTable,
        secrets: &SecretsManager,
        hubspot: Arc<Simulator>,
    ) -> Self {
        // The webhook must know its URL, and that the port of the server that needs the webhook.
        let started = Arc::new(OnceLock::new());
        let routes = Router::new()
            .route("/numbers", post(respond))
            .with_state(Arc::clone(&started));
        let url = serve_locally(routes).await + "/numbers";
        let aws = aws_clients(&table.endpoint, &secrets.endpoint).await;
        let webhook = Self {
            webhook: Arc::new(Webhook::start(webhook_config(&url), aws).await),
            url,
            hubspot,
            settings_at_requests: Arc::default(),
            gate: Arc::default(),
        };
        started.get_or_init(|| webhook).clone()
    }
}

async fn respond(
    State(webhook): State<Arc<OnceLock<RealWebhook>>>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let webhook = webhook.get().unwrap();
    drop(webhook.gate.read().await);
    let current = webhook.hubspot.with_account(|account| account.current());
    webhook.settings_at_requests.lock().unwrap().push(current);
    let headers: Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let event = json!({
        "version": "2.0", "rawPath": "/numbers", "rawQueryString": "", "headers": headers,
        "requestContext": {"http": {"method": "POST", "path": "/numbers"}},
        "body": body, "isBase64Encoded": false,
    });
    let response = invoke(&webhook.webhook, &event, SystemTime::now()).await;
    let status = u16::try_from(response["statusCode"].as_u64().unwrap()).unwrap();
    let body = response["body"].as_str().unwrap_or_default().to_owned();
    (StatusCode::from_u16(status).unwrap(), body)
}

/// AWS as the hook calls it: Secrets Manager, Lambda with the webhook's function, CodeDeploy.
#[derive(Clone)]
pub struct Aws {
    pub secrets: SecretsManager,
    /// The ARNs of the invoked versions.
    pub invoked: Arc<Mutex<Vec<String>>>,
    /// The reports to CodeDeploy.
    pub deployments: Arc<Mutex<Vec<Value>>>,
    /// The function's response in place of the webhook's.
    pub function_response: Arc<Mutex<Option<Value>>>,
    webhook: RealWebhook,
}

impl Aws {
    pub fn new(secrets: SecretsManager, webhook: RealWebhook) -> Self {
        Self {
            secrets,
            invoked: Arc::default(),
            deployments: Arc::default(),
            function_response: Arc::default(),
            webhook,
        }
    }

    pub fn routes(&self) -> Router {
        let invocations = "/2015-03-31/functions/{version}/invocations";
        Router::new()
            .route("/", post(respond_by_target))
            .route(invocations, post(invoke_version))
            .with_state(self.clone())
    }
}

async fn invoke_version(
    State(aws): State<Aws>,
    Path(version): Path<String>,
    event: Bytes,
) -> String {
    aws.invoked.lock().unwrap().push(version);
    let replaced = aws.function_response.lock().unwrap().clone();
    if let Some(response) = replaced {
        return response.to_string();
    }
    let event = serde_json::from_slice(&event).unwrap();
    let response = invoke(&aws.webhook.webhook, &event, SystemTime::now()).await;
    response.to_string()
}

async fn respond_by_target(State(aws): State<Aws>, headers: HeaderMap, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    match headers["x-amz-target"].to_str().unwrap() {
        "secretsmanager.GetSecretValue" => aws.secrets.get_secret_value(&request),
        "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus" => {
            let id = &request["lifecycleEventHookExecutionId"];
            let response = json!({"lifecycleEventHookExecutionId": id}).to_string();
            aws.deployments.lock().unwrap().push(request);
            response.into_response()
        }
        other => (StatusCode::BAD_REQUEST, other.to_owned()).into_response(),
    }
}
