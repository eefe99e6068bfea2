//! Makes a sample event of `events/` fit for a stack that runs.
//!
//! A webhook event gets the present time and, if its signature was right when it was written, a
//! signature for it; one that was wrong stays wrong. A hook event gets the stack's URL and the
//! address that is told the outcome.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use channel_connection::{
    client_secrets::SigningSecret,
    signature::{self, SIGNATURE_HEADER, SignatureHeaders, SignedParts, TIMESTAMP_HEADER},
    webhook_url::{InvalidUrl, UrlPolicy, WebhookUrl},
};
use serde_json::Value;

/// The secret that the sample events are signed with.
pub const SAMPLE_CLIENT_SECRET: &str = "local-client-secret";

/// The reason an event cannot be made to fit.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The event is no API Gateway request.
    #[error("this is no sample of a webhook event: it has no requestContext")]
    NoRequest,
    /// The event is neither a custom resource's nor CodeDeploy's nor an action.
    #[error(
        "this is no sample of a hook event: it has none of RequestType, DeploymentId and action"
    )]
    NoHookEvent,
    /// A webhook event lacks what was signed.
    #[error("this webhook event has no {0}")]
    Incomplete(&'static str),
    /// The event names no usable URL.
    #[error("this webhook event's URL {0}")]
    Url(#[from] InvalidUrl),
}

/// Returns a hook event for a webhook; its outcome goes to `response_url`, if there is one.
pub fn refresh_hook_event(
    mut event: Value,
    url: &WebhookUrl,
    response_url: Option<&str>,
) -> Result<Value, SampleError> {
    if event.get("RequestType").is_some() {
        event["ResourceProperties"]["WebhookUrl"] = url.as_str().into();
        // The sample's own address is nobody's.
        if let Some(response_url) = response_url {
            event["ResponseURL"] = response_url.into();
        }
    } else if event.get("action").is_none() && event.get("DeploymentId").is_none() {
        return Err(SampleError::NoHookEvent);
    }
    Ok(event)
}

/// Returns a webhook event as it would look if it came now, to a webhook with that client secret.
pub fn refresh_request(
    mut event: Value,
    url: &WebhookUrl,
    secret: &SigningSecret,
    now: SystemTime,
) -> Result<Value, SampleError> {
    if event.get("requestContext").is_none() {
        return Err(SampleError::NoRequest);
    }
    let method = text(
        &event,
        ["/requestContext/http/method", "/httpMethod"],
        "method",
    )?;
    let body = body(&event)?;
    let was_right = verifies(&event, &method, &body)?;
    let timestamp = signature::timestamp(now);
    if was_right {
        let parts = SignedParts {
            method: &method,
            uri: &url.into(),
            body: &body,
            timestamp: &timestamp,
        };
        let name = header_name(&event, SIGNATURE_HEADER);
        event["headers"][name] = signature::sign(secret, parts).into();
    }
    let name = header_name(&event, TIMESTAMP_HEADER);
    event["headers"][name] = timestamp.into();
    Ok(event)
}

/// Whether the sample's signature was right at the time that the sample names.
fn verifies(event: &Value, method: &str, body: &[u8]) -> Result<bool, SampleError> {
    let header = |name: &str| event["headers"][header_name(event, name)].as_str();
    let timestamp = header(TIMESTAMP_HEADER);
    let written_at = timestamp
        .and_then(|text| text.parse().ok())
        .map(Duration::from_millis);
    let headers = SignatureHeaders {
        signature: header(SIGNATURE_HEADER),
        timestamp,
        legacy: false,
    };
    let uri = (&sample_url(event)?).into();
    let secrets: Vec<_> = SigningSecret::new(SAMPLE_CLIENT_SECRET)
        .into_iter()
        .collect();
    let then = UNIX_EPOCH + written_at.unwrap_or_default();
    Ok(signature::verify(&secrets, method, &uri, body, headers, then).is_ok())
}

/// The URL that the sample's request was sent to.
fn sample_url(event: &Value) -> Result<WebhookUrl, SampleError> {
    let host = text(event, ["/requestContext/domainName"; 2], "domainName")?;
    let path = text(event, ["/rawPath", "/requestContext/path"], "path")?;
    let query = event["rawQueryString"]
        .as_str()
        .filter(|query| !query.is_empty());
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Ok(WebhookUrl::parse(
        &format!("https://{host}{path}{query}"),
        UrlPolicy::Public,
    )?)
}

fn body(event: &Value) -> Result<Vec<u8>, SampleError> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let body = text(event, ["/body"; 2], "body")?;
    match event["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD
            .decode(body)
            .map_err(|_| SampleError::Incomplete("base64 body")),
        _ => Ok(body.into_bytes()),
    }
}

/// The text at the first of two places that has one: HTTP APIs' and REST APIs' events differ.
fn text(event: &Value, places: [&str; 2], name: &'static str) -> Result<String, SampleError> {
    let found = places
        .into_iter()
        .find_map(|place| event.pointer(place)?.as_str());
    found
        .map(str::to_owned)
        .ok_or(SampleError::Incomplete(name))
}

/// A header under the name that the event has for it: REST APIs keep the caller's capitals.
fn header_name(event: &Value, name: &str) -> String {
    let headers = event["headers"].as_object();
    let found =
        headers.and_then(|headers| headers.keys().find(|key| key.eq_ignore_ascii_case(name)));
    found.map_or_else(|| name.to_owned(), Clone::clone)
}
