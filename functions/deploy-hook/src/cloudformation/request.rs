//! CloudFormation's request for the custom resource: the registration as a part of the stack.

use std::fmt::Display;

use aws_lambda_events::cloudformation::CloudFormationCustomResourceRequest as Request;
use channel_connection::webhook_url::{UrlPolicy, WebhookUrl};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    cloudformation::response::NOT_CREATED,
    config::Target,
    desired_state::{DesiredState, OnDelete},
};

/// The properties that decide the settings in HubSpot.
const SETTINGS: [&str; 4] = ["AppId", "WebhookUrl", "ApiVersion", "IsReady"];

/// CloudFormation's request.
pub(crate) struct StackRequest {
    kind: Kind,
    pub stack_id: String,
    physical_id: String,
    properties: Value,
    old_properties: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Update,
    Delete,
}

/// What the stack asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Register(DesiredState),
    Withdraw(Target, OnDelete),
    /// Nothing to do, for this reason.
    NoOp(&'static str),
}

/// The reason a property of the resource cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} {reason}")]
pub struct InvalidProperty {
    name: &'static str,
    reason: String,
}

impl StackRequest {
    /// Parses the event.
    pub(crate) fn parse(event: Value) -> Result<Self, InvalidProperty> {
        match serde_json::from_value(event) {
            Ok(Request::Create(new)) => Ok(Self::new(
                Kind::Create,
                new.stack_id,
                new.resource_properties,
            )),
            Ok(Request::Update(new)) => Ok(Self {
                physical_id: new.physical_resource_id,
                old_properties: new.old_resource_properties,
                ..Self::new(Kind::Update, new.stack_id, new.resource_properties)
            }),
            Ok(Request::Delete(old)) => Ok(Self {
                physical_id: old.physical_resource_id,
                ..Self::new(Kind::Delete, old.stack_id, old.resource_properties)
            }),
            _ => Err(InvalidProperty {
                name: "the event",
                reason: "must be a Create, Update or Delete of a custom resource".into(),
            }),
        }
    }

    fn new(kind: Kind, stack_id: String, properties: Value) -> Self {
        Self {
            kind,
            stack_id,
            physical_id: String::new(),
            properties,
            old_properties: Value::Null,
        }
    }

    /// Returns the operation that the stack asks for.
    pub(crate) fn operation(&self, policy: UrlPolicy) -> Result<Operation, InvalidProperty> {
        let properties = &self.properties;
        let is_delete = self.kind == Kind::Delete;
        if is_delete && self.physical_id.ends_with(NOT_CREATED) {
            let reason = "Nothing was registered, so nothing was removed.";
            return Ok(Operation::NoOp(reason));
        }
        let target = Target {
            app_id: parse(properties, "AppId", str::parse)?,
            url: parse(properties, "WebhookUrl", |url| {
                WebhookUrl::parse(url, policy)
            })?,
            api_version: parse(properties, "ApiVersion", str::parse)?,
        };
        if is_delete {
            let on_delete = match &properties["OnDelete"] {
                Value::Null => OnDelete::default(),
                _ => parse(properties, "OnDelete", |text| {
                    variant(text).ok_or("must be remove, hold or retain")
                })?,
            };
            return Ok(Operation::Withdraw(target, on_delete));
        }
        let previous_url = self.old_properties["WebhookUrl"].as_str();
        let previous_url = previous_url.filter(|_| self.has_same(&["AppId"]));
        Ok(Operation::Register(DesiredState {
            target,
            previous_url: previous_url.map(str::to_owned),
            is_ready: parse(properties, "IsReady", |text| {
                variant(text).ok_or("must be true, false or keep")
            })?,
            // A rollback takes no other URL's place.
            must_be_registered: self.is_rollback_in_place(),
        }))
    }

    /// Returns the reason for the log.
    pub(crate) fn reason(&self) -> String {
        let id = deploy_id(&self.properties).unwrap_or("none");
        format!("{:?}, deploy {id}", self.kind)
    }

    /// Returns whether the secrets may still be empty: the stack creates them before they are set.
    pub(crate) fn may_precede_secrets(&self) -> bool {
        self.kind == Kind::Create || self.changes_nothing()
    }

    /// Returns whether an update leaves the settings in HubSpot as they are.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.has_same(&SETTINGS)
    }

    /// CloudFormation does not say that it rolls back, but then the deploy's id is the lower one.
    pub(crate) fn is_rollback(&self) -> bool {
        // SAM cuts an id of more than ten digits, so that it does not compare.
        let order = |properties| {
            let id = deploy_id(properties).filter(|id| id.len() <= 10);
            id.and_then(|id| id.parse::<u64>().ok())
        };
        let ids = order(&self.properties).zip(order(&self.old_properties));
        self.kind == Kind::Update && ids.is_some_and(|(new, old)| new < old)
    }

    /// Returns whether this is a rollback to the same app and URL.
    pub(crate) fn is_rollback_in_place(&self) -> bool {
        self.is_rollback() && self.has_same(&["AppId", "WebhookUrl"])
    }

    fn has_same(&self, names: &[&str]) -> bool {
        let is_same = |name: &&str| self.properties[*name] == self.old_properties[*name];
        self.kind == Kind::Update && names.iter().all(is_same)
    }
}

fn deploy_id(properties: &Value) -> Option<&str> {
    properties["DeployId"].as_str()
}

/// Returns the variant of an enum by its name.
fn variant<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(name.into()).ok()
}

fn parse<T, E: Display>(
    properties: &Value,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, InvalidProperty> {
    let text = properties[name].as_str().ok_or_else(|| InvalidProperty {
        name,
        reason: "must be a text".into(),
    })?;
    parse(text).map_err(|error| InvalidProperty {
        name,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://calls.example.com/numbers";
    const OTHER: &str = "https://calls.example.com/other";

    fn properties() -> Value {
        json!({
            "AppId": "1", "WebhookUrl": URL, "ApiVersion": "v3", "IsReady": "keep", "DeployId": "9",
        })
    }

    fn event(kind: &str, changes: &[(&str, &str)]) -> StackRequest {
        let mut new = properties();
        for (name, value) in changes {
            new[name] = (*value).into();
        }
        let event = json!({
            "RequestType": kind, "RequestId": "r", "ResponseURL": "https://example.com/",
            "StackId": "s", "ResourceType": "Custom::ChannelConnection", "LogicalResourceId": "l",
            "PhysicalResourceId": "channel-connection/1", "ResourceProperties": new,
            "OldResourceProperties": properties(),
        });
        StackRequest::parse(event).unwrap()
    }

    fn update(name: &str, value: &str) -> StackRequest {
        event("Update", &[(name, value)])
    }

    #[test]
    fn secrets_may_be_empty_until_something_changes() {
        assert!(event("Create", &[("AppId", "2")]).may_precede_secrets());
        assert!(update("DeployId", "10").may_precede_secrets());
        assert!(update("OnDelete", "hold").may_precede_secrets());
        for (name, value) in [
            ("AppId", "2"),
            ("WebhookUrl", OTHER),
            ("ApiVersion", "2026-03"),
            ("IsReady", "false"),
        ] {
            assert!(!update(name, value).may_precede_secrets(), "{name}");
        }
    }

    #[test]
    fn a_rollback_has_the_lower_deploy_id() {
        let is_rollback = |changes: &[_]| event("Update", changes).is_rollback_in_place();
        let cases: [(&str, &[(&str, &str)], bool); 7] = [
            ("lower", &[("DeployId", "8")], true),
            ("equal", &[], false),
            ("higher", &[("DeployId", "10")], false),
            ("no number", &[("DeployId", "none")], false),
            ("eleven digits", &[("DeployId", "00000000008")], false),
            ("another app", &[("DeployId", "8"), ("AppId", "2")], false),
            (
                "another URL",
                &[("DeployId", "8"), ("WebhookUrl", OTHER)],
                false,
            ),
        ];
        for (case, changes, expected) in cases {
            assert_eq!(is_rollback(changes), expected, "{case}");
        }
        assert!(!event("Delete", &[("DeployId", "8")]).is_rollback_in_place());
    }

    #[test]
    fn another_apps_url_is_no_previous_url() {
        let previous_url = |request: StackRequest| match request.operation(UrlPolicy::Public) {
            Ok(Operation::Register(desired)) => desired.previous_url,
            _ => None,
        };
        assert_eq!(previous_url(update("DeployId", "10")).as_deref(), Some(URL));
        assert_eq!(previous_url(update("AppId", "2")), None);
    }

    #[test]
    fn names_an_invalid_property() {
        let cases = [
            (
                "AppId",
                "x",
                "must be a whole number from 1 to 9223372036854775807",
            ),
            (
                "WebhookUrl",
                "http://calls.example.com/",
                "must start with https://",
            ),
            ("ApiVersion", "v4", "must be 2026-03, 2026-09 or v3"),
            ("IsReady", "yes", "must be true, false or keep"),
        ];
        for (name, value, reason) in cases {
            let error = update(name, value)
                .operation(UrlPolicy::Public)
                .unwrap_err();
            assert_eq!(error.to_string(), format!("{name} {reason}"));
        }
        let delete = event("Delete", &[("OnDelete", "keep")]).operation(UrlPolicy::Public);
        let error = delete.unwrap_err().to_string();
        assert_eq!(error, "OnDelete must be remove, hold or retain");
    }
}
