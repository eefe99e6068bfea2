//! An event made fresh: a sample, or a question of HubSpot's, made for whom it goes to.

use std::{fs, io, path::Path, time::SystemTime};

use channel_connection::{
    client_secrets::SigningSecret,
    ids::{AppId, PortalId, UserId},
    numbers_request::NumbersRequest,
    webhook_call::WebhookCall,
    webhook_url::{InvalidUrl, WebhookUrl},
};
use include_dir::{Dir, include_dir};
use serde_json::Value;

use crate::sample_event::{self, SampleError};

/// The variable with the client secret, where no stack is asked for it.
pub const SECRET: &str = "HUBSPOT_CLIENT_SECRET";
static EVENTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../events");

/// The reason there is no event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// There is no sample of that name.
    #[error("There is no event {name}. There are: {known}.")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Unreadable(String, io::Error),
    /// The file holds something else.
    #[error("{0} is not JSON")]
    NotJson(String),
    /// The event cannot be made to fit.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The URL is none that HubSpot could call.
    #[error("--url {0}")]
    Url(#[from] InvalidUrl),
    /// Nothing can be signed.
    #[error("Set {SECRET} in the environment: the client secret to sign with.")]
    NoSecret,
}

/// Where a fresh request goes, and what it is signed with.
#[derive(Debug)]
pub struct Addressee {
    /// The webhook.
    pub url: WebhookUrl,
    /// The client secret that the webhook verifies with.
    pub secret: SigningSecret,
    /// The app that asks.
    pub app_id: AppId,
}

impl Addressee {
    /// Asks for a portal's numbers, as a user of it.
    pub fn ask(self, portal_id: PortalId, user_id: UserId) -> Value {
        let question = NumbersRequest {
            app_id: self.app_id,
            portal_id,
            user_id,
        };
        WebhookCall::signed(self.url, question, &self.secret, SystemTime::now()).to_event()
    }

    /// Takes a sample request of `events/`, or a file like one, and makes it fit.
    pub fn refresh(&self, event: &str) -> Result<Value, EventError> {
        let (sample, now) = (sample("numbers-webhook", event)?, SystemTime::now());
        let fresh = sample_event::refresh_request(sample, &self.url, &self.secret, now);
        Ok(fresh?)
    }
}

/// Takes a sample of the deploy-hook's events, or a file like one, and makes it fit a webhook.
pub fn hook_event(
    event: &str,
    url: &WebhookUrl,
    response_url: Option<&str>,
) -> Result<Value, EventError> {
    let sample = sample("deploy-hook", event)?;
    Ok(sample_event::refresh_hook_event(sample, url, response_url)?)
}

fn sample(folder: &str, event: &str) -> Result<Value, EventError> {
    let sample = serde_json::from_slice(&read(folder, event)?);
    sample.map_err(|_| EventError::NotJson(event.to_owned()))
}

fn read(folder: &str, event: &str) -> Result<Vec<u8>, EventError> {
    if let Some(sample) = EVENTS.get_file(format!("{folder}/{event}.json")) {
        return Ok(sample.contents().to_vec());
    }
    if Path::new(event).extension().is_some() {
        return fs::read(event).map_err(|error| EventError::Unreadable(event.to_owned(), error));
    }
    let files = EVENTS.get_dir(folder).into_iter().flat_map(Dir::files);
    let known: Vec<_> = files
        .filter_map(|file| file.path().file_stem()?.to_str())
        .collect();
    Err(EventError::Unknown {
        name: event.to_owned(),
        known: known.join(", "),
    })
}
