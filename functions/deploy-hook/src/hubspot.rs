//! One call of HubSpot's API: sent once, with the credential, and read to its end.

use channel_connection::{
    http_client::{self, BodyError},
    webhook_url::WebhookUrl,
};
use reqwest::{Client, Method, RequestBuilder, StatusCode};

use crate::{
    api_error::{ApiError, CorrelationId, Refusal},
    credential::Access,
};

// HubSpot's answers have some 300 bytes.
const MAX_RESPONSE: usize = 64 * 1024;

/// HubSpot's API, and the way to it.
#[derive(Debug)]
pub(crate) struct HubSpot {
    http: Client,
    base_url: String,
}

/// What HubSpot answered to a call that it fulfilled.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The body.
    pub body: Vec<u8>,
    /// HubSpot's id of the call.
    pub correlation_id: CorrelationId,
}

impl HubSpot {
    /// Names the API by what stands before its paths; nothing is sent yet.
    pub(crate) fn new(http: Client, base_url: &WebhookUrl) -> Self {
        let base_url = base_url.as_str().trim_end_matches('/').to_owned();
        Self { http, base_url }
    }

    /// Prepares a call of a path.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base_url))
    }

    /// Sends a call once; every answer but a success is an error.
    ///
    /// `action` is what the call is for: "read the settings".
    pub(crate) async fn send(
        &self,
        action: &'static str,
        access: &Access,
        request: RequestBuilder,
    ) -> Result<Answer, ApiError> {
        let unreachable =
            |error: reqwest::Error| ApiError::Unreachable(action, error.without_url());
        let response = access.enter(request).send().await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = http_client::body(response, MAX_RESPONSE).await;
        let redact = |text: &str| access.redact(text);
        if status.is_success() {
            return Ok(Answer {
                body: body.map_err(|error| match error {
                    BodyError::BrokenOff(error) => unreachable(error),
                    BodyError::TooLarge(_) => ApiError::Unreadable(action),
                })?,
                correlation_id: CorrelationId::of(&headers, redact),
            });
        }
        let refusal = Refusal::new(status, &headers, &body.unwrap_or_default(), redact);
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ApiError::Unauthorized {
                credential: access.kind(),
                status: refusal.status,
                correlation_id: refusal.correlation_id,
                advice: access.advice(),
            },
            _ => ApiError::Refused { action, refusal },
        })
    }
}
