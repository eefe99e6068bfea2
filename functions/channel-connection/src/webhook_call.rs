//! A call of the webhook, as HubSpot makes it.

use std::time::SystemTime;

use reqwest::{Client, header::CONTENT_TYPE};

use crate::{
    client_secrets::SigningSecret,
    http_client::{self, BodyError},
    numbers_request::NumbersRequest,
    public_url::PublicUrl,
    signature::{self, SIGNATURE_HEADER, SignedParts, TIMESTAMP_HEADER},
};

/// The largest answer that is read, in bytes: what a Lambda function can return.
pub const LARGEST_ANSWER: usize = 6 * 1024 * 1024;

/// A request that is ready to be sent; its fields are open, so that a caller can spoil it on purpose.
#[derive(Debug, Clone)]
pub struct WebhookCall {
    /// The webhook's URL.
    pub url: PublicUrl,
    /// The body.
    pub body: String,
    /// The text of [`SIGNATURE_HEADER`].
    pub signature: String,
    /// The text of [`TIMESTAMP_HEADER`].
    pub timestamp: String,
}

/// What a webhook answered.
#[derive(Debug, Clone)]
pub struct WebhookAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, of at most [`LARGEST_ANSWER`] bytes.
    pub body: Vec<u8>,
}

/// The reason there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The webhook was not reached, or did not answer in time.
    #[error("{}", if .0.is_timeout() { "no answer in time" } else { "the webhook cannot be reached" })]
    NoAnswer(#[source] reqwest::Error),
    /// The answer's body did not arrive whole.
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl WebhookCall {
    /// Prepares the question for a portal's numbers, signed as of `now`.
    pub fn signed(
        url: PublicUrl,
        question: NumbersRequest,
        secret: &SigningSecret,
        now: SystemTime,
    ) -> Self {
        let body = question.to_json();
        let timestamp = signature::timestamp(now);
        let uri = (&url).into();
        let parts = SignedParts {
            method: "POST",
            uri: &uri,
            body: body.as_bytes(),
            timestamp: &timestamp,
        };
        let signature = signature::sign(secret, parts);
        Self {
            url,
            body,
            signature,
            timestamp,
        }
    }

    /// Sends the request once.
    pub async fn send(&self, http: &Client) -> Result<WebhookAnswer, CallError> {
        let response = http
            .post(self.url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE_HEADER, &self.signature)
            .header(TIMESTAMP_HEADER, &self.timestamp)
            .body(self.body.clone())
            .send()
            .await
            .map_err(CallError::NoAnswer)?;
        let status = response.status().as_u16();
        Ok(WebhookAnswer {
            status,
            body: http_client::body(response, LARGEST_ANSWER).await?,
        })
    }
}
