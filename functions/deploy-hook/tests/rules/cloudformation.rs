//! CloudFormation, as far as one custom resource sees of it.

use serde_json::{Value, json};
use test_support::APP_ID;

use crate::steps::{APPS, Deploy, URLS};

pub const APP_IDS: [&str; APPS] = [APP_ID, "7654321"];

/// A deployed stack.
#[derive(Debug, Clone)]
pub struct Stack {
    pub properties: Properties,
    pub physical_id: String,
}

/// The custom resource's properties.
#[derive(Debug, Clone, Copy)]
pub struct Properties {
    pub deploy: Deploy,
    pub deploy_id: u64,
}

/// An event of the custom resource.
#[derive(Debug, Clone)]
pub enum Event {
    Create(Properties),
    Update {
        to: Properties,
        from: Properties,
        physical_id: String,
    },
    Delete(Stack),
}

impl Event {
    pub fn properties(&self) -> Properties {
        match self {
            Self::Create(properties) | Self::Update { to: properties, .. } => *properties,
            Self::Delete(stack) => stack.properties,
        }
    }

    /// Returns the event as CloudFormation sends it.
    pub fn to_json(&self, urls: &[String; URLS], response_url: &str) -> Value {
        let written = |Properties { deploy, deploy_id }: &Properties| {
            json!({
                "AppId": APP_IDS[deploy.app], "WebhookUrl": urls[deploy.url],
                "ApiVersion": "2026-03", "IsReady": deploy.is_ready,
                "OnDelete": deploy.on_delete, "DeployId": deploy_id.to_string(),
            })
        };
        let mut event = json!({
            "ResponseURL": response_url, "StackId": "stack", "RequestId": "request",
            "ResourceType": "Custom::ChannelConnection", "LogicalResourceId": "ChannelConnection",
            "ResourceProperties": written(&self.properties()),
        });
        match self {
            Self::Create(_) => event["RequestType"] = "Create".into(),
            Self::Update {
                from, physical_id, ..
            } => {
                event["RequestType"] = "Update".into();
                event["PhysicalResourceId"] = physical_id.as_str().into();
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
