//! One call of HubSpot's API, and what the report keeps of its response.

use std::time::{Duration, Instant};

use channel_connection::{
    http_client::{self, HttpError},
    ids::AppId,
    settings::{ApiVersion, ChannelConnectionSettings, HUBSPOT_API},
    webhook_url::UrlPolicy,
};
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde::Serialize;
use serde_json::Value;

use super::credentials::Access;
use crate::outcome::Failure;

const TIMEOUT: Duration = Duration::from_secs(10);
/// HubSpot's responses have some 300 bytes.
const MAX_RESPONSE: usize = 64 * 1024;
const MAX_NAME: usize = 60;

/// The settings that HubSpot has, if any.
pub(super) type Held = Option<ChannelConnectionSettings>;

/// What a call is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum Step {
    ExchangeToken,
    ReadSettings,
    ReadCallingSettings,
    /// Just before the writes.
    ReadAgain,
    Delete,
    DeleteNothing,
    ReadNothing,
    ChangeNothing,
    Create,
    CreateAgain,
    ReadBeforeEqualChange,
    ChangeEqually,
    ReadAfterEqualChange,
    Change,
    /// Of the restoration, which no report has.
    Restore,
}

/// A call: names and types of what came back, never a value that may be secret.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    pub step: Step,
    /// `None` where there was no response.
    pub status: Option<u16>,
    /// HubSpot's own category of an error, or the reason there was no response.
    pub reason: Option<String>,
    /// The JSON types of the body's fields, and the pattern of dates.
    pub shape: Option<String>,
    pub milliseconds: u64,
    #[serde(skip)]
    pub header_names: Vec<String>,
    #[serde(skip)]
    pub body: Value,
}

/// HubSpot's API, for one app.
#[derive(Debug)]
pub(super) struct HubSpot {
    http: Client,
    base_url: String,
    pub app_id: AppId,
    /// The port of the local stack's HubSpot.
    pub port: Option<u16>,
}

impl HubSpot {
    pub(super) fn new(port: Option<u16>, app_id: AppId) -> Result<Self, Failure> {
        let (base_url, policy) = match port {
            Some(port) => (format!("http://127.0.0.1:{port}"), UrlPolicy::Local),
            None => (HUBSPOT_API.to_owned(), UrlPolicy::Public),
        };
        let http = http_client::client(TIMEOUT, policy)
            .map_err(|error| Failure::failed(format!("Cannot call anything: {error}")))?;
        Ok(Self {
            http,
            base_url,
            app_id,
            port,
        })
    }

    /// Makes one call of an app's settings, once.
    pub(super) async fn call(
        &self,
        step: Step,
        access: &Access,
        version: ApiVersion,
        method: Method,
        body: Option<Value>,
    ) -> Call {
        let path = match step {
            Step::ReadCallingSettings => version.calling_settings_path(self.app_id),
            _ => version.settings_path(self.app_id),
        };
        let request = access.apply(self.request(method, &path));
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Self::send(step, request).await
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base_url))
    }

    pub(super) async fn send(step: Step, request: RequestBuilder) -> Call {
        let started = Instant::now();
        let received = async {
            let response = request.send().await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = http_client::body(response, MAX_RESPONSE).await?;
            Ok((status.as_u16(), headers, body))
        };
        let received: Result<_, HttpError> = received.await;
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut call = Call {
            step,
            status: None,
            reason: None,
            shape: None,
            milliseconds,
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
}

impl Call {
    fn add_response(&mut self, status: u16, headers: &HeaderMap, body: &[u8]) {
        self.status = Some(status);
        self.header_names = headers
            .keys()
            .map(|name| identifier(name.as_str()))
            .collect();
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

    pub(super) fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// Returns whether HubSpot itself answered, so that a write can have no later effect.
    pub(super) fn is_answered(&self) -> bool {
        self.status.is_some_and(|status| status < 500)
    }

    /// Returns whether the credential was taken; `None` where the response does not tell.
    pub(super) fn is_authenticated(&self) -> Option<bool> {
        match self.status? {
            401 | 403 => Some(false),
            200..=299 | 400 | 404 | 405 | 409 | 422 => Some(true),
            _ => None,
        }
    }

    /// Returns what a read found; `None` if it failed.
    pub(super) fn held(&self) -> Option<Held> {
        match self.status? {
            200 => serde_json::from_value(self.body.clone()).ok().map(Some),
            404 if self.body.is_object() => Some(None),
            _ => None,
        }
    }

    /// Returns the status, with HubSpot's reason.
    pub(super) fn outcome(&self) -> String {
        let status = self.status.map(|status| status.to_string());
        let texts = [status.as_deref(), self.reason.as_deref()];
        texts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Describes a JSON value by its types alone.
pub(super) fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) => date_pattern(text).unwrap_or_else(|| "string".to_owned()),
        Value::Array(items) => format!("[{}]", items.first().map(shape).unwrap_or_default()),
        Value::Object(fields) => {
            let field =
                |(name, value): (&String, _)| format!("{}: {}", identifier(name), shape(value));
            format!(
                "{{{}}}",
                fields.iter().map(field).collect::<Vec<_>>().join(", ")
            )
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
