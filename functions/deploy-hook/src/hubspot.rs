//! HubSpot's channel connection settings API.

use channel_connection::{
    http_client,
    public_url::PublicUrl,
    settings::{ChannelConnectionSettings, SettingsChange},
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
    /// What HubSpot says of the settings is not what its specification says.
    #[error("HubSpot's answer to read the settings is not as its specification says")]
    Unreadable,
    /// Somebody wrote settings since they were read.
    #[error("somebody else wrote the settings at the same time")]
    AlreadyThere,
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
    pub fn new(http: Client, api_url: &PublicUrl, target: &Target, credential: Credential) -> Self {
        let path = target.api_version.settings_path(target.app_id);
        let url = format!("{}{path}", api_url.as_str().trim_end_matches('/'));
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
            StatusCode::OK => {
                let body = http_client::body(response, LARGEST_ANSWER).await;
                let body = body.map_err(|_| ApiError::Unreadable)?;
                serde_json::from_slice(&body)
                    .map(Some)
                    .map_err(|_| ApiError::Unreadable)
            }
            _ => accepted("read", response)
                .await
                .and(Err(ApiError::Unreadable)),
        }
    }

    /// Writes settings where there are none.
    ///
    /// What HubSpot answers where there are some, perhaps since a moment ago, is not documented;
    /// 400 and 409 are taken for [`ApiError::AlreadyThere`] if it then has some.
    pub async fn create(&self, wanted: &ChannelConnectionSettings) -> Result<(), ApiError> {
        let response = self
            .send("create", self.request(Method::POST).json(wanted))
            .await?;
        let maybe_there = matches!(
            response.status(),
            StatusCode::BAD_REQUEST | StatusCode::CONFLICT
        );
        let outcome = accepted("create", response).await;
        if maybe_there && self.read().await?.is_some() {
            return Err(ApiError::AlreadyThere);
        }
        outcome
    }

    /// Changes settings that stand.
    pub async fn change(&self, change: &SettingsChange) -> Result<(), ApiError> {
        let response = self
            .send("change", self.request(Method::PATCH).json(change))
            .await?;
        accepted("change", response).await
    }

    /// Removes the settings; it is no error if somebody was quicker.
    pub async fn remove(&self) -> Result<(), ApiError> {
        let response = self.send("remove", self.request(Method::DELETE)).await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(()),
            _ => accepted("remove", response).await,
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
                    correlation_id: correlation_id(&error_body(response).await),
                })
            }
            _ => Ok(response),
        }
    }
}

async fn accepted(action: &'static str, response: Response) -> Result<(), ApiError> {
    if response.status().is_success() {
        return Ok(());
    }
    let status = response.status().as_u16();
    let body = error_body(response).await;
    Err(ApiError::Refused {
        action,
        status,
        message: body
            .message
            .as_deref()
            .map_or_else(|| "no reason given".into(), brief),
        correlation_id: correlation_id(&body),
    })
}

/// HubSpot's texts are told on to people, in whose messages they should not be all there is.
fn brief(text: &str) -> String {
    text.chars().take(300).collect()
}

async fn error_body(response: Response) -> ErrorBody {
    let body = http_client::body(response, LARGEST_ANSWER)
        .await
        .unwrap_or_default();
    serde_json::from_slice(&body).unwrap_or_default()
}

fn correlation_id(body: &ErrorBody) -> String {
    body.correlation_id
        .as_deref()
        .map_or_else(|| "none".into(), brief)
}
