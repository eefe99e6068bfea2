//! CloudFormation's custom resource: the registration as a part of the stack.

use aws_lambda_events::cloudformation::{
    CloudFormationCustomResourceRequest as Request,
    CloudFormationCustomResourceResponse as Response,
    CloudFormationCustomResourceResponseStatus as Status,
};
use channel_connection::public_url::Reach;
use serde_json::Value;

use crate::{
    config::Target,
    properties::{self, PropertyError},
    registration::Readiness,
};

/// The longest explanation, in bytes: CloudFormation refuses an answer of more than 4,096.
const LONGEST_EXPLANATION: usize = 1_000;
/// The end of the physical id of a resource that never came to be.
const NOT_CREATED: &str = "/not-created";

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

enum Kind {
    Create,
    Update { former_properties: Value },
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
    /// Delete: the registration gone, if it is this stack's.
    Remove(Target),
    /// Delete of a resource that never came to be.
    Nothing,
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
    /// Takes over what CloudFormation sent; `None` for a kind of event that does not exist today.
    pub fn new(request: Request) -> Option<Self> {
        let mut answer = Response::default();
        let (response_url, properties, kind);
        match request {
            Request::Create(event) => {
                (answer.stack_id, answer.request_id) = (event.stack_id, event.request_id);
                answer.logical_resource_id = event.logical_resource_id;
                (response_url, properties) = (event.response_url, event.resource_properties);
                kind = Kind::Create;
            }
            Request::Update(event) => {
                (answer.stack_id, answer.request_id) = (event.stack_id, event.request_id);
                answer.logical_resource_id = event.logical_resource_id;
                (response_url, properties) = (event.response_url, event.resource_properties);
                kind = Kind::Update {
                    former_properties: event.old_resource_properties,
                };
            }
            Request::Delete(event) => {
                (answer.stack_id, answer.request_id) = (event.stack_id, event.request_id);
                answer.logical_resource_id = event.logical_resource_id;
                answer.physical_resource_id = event.physical_resource_id;
                (response_url, properties) = (event.response_url, event.resource_properties);
                kind = Kind::Delete;
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

    /// Tells whether the secrets may be missing: at Create, and while nothing else has changed.
    ///
    /// A stack that creates its secrets comes before them; if it failed, they would go with it.
    pub fn may_precede_secrets(&self) -> bool {
        match &self.kind {
            Kind::Create => true,
            Kind::Update { former_properties } => ["AppId", "WebhookUrl"]
                .iter()
                .all(|name| self.properties[name] == former_properties[name]),
            Kind::Delete => false,
        }
    }

    /// Reads what the stack asks for.
    pub fn wish(&self, reach: Reach) -> Result<Wish, PropertyError> {
        if self.answer.physical_resource_id.ends_with(NOT_CREATED) {
            return Ok(Wish::Nothing);
        }
        let (target, readiness) = properties::parse(&self.properties, reach)?;
        let former_url = match &self.kind {
            Kind::Create => None,
            Kind::Update { former_properties } => {
                former_properties["WebhookUrl"].as_str().map(str::to_owned)
            }
            Kind::Delete => return Ok(Wish::Remove(target)),
        };
        Ok(Wish::Register {
            target,
            former_url,
            readiness,
        })
    }

    /// Writes the outcome as CloudFormation expects it.
    ///
    /// The template can read a success's explanation as the resource's attribute `Outcome`.
    pub fn answer(self, outcome: &Outcome) -> Response {
        let mut answer = self.answer;
        if !matches!(self.kind, Kind::Delete) {
            // Another app is another resource: CloudFormation then deletes the one before.
            let app = self.properties["AppId"].as_str().unwrap_or("unknown");
            answer.physical_resource_id = format!("channel-connection/{}", brief(app, 100));
        }
        // CloudFormation deletes what failed to be created; by this it is told from what was.
        if matches!(
            (outcome, &self.kind),
            (Outcome::NothingDone(_), Kind::Create)
        ) {
            answer.physical_resource_id.push_str(NOT_CREATED);
        }
        let (Outcome::Done(explanation)
        | Outcome::NothingDone(explanation)
        | Outcome::HalfDone(explanation)) = outcome;
        let explanation = brief(explanation, LONGEST_EXPLANATION);
        answer.reason = Some(explanation.to_owned());
        answer.status = Status::Failed;
        if let Outcome::Done(_) = outcome {
            answer.status = Status::Success;
            answer.data.insert("Outcome".into(), explanation.to_owned());
        }
        answer
    }
}

fn brief(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://calls.example.com/numbers";

    fn event(kind: &str, properties: &Value) -> ResourceEvent {
        let request = json!({
            "RequestType": kind, "RequestId": "r", "ResponseURL": "https://example.com/", "StackId": "s",
            "ResourceType": "Custom::ChannelConnection", "LogicalResourceId": "l",
            "PhysicalResourceId": "channel-connection/1", "ResourceProperties": properties,
            "OldResourceProperties": {"AppId": "1", "WebhookUrl": URL},
        });
        ResourceEvent::new(serde_json::from_value(request).unwrap()).unwrap()
    }

    fn properties(app_id: &str, url: &str, version: &str, is_ready: &str) -> Value {
        json!({"AppId": app_id, "WebhookUrl": url, "ApiVersion": version, "IsReady": is_ready})
    }

    #[test]
    fn another_app_is_another_resource_but_a_deleted_one_keeps_its_id() {
        let properties = properties("2", URL, "v3", "keep");
        let id = |kind| {
            event(kind, &properties)
                .answer(&Outcome::HalfDone(String::new()))
                .physical_resource_id
        };
        assert_eq!(id("Create"), "channel-connection/2");
        assert_eq!(id("Update"), "channel-connection/2");
        assert_eq!(id("Delete"), "channel-connection/1");
    }

    #[test]
    fn deleting_what_was_never_created_is_nothing_to_do() {
        let properties = properties("1", URL, "v3", "keep");
        let failed = event("Create", &properties).answer(&Outcome::NothingDone("why".into()));
        let mut delete = event("Delete", &properties);
        delete.answer.physical_resource_id = failed.physical_resource_id;
        assert_eq!(delete.wish(Reach::Public), Ok(Wish::Nothing));
    }

    #[test]
    fn an_answer_stays_under_cloudformations_4096_bytes_whatever_happened() {
        let properties = properties(&"9".repeat(9_000), URL, "v3", "keep");
        for outcome in [Outcome::Done, Outcome::NothingDone, Outcome::HalfDone] {
            let answer = event("Create", &properties).answer(&outcome("é".repeat(60_000)));
            assert!(serde_json::to_vec(&answer).unwrap().len() < 4_096);
        }
    }

    #[test]
    fn secrets_may_be_missing_until_an_update_changes_app_or_url() {
        let may =
            |kind, app, url| event(kind, &properties(app, url, "v3", "true")).may_precede_secrets();
        let other = "https://calls.example.com/other";
        assert!(may("Create", "2", other) && may("Update", "1", URL));
        assert!(!may("Update", "2", URL) && !may("Update", "1", other));
    }
}
