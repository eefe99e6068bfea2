//! What may become of a call, other than being fulfilled.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tokio::sync::Notify;

use crate::error_body::ErrorBody;

/// A fault of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// Whether the call has taken effect by then.
    pub when: When,
    /// What the caller gets.
    pub how: How,
}

/// Whether a call that fails has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// It has not, and never will.
    Before,
    /// It has: only the answer is lost.
    After,
}

/// What the caller gets in place of HubSpot's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum How {
    /// An error with HubSpot's error body.
    Status(u16),
    /// The same, with a header that says when to try again, in seconds.
    StatusWithRetryAfter(u16, u64),
    /// 200 and a page of something that is not HubSpot.
    Garbage,
    /// 200 and JSON that is not what was asked for, as plain text.
    WrongContentType,
    /// Nothing at all, while the connection stays open.
    Silence,
}

/// Longer than any caller waits.
const SILENCE: Duration = Duration::from_mins(10);

impl How {
    pub(crate) async fn response(self, silenced: &Arc<Notify>) -> Response {
        match self {
            Self::Status(status) => error(status).into_response(),
            Self::StatusWithRetryAfter(status, seconds) => {
                let header = (HeaderName::from_static("retry-after"), seconds.into());
                ([header as (_, HeaderValue)], error(status)).into_response()
            }
            Self::Garbage => (
                [(CONTENT_TYPE, "text/html")],
                "<html>Sign in to the network</html>",
            )
                .into_response(),
            Self::WrongContentType => {
                ([(CONTENT_TYPE, "text/plain")], r#"{"isReady":"yes"}"#).into_response()
            }
            Self::Silence => {
                silenced.notify_one();
                tokio::time::sleep(SILENCE).await;
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

fn error(status: u16) -> (StatusCode, Json<ErrorBody>) {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    ErrorBody::new(
        "FAULT",
        format!("A fault with status {status} was asked for"),
    )
    .with(status)
}
