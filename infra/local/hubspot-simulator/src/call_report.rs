//! One call of the webhook: the request as it was sent, and what came back.

use std::time::Instant;

use axum::http::StatusCode;
use channel_connection::{
    contract,
    http_client::{self, HttpError, USER_AGENT},
    numbers_response::MAX_RESPONSE,
    shown_number::shown_numbers,
    webhook_call::WebhookCall,
};
use reqwest::{
    Client, Request,
    header::{self, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};
use url::Position;

/// Sends a request, and reports it to the letter, its response, and the list that HubSpot shows.
///
/// The report has a message in place of a response if there is none, and nothing of the client secret.
pub(crate) async fn exchange(call: WebhookCall, http: Client) -> Value {
    let request = match build(&call, &http) {
        Ok(request) => request,
        Err(error) => return json!({"message": HttpError::from(error).to_string()}),
    };
    let mut report = json!({"request": {
        "method": request.method().as_str(),
        "url": request.url().as_str(),
        "headers": texts(request.headers()),
        "signature": call.signature,
        "timestamp": call.timestamp,
        "signatureBase": call.signature_base(),
        "body": call.body,
    }});
    let started = Instant::now();
    let received = send(&http, request).await;
    report["milliseconds"] = json!(started.elapsed().as_millis());
    match received {
        Ok((status, headers, body)) => add_response(&mut report, status, &headers, &body),
        Err(error) => report["message"] = error.to_string().into(),
    }
    report
}

/// Builds a request that names every header itself, so that the client adds none unseen.
fn build(call: &WebhookCall, http: &Client) -> Result<Request, reqwest::Error> {
    let mut request = call
        .request(http)
        .header(header::ACCEPT, "*/*")
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONTENT_LENGTH, call.body.len())
        .build()?;
    let host = &request.url()[Position::BeforeHost..Position::AfterPort];
    if let Ok(host) = HeaderValue::from_str(host) {
        request.headers_mut().insert(header::HOST, host);
    }
    Ok(request)
}

async fn send(
    http: &Client,
    request: Request,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), HttpError> {
    let response = http.execute(request).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = http_client::body(response, MAX_RESPONSE).await?;
    Ok((status, headers, body))
}

/// Adds a response as parsed, as received, and as HubSpot shows it to the user.
fn add_response(report: &mut Value, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
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
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect()
}
