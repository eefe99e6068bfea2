//! CloudFormation's custom resource: the registration as a part of the stack.

use channel_connection::public_url::Reach;
use serde_json::{Value, json};

use crate::{
    config::Target,
    properties::{OnDelete, Properties, PropertyError},
    readiness::Readiness,
    registration::Leaving,
};

/// The longest explanation, in bytes: CloudFormation refuses an answer of more than 4,096.
const LONGEST_EXPLANATION: usize = 1_000;
/// The end of the physical id of a resource that never came to be.
const NOT_CREATED: &str = "/not-created";

/// CloudFormation's event.
///
/// It has no `Debug`: whoever has the response URL can answer in our name.
pub struct ResourceEvent {
    event: Value,
    kind: Option<Kind>,
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
    Register {
        /// What to register.
        target: Target,
        /// The URL that this stack registered before.
        former_url: Option<String>,
        /// Whether users shall see it.
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

/// What became of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done as explained.
    Done(String),
    /// It failed, and HubSpot holds what it held before.
    NothingDone(String),
    /// It failed, and HubSpot may hold something of it.
    HalfDone(String),
}

impl ResourceEvent {
    /// Takes over what CloudFormation sent; `None` where nobody waits for an answer.
    ///
    /// Whatever else may be wrong with the event is told in the answer.
    pub fn new(event: Value) -> Option<Self> {
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
    pub fn response_url(&self) -> &str {
        self.text("ResponseURL")
    }

    /// Returns which stack asks, by its ARN.
    pub fn stack(&self) -> &str {
        self.text("StackId")
    }

    /// Returns what the stack asks for, for people.
    pub fn reason(&self) -> String {
        let deploy_id = self.event["ResourceProperties"]["DeployId"].as_str();
        let kind = self.text("RequestType");
        format!("{kind}, deploy {}", deploy_id.unwrap_or("none"))
    }

    /// Tells whether the secrets may be missing: at Create, and while nothing else has changed.
    ///
    /// A stack that creates its secrets comes before them; if it failed, they would go with it.
    pub fn may_precede_secrets(&self) -> bool {
        self.kind == Some(Kind::Create) || self.keeps_app_and_url()
    }

    /// Tells whether this is a roll-back that leaves app and URL as they are.
    ///
    /// CloudFormation does not say so, but then the deploy's id is the lower one. There is nothing to
    /// bring back then, and a stack whose roll-back fails can no longer be updated.
    pub fn may_not_fail(&self) -> bool {
        let id = |properties: &str| -> Option<u128> {
            self.event[properties]["DeployId"].as_str()?.parse().ok()
        };
        let ids = id("ResourceProperties").zip(id("OldResourceProperties"));
        self.keeps_app_and_url() && ids.is_some_and(|(wanted, former)| wanted < former)
    }

    fn keeps_app_and_url(&self) -> bool {
        self.kind == Some(Kind::Update)
            && ["AppId", "WebhookUrl"].iter().all(|name| {
                self.event["ResourceProperties"][name] == self.event["OldResourceProperties"][name]
            })
    }

    /// Reads what the stack asks for.
    pub fn wish(&self, reach: Reach) -> Result<Wish, EventError> {
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
                OnDelete::Remove => Wish::Withdraw(target, Leaving::Nothing),
                OnDelete::Hold => Wish::Withdraw(target, Leaving::Hidden),
                OnDelete::Retain => Wish::Nothing(
                    "HubSpot was not told: OnDelete=retain leaves the settings as they are.",
                ),
            });
        }
        let former = &self.event["OldResourceProperties"];
        let of_this_app = former["AppId"] == self.event["ResourceProperties"]["AppId"];
        let former_url = former["WebhookUrl"].as_str().filter(|_| of_this_app);
        Ok(Wish::Register {
            target,
            former_url: former_url.map(str::to_owned),
            readiness: properties.readiness,
        })
    }

    /// Writes the outcome as CloudFormation expects it.
    ///
    /// The template can read a success's explanation as the resource's attribute `Outcome`.
    pub fn answer(&self, outcome: &Outcome) -> Value {
        let (status, explanation) = match outcome {
            Outcome::Done(explanation) => ("SUCCESS", explanation),
            Outcome::NothingDone(explanation) | Outcome::HalfDone(explanation) => {
                ("FAILED", explanation)
            }
        };
        let explanation = brief(explanation, LONGEST_EXPLANATION);
        let mut answer = json!({
            "Status": status, "Reason": explanation, "PhysicalResourceId": self.physical_id(outcome),
        });
        for name in ["StackId", "RequestId", "LogicalResourceId"] {
            answer[name] = self.text(name).into();
        }
        if status == "SUCCESS" {
            answer["Data"] = json!({"Outcome": explanation});
        }
        answer
    }

    fn physical_id(&self, outcome: &Outcome) -> String {
        if self.kind == Some(Kind::Delete) {
            return self.text("PhysicalResourceId").to_owned();
        }
        // Another app is another resource: CloudFormation then deletes the one before.
        let app = self.event["ResourceProperties"]["AppId"].as_str();
        let app = brief(app.unwrap_or("unknown"), 100);
        // CloudFormation deletes what failed to be created; by this it is told from what was.
        let never_came_to_be =
            self.kind == Some(Kind::Create) && matches!(outcome, Outcome::NothingDone(_));
        let end = if never_came_to_be { NOT_CREATED } else { "" };
        format!("channel-connection/{app}{end}")
    }

    fn text(&self, name: &str) -> &str {
        self.event[name].as_str().unwrap_or_default()
    }
}

fn brief(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://calls.example.com/numbers";

    fn event(kind: &str, properties: &Value) -> ResourceEvent {
        ResourceEvent::new(json!({
            "RequestType": kind, "RequestId": "r", "ResponseURL": "https://example.com/", "StackId": "s",
            "ResourceType": "Custom::ChannelConnection", "LogicalResourceId": "l",
            "PhysicalResourceId": "channel-connection/1", "ResourceProperties": properties,
            "OldResourceProperties": {"AppId": "1", "WebhookUrl": URL, "DeployId": "9"},
        }))
        .unwrap()
    }

    fn properties(app_id: &str, url: &str, deploy_id: &str) -> Value {
        json!({
            "AppId": app_id, "WebhookUrl": url, "ApiVersion": "v3", "IsReady": "keep", "DeployId": deploy_id,
        })
    }

    #[test]
    fn another_app_is_another_resource_but_a_deleted_one_keeps_its_id() {
        let id = |kind| {
            let answer =
                event(kind, &properties("2", URL, "10")).answer(&Outcome::HalfDone(String::new()));
            answer["PhysicalResourceId"].clone()
        };
        assert_eq!(id("Create"), "channel-connection/2");
        assert_eq!(id("Update"), "channel-connection/2");
        assert_eq!(id("Delete"), "channel-connection/1");
    }

    #[test]
    fn deleting_what_was_never_created_is_nothing_to_do() {
        let properties = properties("1", URL, "10");
        let failed = event("Create", &properties).answer(&Outcome::NothingDone("why".into()));
        let mut delete = event("Delete", &properties);
        delete.event["PhysicalResourceId"] = failed["PhysicalResourceId"].clone();
        assert!(matches!(delete.wish(Reach::Public), Ok(Wish::Nothing(_))));
    }

    #[test]
    fn an_answer_stays_under_cloudformations_4096_bytes_whatever_happened() {
        let properties = properties(&"9".repeat(9_000), URL, "10");
        for outcome in [Outcome::Done, Outcome::NothingDone, Outcome::HalfDone] {
            let answer = event("Create", &properties).answer(&outcome("é".repeat(60_000)));
            assert!(answer.to_string().len() < 4_096);
        }
    }

    #[test]
    fn secrets_may_be_missing_until_an_update_changes_app_or_url() {
        let may = |kind, app, url| event(kind, &properties(app, url, "10")).may_precede_secrets();
        let other = "https://calls.example.com/other";
        assert!(may("Create", "2", other) && may("Update", "1", URL));
        assert!(!may("Update", "2", URL) && !may("Update", "1", other));
    }

    #[test]
    fn a_roll_back_has_the_lower_deploy_id_and_may_fail_only_if_it_brings_a_url_back() {
        let may_not = |url, id| event("Update", &properties("1", url, id)).may_not_fail();
        assert!(may_not(URL, "8"));
        for (url, id) in [
            (URL, "9"),
            (URL, "10"),
            (URL, "none"),
            ("https://b.example.com/", "8"),
        ] {
            assert!(!may_not(url, id), "{url} {id}");
        }
        assert!(!event("Delete", &properties("1", URL, "8")).may_not_fail());
    }

    #[test]
    fn an_event_of_a_kind_to_come_is_answered_too() {
        let event = event("Import", &properties("1", URL, "10"));
        assert_eq!(event.wish(Reach::Public), Err(EventError::Kind));
        assert_eq!(
            event.answer(&Outcome::NothingDone(String::new()))["Status"],
            "FAILED"
        );
    }

    #[test]
    fn the_url_of_another_app_is_no_former_url() {
        let former_url =
            |app| match event("Update", &properties(app, URL, "10")).wish(Reach::Public) {
                Ok(Wish::Register { former_url, .. }) => former_url,
                _ => None,
            };
        assert_eq!(former_url("1").as_deref(), Some(URL));
        assert_eq!(former_url("2"), None);
    }
}
