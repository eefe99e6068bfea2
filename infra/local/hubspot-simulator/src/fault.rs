//! What may become of a call, other than being fulfilled.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::error_body::ErrorBody;

/// A fault of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Whether the call has taken effect by then.
    pub when: When,
    /// What the caller gets.
    pub how: How,
}

/// Whether a call that fails has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// It has not, and never will.
    Before,
    /// It has: only the answer is lost.
    After,
}

/// What the caller gets in place of HubSpot's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// HubSpot's own answer, so many milliseconds late.
    Delay(u64),
}

/// Longer than any caller waits.
const SILENCE: Duration = Duration::from_mins(10);

impl Fault {
    /// Tells whether the call gets HubSpot's own answer after all.
    pub(crate) fn only_delays(self) -> bool {
        matches!(self.how, How::Delay(_))
    }

    /// Lets the time pass by which the answer is to be late, on the side of the effect that is meant.
    pub(crate) async fn wait(self, side: When) {
        if let How::Delay(milliseconds) = self.how
            && self.when == side
        {
            tokio::time::sleep(Duration::from_millis(milliseconds).min(SILENCE)).await;
        }
    }
}

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
            // A delay lets HubSpot's own answer through, and so never comes here.
            Self::Silence | Self::Delay(_) => {
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
