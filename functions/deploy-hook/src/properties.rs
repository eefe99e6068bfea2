//! The custom resource's properties, all of them texts: `AppId`, `WebhookUrl`, `ApiVersion`,
//! `IsReady` (`true`, `false` or `keep`), `OnDelete` (`remove`, `hold` or `retain`) and `DeployId`.

use channel_connection::{
    ids::InvalidId,
    settings::UnknownApiVersion,
    webhook_url::{InvalidUrl, UrlPolicy, WebhookUrl},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    config::Target,
    readiness::{Readiness, UnknownReadiness},
    withdrawal::Leaving,
};

/// The resource's properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Properties {
    /// Which settings are meant, and the URL they should hold.
    pub target: Target,
    /// Whether users can select the app.
    pub readiness: Readiness,
    /// What is left of the settings when the stack goes; `None` where they stay as they are.
    pub on_delete: Option<Leaving>,
}

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
    #[error("IsReady {0}")]
    IsReady(#[from] UnknownReadiness),
    /// `OnDelete` is none of the three.
    #[error("OnDelete must be remove, hold or retain")]
    OnDelete,
}

impl Properties {
    /// Reads the properties as CloudFormation sends them.
    pub(crate) fn parse(properties: &Value, reach: UrlPolicy) -> Result<Self, PropertyError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Texts {
            app_id: String,
            webhook_url: String,
            api_version: String,
            is_ready: String,
            on_delete: Option<String>,
        }
        let texts = Texts::deserialize(properties).map_err(|_| PropertyError::Shape)?;
        Ok(Self {
            target: Target {
                app_id: texts.app_id.parse()?,
                url: WebhookUrl::parse(&texts.webhook_url, reach)?,
                api_version: texts.api_version.parse()?,
            },
            readiness: texts.is_ready.parse()?,
            on_delete: match texts.on_delete.as_deref() {
                None | Some("remove") => Some(Leaving::Nothing),
                Some("hold") => Some(Leaving::HeldBack),
                Some("retain") => None,
                Some(_) => return Err(PropertyError::OnDelete),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://calls.example.com/numbers";

    fn properties(app_id: &str, url: &str, version: &str, is_ready: &str) -> Value {
        json!({"AppId": app_id, "WebhookUrl": url, "ApiVersion": version, "IsReady": is_ready, "OnDelete": "hold"})
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
            let error = Properties::parse(&properties, UrlPolicy::Public).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn settings_are_removed_with_their_stack_unless_it_says_otherwise() {
        let on_delete = |value: Value| {
            let mut properties = properties("1", URL, "v3", "keep");
            properties["OnDelete"] = value;
            Properties::parse(&properties, UrlPolicy::Public).map(|properties| properties.on_delete)
        };
        assert_eq!(on_delete(Value::Null), Ok(Some(Leaving::Nothing)));
        assert_eq!(on_delete("hold".into()), Ok(Some(Leaving::HeldBack)));
        assert_eq!(on_delete("retain".into()), Ok(None));
        assert_eq!(on_delete("delete".into()), Err(PropertyError::OnDelete));
    }
}
