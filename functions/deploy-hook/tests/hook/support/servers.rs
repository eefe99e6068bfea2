//! The servers around the hook, each on a port of its own.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, post, put},
};
use channel_connection::{
    aws_http::AwsHttpClient,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use lambda_http::{Context, RequestExt};
use numbers_webhook::{aws::AwsClients, config::Config, webhook::Webhook};
use serde_json::{Map, Value, json};
use test_support::{
    APP_ID, CLIENT_SECRET_ARN, NumbersTable, SecretsManager, TABLE, http, sdk_config, serve,
};
use tokio::{
    sync::{RwLock, watch},
    time::timeout,
};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Serves routes under a name that the local URL policy accepts.
pub async fn serve_locally(routes: Router) -> String {
    serve(routes).await.replace("127.0.0.1", "localhost")
}

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
    hubspot: String,
    /// The settings that HubSpot had at each request, oldest first.
    pub held_at_requests: Arc<Mutex<Vec<Value>>>,
    /// Requests wait while a test holds this lock.
    pub gate: Arc<RwLock<()>>,
    requests: watch::Sender<usize>,
}

impl RealWebhook {
    pub async fn start(table: &NumbersTable, secrets: &SecretsManager, hubspot: String) -> Self {
        // The webhook must know its URL, and that the port of the server that needs the webhook.
        let webhook = Arc::new(Mutex::new(None::<Self>));
        let routes = Router::new()
            .route("/numbers", post(respond))
            .with_state(Arc::clone(&webhook));
        let url = serve_locally(routes).await + "/numbers";
        let config = Config {
            function_name: "numbers-webhook".into(),
            app_id: APP_ID.parse().unwrap(),
            webhook_urls: vec![WebhookUrl::parse(&url, UrlPolicy::Local).unwrap()],
            numbers_table: TABLE.into(),
            max_stale: Duration::ZERO,
            client_secret_arn: CLIENT_SECRET_ARN.into(),
        };
        let clients = AwsClients::new(
            AwsHttpClient::new(&|_| None).unwrap(),
            &sdk_config(&table.endpoint).await,
            &sdk_config(&secrets.endpoint).await,
        );
        let started = Self {
            url,
            webhook: Arc::new(Webhook::start(config, clients).await),
            hubspot,
            held_at_requests: Arc::default(),
            gate: Arc::default(),
            requests: watch::Sender::default(),
        };
        *webhook.lock().unwrap() = Some(started.clone());
        started
    }

    /// Waits until a request comes.
    pub async fn requested(&self) {
        let mut requests = self.requests.subscribe();
        let requested = timeout(TIMEOUT, requests.wait_for(|requests| *requests > 0));
        requested.await.expect("the webhook is called").unwrap();
    }

    /// Invokes the function with an HTTP API's event.
    async fn invoke(&self, event: &Value) -> Value {
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let now = SystemTime::now();
        let mut context = Context::default();
        let deadline = (now + TIMEOUT).duration_since(UNIX_EPOCH).unwrap();
        context.deadline = deadline.as_millis().try_into().unwrap();
        let request = request.with_lambda_context(context);
        let (response, _) = self.webhook.respond(&request, now).await;
        let body = std::str::from_utf8(response.body()).unwrap();
        json!({"statusCode": response.status().as_u16(), "body": body})
    }
}

async fn respond(
    State(webhook): State<Arc<Mutex<Option<RealWebhook>>>>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let webhook = webhook.lock().unwrap().clone().unwrap();
    webhook.requests.send_modify(|requests| *requests += 1);
    drop(webhook.gate.read().await);
    let account = http().get(format!("{}/simulator", webhook.hubspot));
    let account: Value = account.send().await.unwrap().json().await.unwrap();
    let held = account["settings"].clone();
    webhook.held_at_requests.lock().unwrap().push(held);
    let headers: Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let event = json!({
        "version": "2.0", "rawPath": "/numbers", "rawQueryString": "", "headers": headers,
        "requestContext": {"http": {"method": "POST", "path": "/numbers"}},
        "body": body, "isBase64Encoded": false,
    });
    let response = webhook.invoke(&event).await;
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
            .route(invocations, post(invoke))
            .with_state(self.clone())
    }
}

async fn invoke(State(aws): State<Aws>, Path(version): Path<String>, event: Bytes) -> String {
    aws.invoked.lock().unwrap().push(version);
    let replaced = aws.function_response.lock().unwrap().clone();
    if let Some(response) = replaced {
        return response.to_string();
    }
    let event = serde_json::from_slice(&event).unwrap();
    aws.webhook.invoke(&event).await.to_string()
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

/// The response URL of a stack.
#[derive(Clone, Default)]
pub struct CloudFormation {
    /// The responses, oldest first.
    pub responses: Arc<Mutex<Vec<Value>>>,
    /// How many more responses fail.
    pub failures: Arc<Mutex<u32>>,
}

impl CloudFormation {
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/", put(receive))
            .with_state(self.clone())
    }
}

async fn receive(
    State(cloudformation): State<CloudFormation>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    // A presigned URL accepts no content type.
    assert_eq!(headers.get("content-type"), None);
    let mut failures = cloudformation.failures.lock().unwrap();
    if let Some(left) = failures.checked_sub(1) {
        *failures = left;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let response = serde_json::from_slice(&body).unwrap();
    cloudformation.responses.lock().unwrap().push(response);
    StatusCode::OK
}
