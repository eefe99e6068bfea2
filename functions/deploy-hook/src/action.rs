//! What an operator can ask for by invoking the function: `{"action":"status"}`.

use channel_connection::settings::ChannelConnectionSettings;
use serde::{Deserialize, Serialize};

use crate::config::Target;

/// An operator's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase")]
pub enum Action {
    /// Tell what HubSpot holds, beside what this stack would register.
    Status,
}

/// What HubSpot holds, beside what this stack would register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    app_id: i64,
    api_version: &'static str,
    credential: String,
    expected_url: String,
    registered: Option<ChannelConnectionSettings>,
    drift: bool,
}

impl StatusReport {
    /// Compares what is held with what is expected.
    pub fn new(
        target: &Target,
        credential: String,
        registered: Option<ChannelConnectionSettings>,
    ) -> Self {
        let expected_url = target.url.as_str().to_owned();
        Self {
            app_id: target.app_id.get(),
            api_version: target.api_version.name(),
            credential,
            drift: registered
                .as_ref()
                .is_none_or(|registered| registered.url != expected_url),
            expected_url,
            registered,
        }
    }
}
