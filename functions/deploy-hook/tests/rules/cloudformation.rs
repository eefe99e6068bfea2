//! CloudFormation, as far as one custom resource sees of it.

use serde_json::{Value, json};

use crate::account::APP;

/// The stack, when it stands.
#[derive(Debug, Clone)]
pub struct Stack {
    pub properties: Properties,
    pub physical_id: String,
}

/// The custom resource's properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Properties {
    pub url: usize,
    pub is_ready: &'static str,
    pub on_delete: &'static str,
    pub deploy_id: u64,
}

/// An event as the hook gets it.
#[derive(Debug, Clone)]
pub enum Event {
    Create(Properties),
    Update { to: Properties, from: Properties },
    Delete(Stack),
}

impl Event {
    /// Which of the vendor's webhooks the event is about.
    pub fn properties(&self) -> &Properties {
        match self {
            Self::Create(properties) | Self::Update { to: properties, .. } => properties,
            Self::Delete(stack) => &stack.properties,
        }
    }

    /// Writes the event as CloudFormation sends it.
    pub fn to_json(&self, urls: &[String], response_url: &str) -> Value {
        let written = |properties: &Properties| {
            json!({
                "AppId": APP, "WebhookUrl": urls[properties.url], "ApiVersion": "2026-03",
                "IsReady": properties.is_ready, "OnDelete": properties.on_delete,
                "DeployId": properties.deploy_id.to_string(),
            })
        };
        let mut event = json!({
            "ResponseURL": response_url, "StackId": "stack", "RequestId": "request",
            "LogicalResourceId": "ChannelConnection", "ResourceProperties": written(self.properties()),
        });
        match self {
            Self::Create(_) => event["RequestType"] = "Create".into(),
            Self::Update { from, .. } => {
                event["RequestType"] = "Update".into();
                event["PhysicalResourceId"] = format!("channel-connection/{APP}").into();
                event["OldResourceProperties"] = written(from);
            }
            Self::Delete(stack) => {
                event["RequestType"] = "Delete".into();
                event["PhysicalResourceId"] = stack.physical_id.as_str().into();
            }
        }
        event
    }
}
