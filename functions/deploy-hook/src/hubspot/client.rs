//! The settings endpoints of one app in HubSpot's API.

use channel_connection::{
    hook_report::{FoundCallingSettings, Settings},
    http_client::{self, HttpError},
    settings::{ChannelConnectionSettings, SettingsChange},
    webhook_url::WebhookUrl,
};
use reqwest::{Client, Method, RequestBuilder};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use crate::{
    config::Target,
    hubspot::{
        auth::{Auth, TOKEN_PATH},
        error::{ApiError, correlation_id},
    },
    retries::{Retries, TimeBudget},
};

/// HubSpot's responses have some 300 bytes.
const MAX_RESPONSE: usize = 64 * 1024;
/// Maximum characters of an operator's reason.
const MAX_REASON: usize = 200;

/// The settings endpoints of one app, and the URL that its settings should have.
#[derive(Debug)]
pub(crate) struct SettingsApi {
    pub http: Client,
    pub base_url: WebhookUrl,
    pub auth: Auth,
    pub target: Target,
    pub audit: Audit,
    pub budget: TimeBudget,
}

/// Settings as HubSpot returns them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registered {
    #[serde(flatten)]
    pub settings: ChannelConnectionSettings,
    /// HubSpot's time of the last write: an opaque text that serves as the version. A text of low
    /// resolution could be the same for two writes, so the values count too.
    pub updated_at: Option<String>,
}

/// The actor and the reason of every write, for the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audit {
    actor: String,
    reason: String,
}

/// A successful response.
struct Response {
    body: Vec<u8>,
    correlation_id: String,
}

impl Audit {
    pub(crate) fn new(actor: impl Into<String>, reason: &str) -> Self {
        Self {
            actor: actor.into(),
            reason: reason.chars().take(MAX_REASON).collect(),
        }
    }
}

impl SettingsApi {
    /// Exchanges OAuth client credentials for an access token; other credentials need no exchange.
    pub(crate) async fn exchange_credential(mut self, until: Instant) -> Result<Self, ApiError> {
        #[derive(Deserialize)]
        struct Token {
            access_token: String,
        }
        if let Some(form) = self.auth.token_request() {
            let action = "exchange the OAuth client credentials";
            let exchange = async || {
                let request = self.request(Method::POST, TOKEN_PATH).form(&form);
                let response = self.send(action, request, until).await?;
                parse::<Token>(action, &response.body)
            };
            let retries = self.retries(until);
            let token = retries.run(ApiError::retry_hint, exchange).await?;
            self.auth = Auth::exchanged(token.access_token);
        }
        Ok(self)
    }

    pub(crate) fn retries(&self, until: Instant) -> Retries {
        Retries::new(self.budget.hubspot, self.budget.call, until)
    }

    /// Reads the settings, with retries; returns also when the successful read was sent.
    pub(crate) async fn read(
        &self,
        until: Instant,
    ) -> Result<(Option<Registered>, Instant), ApiError> {
        let path = self.settings_path();
        let read = async || {
            let sent = Instant::now();
            let settings = self.get("read the settings", &path, until).await?;
            Ok((settings, sent))
        };
        self.retries(until).run(ApiError::retry_hint, read).await
    }

    /// Reads the app's calling settings, with one attempt.
    pub(crate) async fn read_calling_settings(
        &self,
        until: Instant,
    ) -> Result<Option<FoundCallingSettings>, ApiError> {
        let Target {
            app_id,
            api_version,
            ..
        } = self.target;
        let path = api_version.calling_settings_path(app_id);
        self.get("read the calling settings", &path, until).await
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
        let [before, after] =
            [current, desired].map(|settings| json!(settings.map(Settings::from)));
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
        let request = |method| self.request(method, &self.settings_path());
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

    async fn get<T: DeserializeOwned>(
        &self,
        action: &'static str,
        path: &str,
        until: Instant,
    ) -> Result<Option<T>, ApiError> {
        let request = self.request(Method::GET, path);
        match self.send(action, request, until).await {
            Ok(response) => parse(action, &response.body).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn settings_path(&self) -> String {
        self.target.api_version.settings_path(self.target.app_id)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let base_url = self.base_url.as_str().trim_end_matches('/');
        self.http.request(method, format!("{base_url}{path}"))
    }

    /// Sends a request once, to do `action` ("read the settings").
    async fn send(
        &self,
        action: &'static str,
        request: RequestBuilder,
        until: Instant,
    ) -> Result<Response, ApiError> {
        let unreachable =
            |error: reqwest::Error| ApiError::Unreachable(action, error.without_url());
        let sent = async {
            let response = self.auth.apply(request).send().await.map_err(unreachable)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = http_client::body(response, MAX_RESPONSE).await;
            if !status.is_success() {
                let body = body.unwrap_or_default();
                return Err(ApiError::refused(
                    action, &self.auth, status, &headers, &body,
                ));
            }
            Ok(Response {
                body: body.map_err(|error| match error {
                    HttpError::BrokenOff(error) => unreachable(error),
                    _ => ApiError::InvalidResponse(action),
                })?,
                correlation_id: correlation_id(&self.auth, &headers),
            })
        };
        let response = timeout_at(until, sent).await;
        response.unwrap_or(Err(ApiError::OutOfTime(action)))
    }
}

fn parse<T: DeserializeOwned>(action: &'static str, body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|_| ApiError::InvalidResponse(action))
}
