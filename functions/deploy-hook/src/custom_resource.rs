//! CloudFormation's custom resource: the registration as a part of the stack.
//!
//! Properties: `AppId`, `WebhookUrl`, `ApiVersion` and `IsReady` (`true`, `false` or `keep`).

use aws_lambda_events::cloudformation::{
    CloudFormationCustomResourceRequest as Request,
    CloudFormationCustomResourceResponse as Response,
    CloudFormationCustomResourceResponseStatus as Status,
};
use channel_connection::{
    ids::InvalidId,
    public_url::{InvalidUrl, PublicUrl, Reach},
    settings::UnknownApiVersion,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{config::Target, registration::Readiness};

/// CloudFormation's event, with what the three kinds of it have in common.
///
/// It has no `Debug`: whoever has the response URL can answer in our name.
pub struct ResourceEvent {
    /// Where CloudFormation waits for the outcome: a presigned URL.
    pub response_url: String,
    answer: Response,
    properties: Value,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Update,
    Delete,
}

/// What the stack asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Create or Update: the URL registered, proved, and ready as asked.
    Register(Target, Readiness),
    /// Delete: the registration gone, if it is this stack's.
    Remove(Target),
    /// Delete of a resource that never came to be.
    Nothing,
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

impl ResourceEvent {
    /// Takes over what CloudFormation sent; `None` for a kind of event that does not exist today.
    pub fn new(request: Request) -> Option<Self> {
        let mut answer = Response::default();
        let (response_url, properties, kind);
        match request {
            Request::Create(event) => {
                (answer.stack_id, answer.request_id) = (event.stack_id, event.request_id);
                answer.logical_resource_id = event.logical_resource_id;
                (response_url, properties, kind) =
                    (event.response_url, event.resource_properties, Kind::Create);
            }
            Request::Update(event) => {
                (answer.stack_id, answer.request_id) = (event.stack_id, event.request_id);
                answer.logical_resource_id = event.logical_resource_id;
                (response_url, properties, kind) =
                    (event.response_url, event.resource_properties, Kind::Update);
            }
            Request::Delete(event) => {
                (answer.stack_id, answer.request_id) = (event.stack_id, event.request_id);
                answer.logical_resource_id = event.logical_resource_id;
                answer.physical_resource_id = event.physical_resource_id;
                (response_url, properties, kind) =
                    (event.response_url, event.resource_properties, Kind::Delete);
            }
            _ => return None,
        }
        Some(Self {
            response_url,
            answer,
            properties,
            kind,
        })
    }

    /// Tells whether the resource is only coming to be.
    pub fn is_create(&self) -> bool {
        self.kind == Kind::Create
    }

    /// Reads what the stack asks for.
    pub fn wish(&self, reach: Reach) -> Result<Wish, PropertyError> {
        match (self.kind, parse(&self.properties, reach)) {
            (Kind::Delete, Ok((target, _))) => Ok(Wish::Remove(target)),
            // With properties that were refused at Create, nothing was registered.
            (Kind::Delete, Err(_)) => Ok(Wish::Nothing),
            (_, Ok((target, readiness))) => Ok(Wish::Register(target, readiness)),
            (_, Err(error)) => Err(error),
        }
    }

    /// Writes the outcome as CloudFormation expects it, with its explanation.
    ///
    /// The template can read a success's explanation as the resource's attribute `Outcome`.
    pub fn answer(self, outcome: Result<String, String>) -> Response {
        let mut answer = self.answer;
        if self.kind != Kind::Delete {
            // Another app is another resource: CloudFormation then deletes the one before.
            let app = self.properties["AppId"].as_str().unwrap_or("unknown");
            answer.physical_resource_id = physical_id(app);
        }
        answer.status = if outcome.is_ok() {
            Status::Success
        } else {
            Status::Failed
        };
        let explanation = outcome.unwrap_or_else(|reason| reason);
        answer.data.insert("Outcome".into(), explanation.clone());
        answer.reason = Some(explanation);
        answer
    }
}

fn parse(properties: &Value, reach: Reach) -> Result<(Target, Readiness), PropertyError> {
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

fn physical_id(app: &str) -> String {
    format!("channel-connection/{app}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, properties: &Value) -> ResourceEvent {
        let request = json!({
            "RequestType": kind, "RequestId": "r", "ResponseURL": "https://example.com/", "StackId": "s",
            "ResourceType": "Custom::ChannelConnection", "LogicalResourceId": "l",
            "PhysicalResourceId": "channel-connection/1", "ResourceProperties": properties,
            "OldResourceProperties": properties,
        });
        ResourceEvent::new(serde_json::from_value(request).unwrap()).unwrap()
    }

    fn properties(app_id: &str, url: &str, version: &str, is_ready: &str) -> Value {
        json!({"AppId": app_id, "WebhookUrl": url, "ApiVersion": version, "IsReady": is_ready})
    }

    #[test]
    fn names_the_property_that_is_wrong() {
        let url = "https://calls.example.com/numbers";
        let cases = [
            (
                json!({}),
                "the properties AppId, WebhookUrl, ApiVersion and IsReady must all be texts",
            ),
            (
                properties("x", url, "v3", "keep"),
                "AppId must be a whole number from 1 to 9223372036854775807",
            ),
            (
                properties("1", "http://calls.example.com/", "v3", "keep"),
                "WebhookUrl must start with https://",
            ),
            (
                properties("1", url, "v4", "keep"),
                "ApiVersion must be 2026-03, 2026-09 or v3",
            ),
            (
                properties("1", url, "v3", "yes"),
                "IsReady must be true, false or keep",
            ),
        ];
        for (properties, message) in cases {
            let error = event("Create", &properties)
                .wish(Reach::Public)
                .unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(
                event("Delete", &properties).wish(Reach::Public),
                Ok(Wish::Nothing)
            );
        }
    }

    #[test]
    fn another_app_is_another_resource_but_a_deleted_one_keeps_its_id() {
        let properties = properties("2", "https://calls.example.com/", "v3", "keep");
        let id = |kind| {
            event(kind, &properties)
                .answer(Ok(String::new()))
                .physical_resource_id
        };
        assert_eq!(id("Update"), "channel-connection/2");
        assert_eq!(id("Delete"), "channel-connection/1");
    }
}
