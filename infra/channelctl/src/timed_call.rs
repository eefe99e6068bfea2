//! One call of the webhook, and the time that it took.

use std::time::{Duration, Instant};

use channel_connection::{
    http_client::{self, HttpError},
    webhook_call::{TIMEOUT, WebhookCall, WebhookResponse},
};

/// The reason there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TimedCallError {
    /// There is no client for HTTP on this machine.
    #[error("cannot call anything: {0}")]
    Client(String),
    /// The webhook did not answer.
    #[error("{url}: {cause}")]
    Call {
        /// The webhook.
        url: String,
        /// What kept it from answering.
        cause: HttpError,
    },
}

/// Sends a call once.
pub async fn send(call: &WebhookCall) -> Result<(WebhookResponse, Duration), TimedCallError> {
    let http = http_client::client(TIMEOUT, call.url.policy())
        .map_err(|error| TimedCallError::Client(error.to_string()))?;
    let started = Instant::now();
    let answer = call.send(&http).await;
    let answer = answer.map_err(|cause| TimedCallError::Call {
        url: call.url.to_string(),
        cause,
    })?;
    Ok((answer, started.elapsed()))
}
