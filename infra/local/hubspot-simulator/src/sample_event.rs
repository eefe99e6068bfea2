//! Sample events, made to fit a webhook that runs.
//!
//! An event of HubSpot's gets the present time and, if its signature was right when it was written,
//! a signature for it; one that was wrong stays wrong.

use std::{fs, path::Path, time::SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use channel_connection::{
    client_secrets::SigningSecret,
    ids::{AppId, PortalId, UserId},
    numbers_request::NumbersRequest,
    signature::{self, SIGNATURE_HEADER, SignedParts, TIMESTAMP_HEADER},
    webhook_call::WebhookCall,
    webhook_url::{InvalidUrl, UrlPolicy, WebhookUrl},
};
use clap::Subcommand;
use include_dir::{Dir, include_dir};
use serde_json::Value;

/// The secret that the sample events are signed with.
const SAMPLE_CLIENT_SECRET: &str = "local-client-secret";
static EVENTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../../events");

/// The function that an event is for.
#[derive(Debug, Subcommand)]
pub enum EventCommand {
    /// For numbers-webhook: HubSpot's request through API Gateway, signed with `HUBSPOT_CLIENT_SECRET`
    Numbers {
        /// A sample, or a file of the same shape: events/README.md lists them
        #[arg(default_value = "known-portal")]
        event: String,
        /// Ask for this portal instead of the sample's
        #[arg(long, conflicts_with = "event")]
        portal: Option<PortalId>,
        /// Ask as this user
        #[arg(long, requires = "portal", default_value = "1")]
        user: UserId,
        /// The app that asks, with --portal
        #[arg(long, default_value = "1234567")]
        app_id: AppId,
        /// The webhook's URL
        #[arg(long, value_parser = webhook_url)]
        url: WebhookUrl,
    },
    /// For deploy-hook: CloudFormation's, CodeDeploy's or an operator's event
    Hook {
        /// A sample, or a file of the same shape: events/README.md lists them
        #[arg(default_value = "status")]
        event: String,
        /// Where a custom resource's outcome goes
        #[arg(long)]
        response_url: Option<String>,
        /// The webhook's URL
        #[arg(long, value_parser = webhook_url)]
        url: WebhookUrl,
    },
}

/// The reason there is no event.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EventError(String);

fn webhook_url(text: &str) -> Result<WebhookUrl, InvalidUrl> {
    WebhookUrl::parse(text, UrlPolicy::Local)
}

impl EventCommand {
    /// Makes the event as it would look if it came now.
    pub fn make(&self, secret: &SigningSecret, now: SystemTime) -> Result<Value, EventError> {
        match self {
            Self::Numbers {
                portal: Some(portal_id),
                user: user_id,
                app_id,
                url,
                ..
            } => {
                let request = NumbersRequest {
                    app_id: *app_id,
                    portal_id: *portal_id,
                    user_id: *user_id,
                };
                Ok(WebhookCall::signed(url.clone(), request, secret, now).to_event())
            }
            Self::Numbers { event, url, .. } => {
                signed_anew(sample("numbers-webhook", event)?, url, secret, now)
            }
            Self::Hook {
                event,
                response_url,
                url,
            } => for_hook(sample("deploy-hook", event)?, url, response_url.as_deref()),
        }
    }
}

fn sample(folder: &str, event: &str) -> Result<Value, EventError> {
    let text = match EVENTS.get_file(format!("{folder}/{event}.json")) {
        Some(sample) => sample.contents().to_vec(),
        None if Path::new(event).extension().is_some() => {
            fs::read(event).map_err(|error| EventError(format!("cannot read {event}: {error}")))?
        }
        None => {
            let files = EVENTS.get_dir(folder).into_iter().flat_map(Dir::files);
            let known: Vec<_> = files
                .filter_map(|file| file.path().file_stem()?.to_str())
                .collect();
            let known = known.join(", ");
            let error = format!("There is no event {event}. There are: {known}.");
            return Err(EventError(error));
        }
    };
    serde_json::from_slice(&text).map_err(|_| EventError(format!("{event} is not JSON")))
}

fn for_hook(
    mut event: Value,
    url: &WebhookUrl,
    response_url: Option<&str>,
) -> Result<Value, EventError> {
    let has = |name| event.get(name).is_some();
    if !(has("RequestType") || has("action") || has("DeploymentId")) {
        return Err(other_function("deploy-hook"));
    }
    if has("RequestType") {
        event["ResourceProperties"]["WebhookUrl"] = url.as_str().into();
        // The sample's own address is nobody's.
        if let Some(response_url) = response_url {
            event["ResponseURL"] = response_url.into();
        }
    }
    Ok(event)
}

fn signed_anew(
    mut event: Value,
    url: &WebhookUrl,
    secret: &SigningSecret,
    now: SystemTime,
) -> Result<Value, EventError> {
    if event.get("requestContext").is_none() {
        return Err(other_function("numbers-webhook"));
    }
    let methods = ["/requestContext/http/method", "/httpMethod"];
    let method = text(&event, methods, "method")?.to_owned();
    let body = body(&event)?;
    let was_right = was_signed(&event, &method, &body)?;
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

/// Returns whether the sample was signed rightly, at the time that it names.
fn was_signed(event: &Value, method: &str, body: &[u8]) -> Result<bool, EventError> {
    let header = |name: &str| event["headers"][header_name(event, name)].as_str();
    let host = text(event, ["/requestContext/domainName"; 2], "domainName")?;
    let path = text(event, ["/rawPath", "/requestContext/path"], "path")?;
    let query = event["rawQueryString"].as_str().unwrap_or_default();
    let separator = if query.is_empty() { "" } else { "?" };
    let url = format!("https://{host}{path}{separator}{query}");
    let url = WebhookUrl::parse(&url, UrlPolicy::Public);
    let url = url.map_err(|error| EventError(format!("the event's URL {error}")))?;
    let secret = SigningSecret::new(SAMPLE_CLIENT_SECRET).ok_or_else(|| incomplete("secret"))?;
    let parts = SignedParts {
        method,
        uri: &(&url).into(),
        body,
        timestamp: header(TIMESTAMP_HEADER).unwrap_or_default(),
    };
    let signature = signature::sign(&secret, parts);
    Ok(header(SIGNATURE_HEADER) == Some(&signature))
}

fn body(event: &Value) -> Result<Vec<u8>, EventError> {
    let body = text(event, ["/body"; 2], "body")?;
    if event["isBase64Encoded"] == true {
        let decoded = STANDARD.decode(body);
        return decoded.map_err(|_| incomplete("base64 body"));
    }
    Ok(body.as_bytes().to_vec())
}

/// Returns the text at the first of two places: HTTP APIs' and REST APIs' events differ.
fn text<'a>(event: &'a Value, places: [&str; 2], name: &str) -> Result<&'a str, EventError> {
    let mut found = places
        .iter()
        .filter_map(|place| event.pointer(place)?.as_str());
    found.next().ok_or_else(|| incomplete(name))
}

/// Returns a header's name as the event has it: REST APIs keep the caller's capitals.
fn header_name(event: &Value, name: &str) -> String {
    let headers = event["headers"].as_object();
    let found =
        headers.and_then(|headers| headers.keys().find(|key| key.eq_ignore_ascii_case(name)));
    found.map_or_else(|| name.to_owned(), Clone::clone)
}

fn other_function(expected: &str) -> EventError {
    EventError(format!(
        "expected an event like those of events/{expected}, got another"
    ))
}

fn incomplete(missing: &str) -> EventError {
    EventError(format!("the event has no {missing}"))
}
