//! HubSpot's API: one call, and what a report may keep of its response.

use std::time::{Duration, Instant};

use channel_connection::{
    http_client::{self, HttpError},
    webhook_url::UrlPolicy,
};
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde::Serialize;
use serde_json::Value;

use crate::outcome::Failure;

const TIMEOUT: Duration = Duration::from_secs(10);
/// A page of 100 channel accounts is the largest response.
const MAX_RESPONSE: usize = 1024 * 1024;
const MAX_NAME: usize = 60;

/// HubSpot's API, or a simulated one.
#[derive(Debug)]
pub struct HubSpot {
    http: Client,
    base_url: String,
}

/// A call: names and types of what came back, never a value that may be secret.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The step of a report that the call is made for.
    pub step: &'static str,
    /// `None` where there was no response.
    pub status: Option<u16>,
    /// HubSpot's own category of an error, or the reason there was no response.
    pub reason: Option<String>,
    /// The JSON types of the body's fields, and the pattern of dates.
    pub shape: Option<String>,
    pub milliseconds: u128,
    #[serde(skip)]
    pub header_names: Vec<String>,
    #[serde(skip)]
    pub body: Value,
}

/// Builds a client, for the webhook or for HubSpot.
pub fn http_client(timeout: Duration, policy: UrlPolicy) -> Result<Client, Failure> {
    http_client::client(timeout, policy)
        .map_err(|error| Failure::failed(format!("Cannot call anything: {error}")))
}

impl HubSpot {
    pub fn new(base_url: impl Into<String>, policy: UrlPolicy) -> Result<Self, Failure> {
        Ok(Self {
            http: http_client(TIMEOUT, policy)?,
            base_url: base_url.into(),
        })
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base_url))
    }
}

impl Call {
    /// Sends a request once.
    pub async fn send(step: &'static str, request: RequestBuilder) -> Self {
        let started = Instant::now();
        let received = async {
            let response = request.send().await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = http_client::body(response, MAX_RESPONSE).await?;
            Ok((status.as_u16(), headers, body))
        };
        let received: Result<_, HttpError> = received.await;
        let mut call = Self {
            step,
            status: None,
            reason: None,
            shape: None,
            milliseconds: started.elapsed().as_millis(),
            header_names: Vec::new(),
            body: Value::Null,
        };
        match received {
            Ok((status, headers, body)) => call.add_response(status, &headers, &body),
            Err(HttpError::Unreachable(error)) => call.reason = Some(http_client::cause(&error)),
            Err(error) => call.reason = Some(error.to_string()),
        }
        call
    }

    fn add_response(&mut self, status: u16, headers: &HeaderMap, body: &[u8]) {
        self.status = Some(status);
        let names = headers.keys().map(|name| identifier(name.as_str()));
        self.header_names = names.collect();
        self.body = serde_json::from_slice(body).unwrap_or_default();
        self.shape = (!body.is_empty()).then(|| match &self.body {
            Value::Null => "not JSON".to_owned(),
            body => shape(body),
        });
        if !self.is_success() {
            let fields = ["category", "subCategory", "errorType", "policyName"];
            let texts = fields.iter().filter_map(|field| self.body[field].as_str());
            let texts: Vec<_> = texts.map(identifier).collect();
            self.reason = (!texts.is_empty()).then(|| texts.join(" "));
        }
    }

    pub fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// Returns whether HubSpot itself answered, so that a write can have no later effect.
    pub fn is_answered(&self) -> bool {
        self.status.is_some_and(|status| status < 500)
    }

    /// Returns whether the credential was taken; `None` where the response does not tell.
    pub fn is_authenticated(&self) -> Option<bool> {
        match self.status? {
            401 | 403 => Some(false),
            200..=299 | 400 | 404 | 405 | 409 | 422 => Some(true),
            _ => None,
        }
    }

    /// Returns the status, with HubSpot's reason.
    pub fn outcome(&self) -> String {
        let status = self.status.map(|status| status.to_string());
        let texts = [status.as_deref(), self.reason.as_deref()];
        texts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Describes a JSON value by its types alone.
pub fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) => date_pattern(text).unwrap_or_else(|| "string".to_owned()),
        Value::Array(items) => format!("[{}]", items.first().map(shape).unwrap_or_default()),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields =
                fields.map(|(name, value)| format!("{}: {}", identifier(name), shape(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Returns a date with zeros for its digits, and one for its fraction; `None` for another text.
fn date_pattern(text: &str) -> Option<String> {
    let mut zeros = text.replace(|character: char| character.is_ascii_digit(), "0");
    while zeros.contains(".00") {
        zeros = zeros.replace(".00", ".0");
    }
    let is_date = zeros.starts_with("0000-") && zeros.chars().all(|part| "0-:.TZ+ ".contains(part));
    is_date.then_some(zeros)
}

/// Returns a name or a code; "…" in place of a text that may hold a value.
fn identifier(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_name = text.len() <= MAX_NAME && digits <= 4 && text.chars().all(is_plain);
    if is_name { text } else { "…" }.to_owned()
}
