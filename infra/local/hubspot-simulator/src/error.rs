//! Errors with HubSpot's body, from every path of the simulator.

use axum::{
    Json,
    body::to_bytes,
    http::{
        HeaderValue, StatusCode,
        header::{ALLOW, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;
use uuid::Uuid;

const MAX_MESSAGE: usize = 64 * 1024;
const INVALID: &str = "VALIDATION_ERROR";

/// An error as HubSpot answers it.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    category: Option<&'static str>,
    message: String,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        category: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            category: Some(category),
            message: message.into(),
        }
    }

    pub(crate) fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, INVALID, message)
    }

    pub(crate) fn not_found(message: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND", message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "status": "error", "message": self.message, "correlationId": Uuid::new_v4(),
        });
        if let Some(category) = self.category {
            body["category"] = category.into();
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            // HubSpot's clients retry by the policy's name.
            body["errorType"] = "RATE_LIMIT".into();
            body["policyName"] = "TEN_SECONDLY_ROLLING".into();
        }
        (self.status, Json(body)).into_response()
    }
}

/// Gives HubSpot's body to the errors that axum makes itself.
///
/// These are unknown paths, wrong methods, and requests that cannot be parsed.
pub(crate) async fn complete(response: Response) -> Response {
    let is_json = |value: &HeaderValue| value == "application/json";
    let is_error = response.status().is_client_error();
    if !is_error || response.headers().get(CONTENT_TYPE).is_some_and(is_json) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_MESSAGE).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let (status, category, message) = match parts.status {
        status @ StatusCode::NOT_FOUND => (status, None, "resource not found".into()),
        status @ StatusCode::METHOD_NOT_ALLOWED => (status, None, "method not allowed".into()),
        StatusCode::UNPROCESSABLE_ENTITY => (StatusCode::BAD_REQUEST, Some(INVALID), text),
        status => (status, Some(INVALID), text),
    };
    let error = ApiError {
        status,
        category,
        message: message.into_owned(),
    };
    let mut completed = error.into_response();
    let allow = parts.headers.get(ALLOW).cloned();
    completed
        .headers_mut()
        .extend(allow.map(|allow| (ALLOW, allow)));
    completed
}
