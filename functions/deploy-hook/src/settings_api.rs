//! HubSpot's channel connection settings API.

use channel_connection::settings::{ChannelConnectionSettings, SettingsChange};
use reqwest::Method;
use tokio::time::Instant;

use crate::{
    api_error::{ApiError, CorrelationId, Refusal},
    config::Target,
    credential::Access,
    hubspot::HubSpot,
    pauses::Pauses,
    time_budget::TimeBudget,
};

/// The settings of an app; `None` where it has none.
pub(crate) type Settings = Option<ChannelConnectionSettings>;

const READ: &str = "read the settings";

/// The settings of one app.
#[derive(Debug)]
pub(crate) struct SettingsApi {
    hubspot: HubSpot,
    access: Access,
    path: String,
    budget: TimeBudget,
}

impl SettingsApi {
    /// Names the app's settings; nothing is sent yet.
    pub(crate) fn new(
        hubspot: HubSpot,
        access: Access,
        target: &Target,
        budget: TimeBudget,
    ) -> Self {
        Self {
            hubspot,
            access,
            path: target.api_version.settings_path(target.app_id),
            budget,
        }
    }

    /// Returns the kind of credential that is used, in words.
    pub(crate) fn credential_kind(&self) -> &'static str {
        self.access.kind()
    }

    /// Returns the pauses of a call that is worth another try before `until`.
    pub(crate) fn pauses(&self, until: Instant) -> Pauses {
        Pauses::new(&self.budget, until)
    }

    /// Reads the settings, trying again before `until` while that may help.
    pub(crate) async fn read(&self, until: Instant) -> Result<Settings, ApiError> {
        self.pauses(until)
            .retry(async || self.read_once().await)
            .await
    }

    async fn read_once(&self) -> Result<Settings, ApiError> {
        let request = self.request(Method::GET);
        match self.hubspot.send(READ, &self.access, request).await {
            Ok(answer) => parse(&answer.body, READ),
            Err(ApiError::Refused {
                refusal:
                    Refusal {
                        status: 404,
                        is_hubspots: true,
                        ..
                    },
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends the one write that brings the settings from `held` to `wanted`, once.
    ///
    /// After an error, only reading tells what HubSpot holds.
    pub(crate) async fn write(
        &self,
        held: &Settings,
        wanted: &Settings,
    ) -> Result<CorrelationId, ApiError> {
        let (action, request) = match (held, wanted) {
            (_, None) => ("remove the settings", self.request(Method::DELETE)),
            (None, Some(wanted)) => (
                "create the settings",
                self.request(Method::POST).json(wanted),
            ),
            (Some(held), Some(wanted)) => {
                let change = SettingsChange::between(held, wanted);
                (
                    "change the settings",
                    self.request(Method::PATCH).json(&change),
                )
            }
        };
        let answer = self.hubspot.send(action, &self.access, request).await?;
        // What answers with something else on the way to HubSpot has written nothing.
        if wanted.is_some() && parse(&answer.body, action)? != *wanted {
            return Err(ApiError::Unreadable(action));
        }
        Ok(answer.correlation_id)
    }

    fn request(&self, method: Method) -> reqwest::RequestBuilder {
        self.hubspot.request(method, &self.path)
    }
}

fn parse(body: &[u8], action: &'static str) -> Result<Settings, ApiError> {
    let settings = serde_json::from_slice(body).map_err(|_| ApiError::Unreadable(action))?;
    Ok(Some(settings))
}
