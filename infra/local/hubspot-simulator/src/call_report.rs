//! One call of the webhook: the request as it was sent, and what came back.

use channel_connection::{
    contract,
    http_client::USER_AGENT,
    shown_number::{ShownNumber, shown_numbers},
    webhook_call::WebhookCall,
};
use reqwest::{
    Client, Request,
    header::{self, HeaderMap},
};
use serde::Serialize;
use serde_json::Value;
use url::{Position, Url};

#[derive(Serialize)]
pub(crate) struct CallReport {
    pub(crate) request: SentRequest,
    pub(crate) milliseconds: u64,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    Responded {
        response: ParsedResponse,
        received: ReceivedResponse,
        /// The numbers as HubSpot shows them to the user.
        shown: Vec<ShownNumber>,
    },
    NoResponse {
        message: String,
    },
}

/// The request to the letter; it shows nothing of the client secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentRequest {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    signature: Option<String>,
    timestamp: String,
    signature_base: String,
    body: String,
}

#[derive(Serialize)]
pub(crate) struct ParsedResponse {
    status: u16,
    body: Value,
    violations: Vec<String>,
}

/// The response to the letter.
#[derive(Serialize)]
pub(crate) struct ReceivedResponse {
    headers: Vec<(String, String)>,
    body: String,
}

impl SentRequest {
    /// Builds a request that names every header itself, so that the client adds none unseen.
    pub(crate) fn build(
        call: &WebhookCall,
        http: &Client,
    ) -> Result<(Self, Request), reqwest::Error> {
        let request = call
            .request(http)
            .header(header::HOST, host(call.url.as_str()))
            .header(header::ACCEPT, "*/*")
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::CONTENT_LENGTH, call.body.len())
            .build()?;
        let sent = Self {
            method: request.method().to_string(),
            url: request.url().to_string(),
            headers: texts(request.headers()),
            signature: call.signature.clone(),
            timestamp: call.timestamp.clone(),
            signature_base: call.signature_base(),
            body: call.body.clone(),
        };
        Ok((sent, request))
    }
}

impl Outcome {
    pub(crate) fn responded(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body).into_owned();
        Self::Responded {
            response: ParsedResponse {
                status,
                body: serde_json::from_slice(body).unwrap_or_else(|_| text.clone().into()),
                violations: contract::violations_of_answer(status, body),
            },
            received: ReceivedResponse {
                headers: texts(headers),
                body: text,
            },
            shown: (status == 200)
                .then(|| shown_numbers(body))
                .unwrap_or_default(),
        }
    }
}

/// Returns the `Host` header: with the port, unless it is the scheme's own.
fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.map(|url| url[Position::BeforeHost..Position::AfterPort].to_owned());
    host.unwrap_or_default()
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}
