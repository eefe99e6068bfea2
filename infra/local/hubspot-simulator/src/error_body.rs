//! HubSpot's error bodies.

use axum::{Json, http::StatusCode};
use serde::Serialize;
use uuid::Uuid;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    status: &'static str,
    message: String,
    correlation_id: Uuid,
    category: &'static str,
}

impl ErrorBody {
    pub(crate) fn new(category: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: "error",
            message: message.into(),
            correlation_id: Uuid::new_v4(),
            category,
        }
    }

    pub(crate) fn with(self, status: StatusCode) -> (StatusCode, Json<Self>) {
        (status, Json(self))
    }
}
