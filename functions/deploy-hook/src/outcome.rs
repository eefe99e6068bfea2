//! What became of a stack's event, as CloudFormation is told of it.

use serde_json::{Value, json};

use crate::{
    custom_resource::{Kind, NOT_CREATED, ResourceEvent},
    hook_error::HookError,
    register_error::RegisterError,
};

/// The longest explanation in bytes, which a success has twice: CloudFormation refuses an answer of more
/// than 4,096.
const MAX_EXPLANATION: usize = 1_000;

/// What became of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was done as explained.
    Done(String),
    /// It failed, and HubSpot holds what it held before.
    NothingDone(String),
    /// It failed, and HubSpot may hold something of it.
    HalfDone(String),
}

impl From<Result<&String, &HookError>> for Outcome {
    fn from(fulfilled: Result<&String, &HookError>) -> Self {
        match fulfilled {
            Ok(done) => Self::Done(done.clone()),
            Err(
                error @ (HookError::Register(RegisterError::NotRestored { .. })
                | HookError::Withdraw(_)
                | HookError::OutOfTime),
            ) => Self::HalfDone(error.to_string()),
            Err(error) => Self::NothingDone(error.to_string()),
        }
    }
}

impl Outcome {
    /// Writes the outcome as CloudFormation expects it.
    ///
    /// The template can read a success's explanation as the resource's attribute `Outcome`.
    pub(crate) fn answer(&self, event: &ResourceEvent) -> Value {
        let (status, explanation) = match self {
            Self::Done(explanation) => ("SUCCESS", explanation),
            Self::NothingDone(explanation) | Self::HalfDone(explanation) => ("FAILED", explanation),
        };
        let explanation = brief(explanation, MAX_EXPLANATION);
        let mut answer = json!({
            "Status": status, "Reason": explanation, "PhysicalResourceId": self.physical_id(event),
        });
        for name in ["StackId", "RequestId", "LogicalResourceId"] {
            answer[name] = event.text(name).into();
        }
        if status == "SUCCESS" {
            answer["Data"] = json!({"Outcome": explanation});
        }
        answer
    }

    fn physical_id(&self, event: &ResourceEvent) -> String {
        if event.is(Kind::Delete) {
            return event.text("PhysicalResourceId").to_owned();
        }
        // Another app is another resource: CloudFormation then deletes the one before.
        let app = brief(event.app_id().unwrap_or("unknown"), 100);
        // CloudFormation deletes what failed to be created; by this it is told from what was.
        let never_came_to_be = event.is(Kind::Create) && matches!(self, Self::NothingDone(_));
        let end = if never_came_to_be { NOT_CREATED } else { "" };
        format!("channel-connection/{app}{end}")
    }
}

/// Cuts a text to what takes so many bytes once it is quoted as JSON.
fn brief(text: &str, bytes: usize) -> &str {
    let mut size = 0;
    let fits = |character: &char| {
        size += match character {
            '"' | '\\' => 2,
            control if control.is_control() => 6,
            other => other.len_utf8(),
        };
        size <= bytes
    };
    let length = text.chars().take_while(fits).map(char::len_utf8).sum();
    &text[..length]
}

#[cfg(test)]
mod tests {
    use channel_connection::webhook_url::UrlPolicy;

    use super::*;
    use crate::custom_resource::{
        EventError, Wish,
        tests::{URL, event, properties, sent},
    };

    #[test]
    fn another_app_is_another_resource_but_a_deleted_one_keeps_its_id() {
        let id = |kind| {
            let event = event(kind, &properties("2", URL, "10"));
            let answer = Outcome::HalfDone(String::new()).answer(&event);
            answer["PhysicalResourceId"].clone()
        };
        assert_eq!(id("Create"), "channel-connection/2");
        assert_eq!(id("Update"), "channel-connection/2");
        assert_eq!(id("Delete"), "channel-connection/1");
    }

    #[test]
    fn deleting_what_was_never_created_is_nothing_to_do() {
        let properties = properties("1", URL, "10");
        let failed = Outcome::NothingDone("why".into()).answer(&event("Create", &properties));
        let mut delete = sent("Delete", &properties);
        delete["PhysicalResourceId"] = failed["PhysicalResourceId"].clone();
        let delete = ResourceEvent::new(delete).unwrap();
        assert!(matches!(
            delete.wish(UrlPolicy::Public),
            Ok(Wish::Nothing(_))
        ));
    }

    #[test]
    fn an_answer_stays_under_cloudformations_4096_bytes_whatever_happened() {
        let properties = properties(&"9".repeat(9_000), URL, "10");
        for outcome in [Outcome::Done, Outcome::NothingDone, Outcome::HalfDone] {
            for character in ["é", "\"", "\u{1}"] {
                let answer = outcome(character.repeat(60_000));
                let answer = answer.answer(&event("Create", &properties));
                assert!(answer.to_string().len() < 4_096, "{character:?}");
            }
        }
    }

    #[test]
    fn an_event_of_a_kind_to_come_is_answered_too() {
        let event = event("Import", &properties("1", URL, "10"));
        assert_eq!(event.wish(UrlPolicy::Public), Err(EventError::Kind));
        let answer = Outcome::NothingDone(String::new()).answer(&event);
        assert_eq!(answer["Status"], "FAILED");
    }
}
