//! The two ways to a webhook: its URL, and one version of its function.

use std::time::Duration;

use aws_sdk_lambda::{Client as Lambda, error::ProvideErrorMetadata, primitives::Blob};
use channel_connection::webhook_call::{CallError, WebhookCall, WebhookResponse};
use reqwest::Client;
use serde::Deserialize;
use tokio::time::timeout;

/// The way to a webhook.
#[derive(Debug, Clone)]
pub(crate) enum Transport {
    /// Its public URL, as HubSpot calls it.
    Http(Client),
    /// One version of its function, before anybody is sent there.
    Function {
        /// Lambda's own API.
        lambda: Lambda,
        /// The version's ARN.
        version: String,
        /// How long it has to answer; for a URL, the client knows.
        limit: Duration,
    },
}

/// The reason a webhook gave no answer, and what to look at.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Its URL did not answer.
    #[error("the webhook gave no answer: {0}. Check that its URL can be reached from the internet")]
    Http(#[from] CallError),
    /// Its new version did not answer.
    #[error("the webhook's new version gave no answer: {0}. See the log of its function")]
    Function(#[from] InvocationError),
}

/// The reason a version of the function gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvocationError {
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// Lambda's API did not answer.
    #[error("Lambda cannot be reached")]
    Unreachable,
    /// Lambda did not invoke it, as it says by this code.
    #[error("{0}")]
    Refused(String),
    /// It failed in the way that Lambda names.
    #[error("it failed ({0})")]
    Failed(String),
    /// It answered something else than an HTTP answer.
    #[error("its answer is none that API Gateway takes")]
    Unreadable,
}

impl Transport {
    /// Sends a call once.
    pub(crate) async fn send(&self, call: &WebhookCall) -> Result<WebhookResponse, TransportError> {
        match self {
            Self::Http(http) => Ok(call.send(http).await?),
            Self::Function {
                lambda,
                version,
                limit,
            } => {
                let answer = timeout(*limit, invoke(lambda, version, call)).await;
                Ok(answer.unwrap_or(Err(InvocationError::TimedOut))?)
            }
        }
    }
}

async fn invoke(
    lambda: &Lambda,
    version: &str,
    call: &WebhookCall,
) -> Result<WebhookResponse, InvocationError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        status_code: u16,
        #[serde(default)]
        body: String,
    }
    let event = Blob::new(call.to_event().to_string());
    let invocation = lambda.invoke().function_name(version).payload(event);
    let invoked = invocation.send().await.map_err(|error| {
        let code = error.code().map(str::to_owned);
        code.map_or(InvocationError::Unreachable, InvocationError::Refused)
    })?;
    if let Some(kind) = invoked.function_error() {
        return Err(InvocationError::Failed(kind.to_owned()));
    }
    let payload = invoked.payload.map(Blob::into_inner).unwrap_or_default();
    let answer: Answer =
        serde_json::from_slice(&payload).map_err(|_| InvocationError::Unreadable)?;
    Ok(WebhookResponse {
        status: answer.status_code,
        body: answer.body.into_bytes(),
    })
}
