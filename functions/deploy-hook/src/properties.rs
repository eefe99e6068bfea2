//! The custom resource's properties: `AppId`, `WebhookUrl`, `ApiVersion` and `IsReady` (`true`,
//! `false` or `keep`), all of them texts.

use channel_connection::{
    ids::InvalidId,
    public_url::{InvalidUrl, PublicUrl, Reach},
    settings::UnknownApiVersion,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{config::Target, registration::Readiness};

/// The reason the resource's properties cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// A property is missing or no text.
    #[error("the properties AppId, WebhookUrl, ApiVersion and IsReady must all be texts")]
    Shape,
    /// `AppId` is no app's.
    #[error("AppId {0}")]
    AppId(#[from] InvalidId),
    /// `WebhookUrl` cannot be told to HubSpot.
    #[error("WebhookUrl {0}")]
    WebhookUrl(#[from] InvalidUrl),
    /// `ApiVersion` is none that this project speaks.
    #[error("ApiVersion {0}")]
    ApiVersion(#[from] UnknownApiVersion),
    /// `IsReady` is none of the three.
    #[error("IsReady must be true, false or keep")]
    IsReady,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    app_id: String,
    webhook_url: String,
    api_version: String,
    is_ready: String,
}

/// Reads what is to be registered, and whether users shall see it.
pub(crate) fn parse(
    properties: &Value,
    reach: Reach,
) -> Result<(Target, Readiness), PropertyError> {
    let properties = Properties::deserialize(properties).map_err(|_| PropertyError::Shape)?;
    let target = Target {
        app_id: properties.app_id.parse()?,
        url: PublicUrl::parse(&properties.webhook_url, reach)?,
        api_version: properties.api_version.parse()?,
    };
    let readiness = match properties.is_ready.as_str() {
        "true" => Readiness::Ready,
        "false" => Readiness::NotReady,
        "keep" => Readiness::Keep,
        _ => return Err(PropertyError::IsReady),
    };
    Ok((target, readiness))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://calls.example.com/numbers";

    fn properties(app_id: &str, url: &str, version: &str, is_ready: &str) -> Value {
        json!({"AppId": app_id, "WebhookUrl": url, "ApiVersion": version, "IsReady": is_ready})
    }

    #[test]
    fn names_the_property_that_is_wrong() {
        let cases = [
            (
                json!({}),
                "the properties AppId, WebhookUrl, ApiVersion and IsReady must all be texts",
            ),
            (
                properties("x", URL, "v3", "keep"),
                "AppId must be a whole number from 1 to 9223372036854775807",
            ),
            (
                properties("1", "http://calls.example.com/", "v3", "keep"),
                "WebhookUrl must start with https://",
            ),
            (
                properties("1", URL, "v4", "keep"),
                "ApiVersion must be 2026-03, 2026-09 or v3",
            ),
            (
                properties("1", URL, "v3", "yes"),
                "IsReady must be true, false or keep",
            ),
        ];
        for (properties, message) in cases {
            let error = parse(&properties, Reach::Public).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
