//! What the simulator says where it cannot do what its own paths are for.

use axum::{Json, http::StatusCode};
use serde_json::{Value, json};

pub(crate) type Failure = (StatusCode, Json<Value>);

pub(crate) fn failure(status: StatusCode, message: impl Into<String>) -> Failure {
    (status, Json(json!({"message": message.into()})))
}
