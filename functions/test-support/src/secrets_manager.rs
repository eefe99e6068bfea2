//! A Secrets Manager whose secrets change and whose reads can fail.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

use crate::{CLIENT_SECRET, CLIENT_SECRET_ARN, aws_error, serve};

/// A Secrets Manager in this process.
#[derive(Clone, Default)]
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
        let mut secrets_manager = Self::default();
        let secret = json!({"clientSecret": CLIENT_SECRET});
        secrets_manager.set(CLIENT_SECRET_ARN, &secret.to_string());
        let serving = secrets_manager.clone();
        let respond =
            post(async move |body: String| serving.get_secret_value(&body.parse().unwrap()));
        let routes = Router::new().route("/", respond);
        secrets_manager.endpoint = serve(routes).await;
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

    /// Answers a `GetSecretValue`.
    pub fn get_secret_value(&self, request: &Value) -> Response {
        let mut state = self.contents.lock().unwrap();
        state.reads += 1;
        if let Some(left) = state.failures.checked_sub(1) {
            state.failures = left;
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let id = request["SecretId"].as_str().unwrap();
        match (state.error, state.secrets.get(id)) {
            (Some(code), _) => aws_error(code),
            (None, None) => aws_error("ResourceNotFoundException"),
            (None, Some(text)) => {
                Json(json!({"ARN": id, "Name": id, "SecretString": text})).into_response()
            }
        }
    }
}
