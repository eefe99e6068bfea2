//! Faults of HubSpot's API: errors, delays and responses that are not HubSpot's.

use std::time::Duration;

use axum::{
    http::{
        StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::error::ApiError;

/// A fault of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Whether the call has taken effect by then.
    pub when: When,
    /// What the caller gets instead.
    pub how: How,
}

/// Whether a failed call has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// It has no effect.
    Before,
    /// It has its effect; only the response is lost.
    After,
}

/// What the caller gets in place of HubSpot's response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum How {
    /// An error with HubSpot's error body.
    Status(u16),
    /// An error with `Retry-After`, in seconds.
    StatusWithRetryAfter(u16, u64),
    /// 200 and the sign-in page of a proxy.
    Garbage,
    /// 200 and JSON with a wrong type, as plain text.
    WrongContentType,
    /// Nothing at all, while the connection stays open.
    Silence,
    /// HubSpot's own response, late by milliseconds.
    Delay(u64),
}

/// Longer than any caller waits.
const SILENCE: Duration = Duration::from_mins(10);

impl Fault {
    /// Returns whether a fault replaces the response on this side of the call's effect; a delay only
    /// waits.
    pub(crate) async fn strikes(fault: Option<Self>, side: When) -> bool {
        let due = fault.filter(|fault| fault.when == side);
        if let Some(How::Delay(milliseconds)) = due.map(|fault| fault.how) {
            tokio::time::sleep(Duration::from_millis(milliseconds).min(SILENCE)).await;
            return false;
        }
        due.is_some()
    }
}

impl How {
    pub(crate) async fn response(self, silenced: &Notify) -> Response {
        match self {
            Self::Status(status) => error(status).into_response(),
            Self::StatusWithRetryAfter(status, seconds) => {
                ([(RETRY_AFTER, seconds.to_string())], error(status)).into_response()
            }
            Self::Garbage => (
                [(CONTENT_TYPE, "text/html")],
                "<html>Sign in to the network</html>",
            )
                .into_response(),
            Self::WrongContentType => {
                ([(CONTENT_TYPE, "text/plain")], r#"{"isReady":"yes"}"#).into_response()
            }
            // A delay lets HubSpot's own response through, and so never comes here.
            Self::Silence | Self::Delay(_) => {
                silenced.notify_one();
                tokio::time::sleep(SILENCE).await;
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

fn error(status: u16) -> ApiError {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status == StatusCode::TOO_MANY_REQUESTS {
        let message = "You have reached your ten_secondly_rolling limit.";
        return ApiError::new(status, "RATE_LIMITS", message);
    }
    ApiError::new(status, "FAULT", format!("Simulated fault: {status}"))
}
