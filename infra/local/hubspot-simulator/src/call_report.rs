//! One call of the webhook as it went over the wire, and what is to be said of it.

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

/// A header as its name and its text.
type Header = (String, String);

/// Everything about one call.
#[derive(Serialize)]
pub(crate) struct CallReport {
    request: RequestAsSent,
    answer: ReadAnswer,
    received: ReceivedAnswer,
    /// The numbers as HubSpot's user gets to see them.
    shown: Vec<ShownNumber>,
    milliseconds: u64,
}

/// What came back.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The request to the letter; nothing of it tells the client secret.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestAsSent {
    method: String,
    url: String,
    headers: Vec<Header>,
    signature: Option<String>,
    timestamp: String,
    signature_base: String,
    body: String,
}

/// The answer as far as it can be read.
#[derive(Debug, Serialize)]
pub(crate) struct ReadAnswer {
    status: u16,
    body: Value,
    violations: Vec<String>,
}

/// The answer as it came.
#[derive(Debug, Serialize)]
pub(crate) struct ReceivedAnswer {
    headers: Vec<Header>,
    body: String,
}

impl RequestAsSent {
    /// Writes a call with every header that goes out, so that none is added behind our back.
    pub(crate) fn write(
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
        let as_sent = Self {
            method: request.method().to_string(),
            url: request.url().to_string(),
            headers: texts(request.headers()),
            signature: call.signature.clone(),
            timestamp: call.timestamp.clone(),
            signature_base: call.signature_base(),
            body: call.body.clone(),
        };
        Ok((as_sent, request))
    }
}

impl CallReport {
    pub(crate) fn new(request: RequestAsSent, received: &Received, milliseconds: u64) -> Self {
        let (status, body) = (received.status, received.body.as_slice());
        let text = String::from_utf8_lossy(body).into_owned();
        let shown = (status == 200).then(|| shown_numbers(body));
        Self {
            request,
            answer: ReadAnswer {
                status,
                body: serde_json::from_slice(body).unwrap_or_else(|_| text.clone().into()),
                violations: contract::violations_of_answer(status, body),
            },
            received: ReceivedAnswer {
                headers: texts(&received.headers),
                body: text,
            },
            shown: shown.unwrap_or_default(),
            milliseconds,
        }
    }
}

/// What a client names as host: with the port, where that is not the scheme's own.
fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.map(|url| url[Position::BeforeHost..Position::AfterPort].to_owned());
    host.unwrap_or_default()
}

fn texts(headers: &HeaderMap) -> Vec<Header> {
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}
