//! Calls of HubSpot's API, and the settings endpoints of one app.

use channel_connection::{
    http_client::{self, HttpError},
    settings::{ChannelConnectionSettings, SettingsChange},
    webhook_url::WebhookUrl,
};
use reqwest::{Client, Method, RequestBuilder};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use crate::{
    budget::{Retries, TimeBudget},
    config::Target,
    hubspot::{
        auth::Auth,
        error::{ApiError, correlation_id},
    },
};

/// HubSpot's responses have some 300 bytes.
const MAX_RESPONSE: usize = 64 * 1024;
/// Maximum characters of an operator's reason.
const MAX_REASON: usize = 200;

/// HubSpot's API.
#[derive(Debug)]
pub(crate) struct HubSpot {
    http: Client,
    base_url: String,
}

/// A successful response.
#[derive(Debug)]
pub(crate) struct Response {
    pub body: Vec<u8>,
    pub correlation_id: String,
}

/// Settings as HubSpot returns them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registered {
    #[serde(flatten)]
    pub settings: ChannelConnectionSettings,
    /// HubSpot's time of the last write: an opaque text that serves as the version.
    pub updated_at: Option<String>,
}

/// The app's calling settings, as far as help desk needs them.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallingSettings {
    supports_inbound_calling: Option<bool>,
    is_ready: Option<bool>,
}

/// The actor and the reason of every write, for the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audit {
    actor: String,
    reason: String,
}

/// The settings endpoints of one app.
#[derive(Debug)]
pub(crate) struct SettingsApi {
    hubspot: HubSpot,
    auth: Auth,
    path: String,
    calling_settings_path: String,
    audit: Audit,
    pub budget: TimeBudget,
}

impl Audit {
    pub(crate) fn new(actor: impl Into<String>, reason: &str) -> Self {
        Self {
            actor: actor.into(),
            reason: reason.chars().take(MAX_REASON).collect(),
        }
    }
}

impl HubSpot {
    pub(crate) fn new(http: Client, base_url: &WebhookUrl) -> Self {
        let base_url = base_url.as_str().trim_end_matches('/').to_owned();
        Self { http, base_url }
    }

    /// Returns a request of a path.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base_url))
    }

    /// Sends a request once, to do `action` ("read the settings").
    pub(crate) async fn send(
        &self,
        action: &'static str,
        auth: &Auth,
        request: RequestBuilder,
    ) -> Result<Response, ApiError> {
        let unreachable =
            |error: reqwest::Error| ApiError::Unreachable(action, error.without_url());
        let response = auth.apply(request).send().await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = http_client::body(response, MAX_RESPONSE).await;
        if !status.is_success() {
            let body = body.unwrap_or_default();
            return Err(ApiError::refused(action, auth, status, &headers, &body));
        }
        Ok(Response {
            body: body.map_err(|error| match error {
                HttpError::BrokenOff(error) => unreachable(error),
                _ => ApiError::InvalidResponse(action),
            })?,
            correlation_id: correlation_id(auth, &headers),
        })
    }
}

impl SettingsApi {
    pub(crate) fn new(
        hubspot: HubSpot,
        auth: Auth,
        target: &Target,
        audit: Audit,
        budget: TimeBudget,
    ) -> Self {
        Self {
            hubspot,
            auth,
            path: target.api_version.settings_path(target.app_id),
            calling_settings_path: target.api_version.calling_settings_path(target.app_id),
            audit,
            budget,
        }
    }

    pub(crate) fn credential_kind(&self) -> &'static str {
        self.auth.kind()
    }

    pub(crate) fn retries(&self, until: Instant) -> Retries {
        self.budget.hubspot.start(self.budget.call, until)
    }

    /// Reads the settings, with retries; returns also when the successful read was sent.
    pub(crate) async fn read(
        &self,
        until: Instant,
    ) -> Result<(Option<Registered>, Instant), ApiError> {
        let read = async || {
            let sent = Instant::now();
            let settings = self.get("read the settings", &self.path, until).await?;
            Ok((settings, sent))
        };
        self.retries(until).run(ApiError::retry_hint, read).await
    }

    /// Reads the app's calling settings, with one attempt.
    pub(crate) async fn read_calling_settings(
        &self,
        until: Instant,
    ) -> Result<Option<CallingSettings>, ApiError> {
        let path = &self.calling_settings_path;
        self.get("read the calling settings", path, until).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        action: &'static str,
        path: &str,
        until: Instant,
    ) -> Result<Option<T>, ApiError> {
        let request = self.hubspot.request(Method::GET, path);
        match self.send(action, request, until).await {
            Ok(response) => parse(action, &response.body).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends one write once, logs it, and returns the settings that HubSpot then has.
    pub(crate) async fn write(
        &self,
        current: Option<&ChannelConnectionSettings>,
        desired: Option<&ChannelConnectionSettings>,
        until: Instant,
    ) -> Result<Option<Registered>, ApiError> {
        let written = self.send_write(current, desired, until).await;
        let Audit { actor, reason } = &self.audit;
        let [before, after] = [current, desired].map(|settings| json!(settings.map(redacted)));
        match written {
            Ok((registered, correlation_id)) => {
                info!(audit = true, actor, reason, %before, %after, correlation_id, "settings written");
                Ok(registered)
            }
            Err(error) => {
                warn!(audit = true, actor, reason, %before, %after, %error, "settings perhaps not written");
                Err(error)
            }
        }
    }

    async fn send_write(
        &self,
        current: Option<&ChannelConnectionSettings>,
        desired: Option<&ChannelConnectionSettings>,
        until: Instant,
    ) -> Result<(Option<Registered>, String), ApiError> {
        let request = |method| self.hubspot.request(method, &self.path);
        let change = current.zip(desired);
        let change = change.map(|(current, desired)| SettingsChange::between(current, desired));
        let (action, request) = match (&change, desired) {
            (_, None) => ("remove the settings", request(Method::DELETE)),
            (None, Some(new)) => ("create the settings", request(Method::POST).json(new)),
            (Some(change), _) => ("change the settings", request(Method::PATCH).json(change)),
        };
        let response = self.send(action, request, until).await?;
        let Some(desired) = desired else {
            return Ok((None, response.correlation_id));
        };
        // A proxy's 200 is no write: HubSpot must return the settings.
        let registered: Registered = parse(action, &response.body)?;
        let is_applied = match change {
            None => registered.settings == *desired,
            Some(change) => change.is_applied_in(&registered.settings),
        };
        if is_applied {
            Ok((Some(registered), response.correlation_id))
        } else {
            Err(ApiError::NotApplied(action))
        }
    }

    async fn send(
        &self,
        action: &'static str,
        request: RequestBuilder,
        until: Instant,
    ) -> Result<Response, ApiError> {
        let sent = self.hubspot.send(action, &self.auth, request);
        let response = timeout_at(until, sent).await;
        response.unwrap_or(Err(ApiError::OutOfTime(action)))
    }
}

fn parse<T: DeserializeOwned>(action: &'static str, body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|_| ApiError::InvalidResponse(action))
}

/// Returns settings for people, without the URL's query.
pub(crate) fn redacted(settings: &ChannelConnectionSettings) -> Value {
    json!({"url": settings.url.to_string(), "isReady": settings.is_ready})
}
