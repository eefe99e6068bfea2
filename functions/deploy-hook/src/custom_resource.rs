//! CloudFormation's custom resource: the registration as a part of the stack.

use channel_connection::webhook_url::UrlPolicy;
use serde_json::Value;

use crate::{
    config::Target,
    properties::{Properties, PropertyError},
    readiness::Readiness,
    withdrawal::Leaving,
};

/// The end of the physical id of a resource that never came to be.
pub(crate) const NOT_CREATED: &str = "/not-created";

/// CloudFormation's event.
///
/// It has no `Debug`: whoever has the response URL can answer in our name.
pub(crate) struct ResourceEvent {
    event: Value,
    kind: Option<Kind>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Update,
    Delete,
}

/// What the stack asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Create or Update: the URL registered, proved, and ready as asked.
    Register {
        /// What to register.
        target: Target,
        /// The URL that this stack registered before.
        former_url: Option<String>,
        /// Whether users can select the app.
        readiness: Readiness,
    },
    /// Delete: the registration withdrawn, if it is this stack's.
    Withdraw(Target, Leaving),
    /// Delete of what shall stay, or never came to be, as explained.
    Nothing(&'static str),
}

/// The reason an event is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// CloudFormation asks for something that it could not ask for when this was written.
    #[error("RequestType must be Create, Update or Delete")]
    Kind,
    /// The resource's properties cannot be used.
    #[error(transparent)]
    Property(#[from] PropertyError),
}

impl ResourceEvent {
    /// Takes over what CloudFormation sent; `None` where nobody waits for an answer.
    ///
    /// Whatever else may be wrong with the event is told in the answer.
    pub(crate) fn new(event: Value) -> Option<Self> {
        event["ResponseURL"].as_str()?;
        let kind = match event["RequestType"].as_str() {
            Some("Create") => Some(Kind::Create),
            Some("Update") => Some(Kind::Update),
            Some("Delete") => Some(Kind::Delete),
            _ => None,
        };
        Some(Self { event, kind })
    }

    /// Returns where CloudFormation waits for the outcome: a presigned URL.
    pub(crate) fn response_url(&self) -> &str {
        self.text("ResponseURL")
    }

    /// Returns which stack asks, by its ARN.
    pub(crate) fn stack(&self) -> &str {
        self.text("StackId")
    }

    /// Returns what the stack asks for, for people.
    pub(crate) fn reason(&self) -> String {
        let deploy_id = self.event["ResourceProperties"]["DeployId"].as_str();
        let kind = self.text("RequestType");
        format!("{kind}, deploy {}", deploy_id.unwrap_or("none"))
    }

    /// Tells whether the secrets may be missing: at Create, and while nothing else has changed.
    ///
    /// A stack that creates its secrets comes before them; if it failed, they would go with it.
    pub(crate) fn may_precede_secrets(&self) -> bool {
        self.is(Kind::Create) || self.keeps_app_and_url()
    }

    /// Tells whether this is a roll-back that leaves app and URL as they are.
    ///
    /// CloudFormation does not say so, but then the deploy's id is the lower one. It has nothing to
    /// bring back, so it must not fail: a stack whose roll-back fails can no longer be updated. Nor
    /// does it take the place of whatever URL stands in HubSpot by then.
    pub(crate) fn rolls_back_in_place(&self) -> bool {
        let id = |properties: &str| -> Option<u128> {
            self.event[properties]["DeployId"].as_str()?.parse().ok()
        };
        let ids = id("ResourceProperties").zip(id("OldResourceProperties"));
        self.keeps_app_and_url() && ids.is_some_and(|(wanted, former)| wanted < former)
    }

    fn keeps_app_and_url(&self) -> bool {
        self.is(Kind::Update)
            && ["AppId", "WebhookUrl"].iter().all(|name| {
                self.event["ResourceProperties"][name] == self.event["OldResourceProperties"][name]
            })
    }

    /// Reads what the stack asks for.
    pub(crate) fn wish(&self, reach: UrlPolicy) -> Result<Wish, EventError> {
        let kind = self.kind.ok_or(EventError::Kind)?;
        if self.text("PhysicalResourceId").ends_with(NOT_CREATED) {
            return Ok(Wish::Nothing(
                "Nothing was registered, so nothing was removed.",
            ));
        }
        let properties = Properties::parse(&self.event["ResourceProperties"], reach)?;
        let target = properties.target;
        if kind == Kind::Delete {
            return Ok(match properties.on_delete {
                Some(leaving) => Wish::Withdraw(target, leaving),
                None => Wish::Nothing(
                    "HubSpot was not told: OnDelete=retain leaves the settings as they are.",
                ),
            });
        }
        let former = &self.event["OldResourceProperties"];
        let of_this_app = former["AppId"].as_str() == self.app_id();
        let former_url = former["WebhookUrl"].as_str().filter(|_| of_this_app);
        Ok(Wish::Register {
            target,
            former_url: former_url.map(str::to_owned),
            readiness: properties.readiness,
        })
    }

    /// Returns which app it is about, as the stack names it.
    pub(crate) fn app_id(&self) -> Option<&str> {
        self.event["ResourceProperties"]["AppId"].as_str()
    }

    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == Some(kind)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.event[name].as_str().unwrap_or_default()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) const URL: &str = "https://calls.example.com/numbers";

    pub(crate) fn sent(kind: &str, properties: &Value) -> Value {
        json!({
            "RequestType": kind, "RequestId": "r", "ResponseURL": "https://example.com/", "StackId": "s",
            "ResourceType": "Custom::ChannelConnection", "LogicalResourceId": "l",
            "PhysicalResourceId": "channel-connection/1", "ResourceProperties": properties,
            "OldResourceProperties": {"AppId": "1", "WebhookUrl": URL, "DeployId": "9"},
        })
    }

    pub(crate) fn event(kind: &str, properties: &Value) -> ResourceEvent {
        ResourceEvent::new(sent(kind, properties)).unwrap()
    }

    pub(crate) fn properties(app_id: &str, url: &str, deploy_id: &str) -> Value {
        json!({
            "AppId": app_id, "WebhookUrl": url, "ApiVersion": "v3", "IsReady": "keep", "DeployId": deploy_id,
        })
    }

    #[test]
    fn secrets_may_be_missing_until_an_update_changes_app_or_url() {
        let may = |kind, app, url| event(kind, &properties(app, url, "10")).may_precede_secrets();
        let other = "https://calls.example.com/other";
        assert!(may("Create", "2", other) && may("Update", "1", URL));
        assert!(!may("Update", "2", URL) && !may("Update", "1", other));
    }

    #[test]
    fn a_roll_back_in_place_has_the_lower_deploy_id_and_the_same_url() {
        let in_place = |url, id| event("Update", &properties("1", url, id)).rolls_back_in_place();
        assert!(in_place(URL, "8"));
        for (url, id) in [
            (URL, "9"),
            (URL, "10"),
            (URL, "none"),
            ("https://b.example.com/", "8"),
        ] {
            assert!(!in_place(url, id), "{url} {id}");
        }
        assert!(!event("Delete", &properties("1", URL, "8")).rolls_back_in_place());
    }

    #[test]
    fn the_url_of_another_app_is_no_former_url() {
        let former_url =
            |app| match event("Update", &properties(app, URL, "10")).wish(UrlPolicy::Public) {
                Ok(Wish::Register { former_url, .. }) => former_url,
                _ => None,
            };
        assert_eq!(former_url("1").as_deref(), Some(URL));
        assert_eq!(former_url("2"), None);
    }
}
