//! One call of the webhook: the request as it was sent, and what came back.

use axum::http::StatusCode;
use channel_connection::{
    contract, http_client::USER_AGENT, shown_number::shown_numbers, webhook_call::WebhookCall,
};
use reqwest::{
    Client, Request,
    header::{self, HeaderMap},
};
use serde_json::{Value, json};
use url::{Position, Url};

/// Builds a request that names every header itself, so that the client adds none unseen.
pub(crate) fn build(call: &WebhookCall, http: &Client) -> Result<Request, reqwest::Error> {
    call.request(http)
        .header(header::HOST, host(call.url.as_str()))
        .header(header::ACCEPT, "*/*")
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONTENT_LENGTH, call.body.len())
        .build()
}

/// Returns the `Host` header: with the port, unless it is the scheme's own.
fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.map(|url| url[Position::BeforeHost..Position::AfterPort].to_owned());
    host.unwrap_or_default()
}

/// Reports a request to the letter; the report shows nothing of the client secret.
pub(crate) fn of_request(call: &WebhookCall, request: &Request) -> Value {
    json!({
        "method": request.method().as_str(),
        "url": request.url().as_str(),
        "headers": texts(request.headers()),
        "signature": call.signature,
        "timestamp": call.timestamp,
        "signatureBase": call.signature_base(),
        "body": call.body,
    })
}

/// Adds a response as parsed, as received, and as HubSpot shows it to the user.
pub(crate) fn add_response(
    report: &mut Value,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) {
    let text = String::from_utf8_lossy(body);
    report["response"] = json!({
        "status": status.as_u16(),
        "body": serde_json::from_slice(body).unwrap_or_else(|_| Value::from(text.as_ref())),
        "violations": contract::violations(status.as_u16(), body),
    });
    report["received"] = json!({"headers": texts(headers), "body": text});
    let shown = (status == StatusCode::OK).then(|| shown_numbers(body));
    report["shown"] = json!(shown.unwrap_or_default());
}

fn texts(headers: &HeaderMap) -> Vec<(&str, String)> {
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect()
}
