//! The app's calling settings in HubSpot, on which help desk depends; they are only read.

use serde::{Deserialize, Serialize};

/// The calling settings in the deploy-hook's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum CallingSettings {
    #[serde(rename_all = "camelCase")]
    Found {
        supports_inbound_calling: Option<bool>,
        is_ready: Option<bool>,
    },
    Absent,
    /// HubSpot could not be asked.
    Unknown {
        reason: String,
    },
}

/// Returns the address of an app's calling settings, which the app's owner writes.
pub fn address(api_version: &str, app_id: i64) -> String {
    let path = match api_version {
        "v3" => format!("crm/v3/extensions/calling/{app_id}"),
        version => format!("crm/extensions/calling/{version}/{app_id}"),
    };
    format!("https://api.hubapi.com/{path}/settings")
}
