//! HubSpot's channel connection settings API.

use channel_connection::{
    http_client,
    settings::{ChannelConnectionSettings, SettingsChange, Write},
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;

use crate::{config::Target, credential::Credential};

// HubSpot's answers have some 300 bytes.
const LARGEST_ANSWER: usize = 64 * 1024;

/// The settings of one app.
#[derive(Debug)]
pub struct SettingsApi {
    http: Client,
    url: String,
    credential: Credential,
}

/// The reason a call of the settings API failed; it never holds the URL, which may hold a key.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// HubSpot did not answer.
    #[error("HubSpot cannot be reached to {0} the settings")]
    Unreachable(&'static str, #[source] reqwest::Error),
    /// HubSpot did not accept the credential.
    #[error(
        "HubSpot refused the {credential} with {status} (correlation id {correlation_id}): \
         check that it belongs to the app's developer account"
    )]
    Unauthorized {
        /// The credential's kind.
        credential: String,
        /// 401 or 403.
        status: u16,
        /// HubSpot's id of the call.
        correlation_id: String,
    },
    /// HubSpot refused the call.
    #[error(
        "HubSpot answered {status} to {action} the settings (correlation id {correlation_id}): {message}"
    )]
    Refused {
        /// What the call was for.
        action: &'static str,
        /// The HTTP status.
        status: u16,
        /// What HubSpot says of it.
        message: String,
        /// HubSpot's id of the call.
        correlation_id: String,
    },
    /// HubSpot's answer is not what its specification says.
    #[error("HubSpot's answer to {0} the settings cannot be read")]
    Unreadable(&'static str),
}

/// The parts of HubSpot's error body that are told on; each may be missing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorBody {
    message: Option<String>,
    correlation_id: Option<String>,
}

impl SettingsApi {
    /// Names the app's settings; nothing is sent yet.
    pub fn new(http: Client, api_url: &str, target: &Target, credential: Credential) -> Self {
        let url = format!(
            "{api_url}{}",
            target.api_version.settings_path(target.app_id)
        );
        Self {
            http,
            url,
            credential,
        }
    }

    /// Returns the kind of credential that is used.
    pub fn credential_kind(&self) -> String {
        self.credential.to_string()
    }

    /// Reads the settings; `None` where the app has none.
    pub async fn read(&self) -> Result<Option<ChannelConnectionSettings>, ApiError> {
        let response = self.send("read", self.request(Method::GET)).await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            _ => settings("read", response).await.map(Some),
        }
    }

    /// Carries out one write and returns what the settings are then.
    pub async fn write(
        &self,
        write: &Write,
    ) -> Result<Option<ChannelConnectionSettings>, ApiError> {
        match write {
            Write::Nothing => self.read().await,
            Write::Create(settings) => self.create(settings).await.map(Some),
            Write::Change(change) => self.change(change).await.map(Some),
            Write::Remove => self.remove().await.map(|()| None),
        }
    }

    async fn create(
        &self,
        wanted: &ChannelConnectionSettings,
    ) -> Result<ChannelConnectionSettings, ApiError> {
        let response = self
            .send("create", self.request(Method::POST).json(wanted))
            .await?;
        // Undocumented: what HubSpot answers where settings stand already, perhaps since a moment ago.
        if matches!(
            response.status(),
            StatusCode::BAD_REQUEST | StatusCode::CONFLICT
        ) && self.read().await?.is_some()
        {
            let all = SettingsChange {
                url: Some(wanted.url.clone()),
                is_ready: Some(wanted.is_ready),
            };
            return self.change(&all).await;
        }
        settings("create", response).await
    }

    async fn change(&self, change: &SettingsChange) -> Result<ChannelConnectionSettings, ApiError> {
        let response = self
            .send("change", self.request(Method::PATCH).json(change))
            .await?;
        settings("change", response).await
    }

    async fn remove(&self) -> Result<(), ApiError> {
        let response = self.send("remove", self.request(Method::DELETE)).await?;
        match response.status() {
            // Somebody was quicker: it is done all the same.
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => Ok(()),
            _ => Err(refusal("remove", response).await),
        }
    }

    fn request(&self, method: Method) -> RequestBuilder {
        self.credential.enter(self.http.request(method, &self.url))
    }

    async fn send(
        &self,
        action: &'static str,
        request: RequestBuilder,
    ) -> Result<Response, ApiError> {
        let response = request
            .send()
            .await
            .map_err(|error| ApiError::Unreachable(action, error.without_url()))?;
        match response.status() {
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Err(ApiError::Unauthorized {
                    credential: self.credential.to_string(),
                    status: status.as_u16(),
                    correlation_id: correlation_id(error_body(response).await),
                })
            }
            _ => Ok(response),
        }
    }
}

async fn settings(
    action: &'static str,
    response: Response,
) -> Result<ChannelConnectionSettings, ApiError> {
    if !response.status().is_success() {
        return Err(refusal(action, response).await);
    }
    let body = http_client::body(response, LARGEST_ANSWER)
        .await
        .map_err(|_| ApiError::Unreadable(action))?;
    serde_json::from_slice(&body).map_err(|_| ApiError::Unreadable(action))
}

async fn refusal(action: &'static str, response: Response) -> ApiError {
    let status = response.status().as_u16();
    let mut body = error_body(response).await;
    let message = body
        .message
        .take()
        .unwrap_or_else(|| "no reason given".into());
    ApiError::Refused {
        action,
        status,
        message,
        correlation_id: correlation_id(body),
    }
}

async fn error_body(response: Response) -> ErrorBody {
    let body = http_client::body(response, LARGEST_ANSWER)
        .await
        .unwrap_or_default();
    serde_json::from_slice(&body).unwrap_or_default()
}

fn correlation_id(body: ErrorBody) -> String {
    body.correlation_id.unwrap_or_else(|| "none".into())
}
