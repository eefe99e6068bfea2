//! Sample events, made to fit a webhook that runs: HubSpot's get the present time, and a signature for it.

use std::{error::Error, fs, path::Path, time::SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use channel_connection::{
    client_secrets::SigningSecret,
    ids::{AppId, PortalId, UserId},
    numbers_request::NumbersRequest,
    signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER},
    webhook_call::WebhookCall,
    webhook_url::{InvalidUrl, UrlPolicy, WebhookUrl},
};
use clap::Subcommand;
use include_dir::{Dir, include_dir};
use serde_json::Value;

static EVENTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../../events");
/// The signature of the sample `bad-signature`, which stays wrong.
const BAD_SIGNATURE: &str = "dGhpcyBpcyBub3QgYSBzaWduYXR1cmUgb2YgSHViU3BvdHM=";

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

fn webhook_url(text: &str) -> Result<WebhookUrl, InvalidUrl> {
    WebhookUrl::parse(text, UrlPolicy::Local)
}

impl EventCommand {
    /// Makes the event as it would look if it came now.
    pub fn make(&self, secret: &SigningSecret, now: SystemTime) -> Result<Value, Box<dyn Error>> {
        match self {
            Self::Numbers {
                event,
                portal,
                user,
                app_id,
                url,
            } => {
                let mut event = sample("numbers-webhook", event)?;
                if let Some(portal_id) = *portal {
                    let (app_id, user_id) = (*app_id, *user);
                    let request = NumbersRequest {
                        app_id,
                        portal_id,
                        user_id,
                    };
                    event["body"] = request.to_json().into();
                }
                let call = WebhookCall::signed_body(url.clone(), body(&event)?, secret, now);
                sign(&mut event, &call);
                Ok(event)
            }
            Self::Hook {
                event,
                response_url,
                url,
            } => {
                let mut event = sample("deploy-hook", event)?;
                if event["RequestType"].is_string() {
                    event["ResourceProperties"]["WebhookUrl"] = url.as_str().into();
                    // The sample's own address is nobody's.
                    if let Some(response_url) = response_url {
                        event["ResponseURL"] = response_url.as_str().into();
                    }
                } else if event["action"].is_null() && event["DeploymentId"].is_null() {
                    return Err(other_function("deploy-hook"));
                }
                Ok(event)
            }
        }
    }
}

fn sample(folder: &str, event: &str) -> Result<Value, Box<dyn Error>> {
    let text = match EVENTS.get_file(format!("{folder}/{event}.json")) {
        Some(sample) => sample.contents().to_vec(),
        None if Path::new(event).extension().is_some() => {
            fs::read(event).map_err(|error| format!("cannot read {event}: {error}"))?
        }
        None => {
            let files = EVENTS.get_dir(folder).into_iter().flat_map(Dir::files);
            let known: Vec<_> = files
                .filter_map(|file| file.path().file_stem()?.to_str())
                .collect();
            let known = known.join(", ");
            return Err(format!("There is no event {event}. There are: {known}.").into());
        }
    };
    serde_json::from_slice(&text).map_err(|_| format!("{event} is not JSON").into())
}

fn body(event: &Value) -> Result<String, Box<dyn Error>> {
    let body = event["body"].as_str();
    let body = body.ok_or_else(|| other_function("numbers-webhook"))?;
    if event["isBase64Encoded"] == true {
        return Ok(String::from_utf8(STANDARD.decode(body)?)?);
    }
    Ok(body.to_owned())
}

/// Puts a call's time and signature in place of the sample's; one that it lacks stays missing.
fn sign(event: &mut Value, call: &WebhookCall) {
    let headers = event["headers"].as_object_mut();
    for (name, value) in headers.into_iter().flatten() {
        // REST APIs keep the caller's capitals.
        if name.eq_ignore_ascii_case(TIMESTAMP_HEADER) {
            *value = call.timestamp.as_str().into();
        } else if name.eq_ignore_ascii_case(SIGNATURE_HEADER) && value != BAD_SIGNATURE {
            *value = call.signature.as_deref().into();
        }
    }
}

fn other_function(expected: &str) -> Box<dyn Error> {
    format!("expected an event like those of events/{expected}, got another").into()
}
