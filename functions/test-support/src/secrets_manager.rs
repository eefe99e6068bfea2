//! A Secrets Manager whose secrets change and whose reads can fail.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

use crate::{CLIENT_SECRET, CLIENT_SECRET_ARN, serve};

/// A Secrets Manager in this process.
#[derive(Clone)]
pub struct SecretsManager {
    contents: Arc<Mutex<Contents>>,
    pub endpoint: String,
}

#[derive(Default)]
struct Contents {
    secrets: HashMap<String, String>,
    failures: usize,
    error: Option<&'static str>,
    reads: usize,
}

impl SecretsManager {
    /// Starts with the client secret that the sample requests are signed with.
    pub async fn start() -> Self {
        let contents = Arc::<Mutex<Contents>>::default();
        let routes = Router::new()
            .route("/", post(respond))
            .with_state(Arc::clone(&contents));
        let secrets_manager = Self {
            contents,
            endpoint: serve(routes).await,
        };
        let secret = json!({"clientSecret": CLIENT_SECRET});
        secrets_manager.set(CLIENT_SECRET_ARN, &secret.to_string());
        secrets_manager
    }

    pub fn set(&self, id: &str, text: &str) {
        let mut state = self.contents.lock().unwrap();
        state.secrets.insert(id.into(), text.into());
    }

    /// Makes the next reads fail with the status 500.
    pub fn fail_next(&self, reads: usize) {
        self.contents.lock().unwrap().failures = reads;
    }

    /// Makes all reads fail with an error code, until `None` ends it.
    pub fn set_error(&self, code: Option<&'static str>) {
        self.contents.lock().unwrap().error = code;
    }

    /// Returns how many reads came, failed ones included.
    pub fn reads(&self) -> usize {
        self.contents.lock().unwrap().reads
    }

    /// Answers a `GetSecretValue` that came to a server of the test's own.
    pub fn get_secret_value(&self, request: &Value) -> Response {
        get_secret_value(&self.contents, request)
    }
}

async fn respond(State(state): State<Arc<Mutex<Contents>>>, body: String) -> Response {
    get_secret_value(&state, &serde_json::from_str(&body).unwrap())
}

fn get_secret_value(state: &Mutex<Contents>, request: &Value) -> Response {
    let mut state = state.lock().unwrap();
    state.reads += 1;
    if let Some(left) = state.failures.checked_sub(1) {
        state.failures = left;
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let id = request["SecretId"].as_str().unwrap();
    match (state.error, state.secrets.get(id)) {
        (Some(code), _) => error(code),
        (None, None) => error("ResourceNotFoundException"),
        (None, Some(text)) => {
            Json(json!({"ARN": id, "Name": id, "SecretString": text})).into_response()
        }
    }
}

fn error(code: &str) -> Response {
    let body = json!({"__type": code, "Message": "marked"});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
