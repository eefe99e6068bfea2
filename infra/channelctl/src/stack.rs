//! A stack as CloudFormation knows it: its outputs, parameters and times.

pub mod samconfig;
pub mod target;

use std::collections::HashMap;

use aws_sdk_cloudformation::{Client, error::ProvideErrorMetadata, types};
use channel_connection::{ids::AppId, webhook_url::WebhookUrl};
use jiff::Timestamp;

use crate::{
    aws::AwsError,
    outcome::Failure,
    stack::target::{LOCAL, Target},
    terminal,
};

const START: &str = "Start it in another terminal: make run";

/// A stack of this project's template.
#[derive(Debug, Clone)]
pub struct Stack {
    pub target: Target,
    /// Its id, by which CloudFormation knows it when it is gone, too.
    pub id: String,
    /// CloudFormation's status, like `UPDATE_COMPLETE`.
    pub status: String,
    pub deployed_at: Option<Timestamp>,
    /// Whether CloudFormation refuses to delete it.
    pub is_protected: bool,
    outputs: HashMap<String, String>,
    parameters: HashMap<String, String>,
}

impl Stack {
    /// Reads a stack from CloudFormation.
    pub async fn find(target: Target) -> Result<Self, Failure> {
        let found = Self::lookup(&target).await?;
        found.ok_or_else(|| missing(&target))
    }

    /// Reads a stack from CloudFormation; `None` where there is none of that name.
    pub async fn lookup(target: &Target) -> Result<Option<Self>, Failure> {
        let client = Client::new(&target.aws);
        let request = client.describe_stacks().stack_name(&target.stack).send();
        match terminal::wait("CloudFormation", request).await {
            Ok(response) => {
                let stack = response.stacks.unwrap_or_default().pop();
                Ok(stack.map(|stack| Self::described(target.clone(), stack)))
            }
            Err(error) if error.code() == Some("ValidationError") => Ok(None),
            Err(error) => Err(match AwsError::new("read the stack", &error) {
                error if target.is_local() && error.is_of_no_aws() => {
                    Failure::failed(format!("The local AWS is not up. {START}"))
                }
                error @ AwsError::SignedOut(_) => Failure::from(error).then(target.sign_in()),
                error => error.into(),
            }),
        }
    }

    fn described(target: Target, stack: types::Stack) -> Self {
        let outputs = stack.outputs.unwrap_or_default().into_iter();
        let parameters = stack.parameters.unwrap_or_default().into_iter();
        let changed = stack.last_updated_time.or(stack.creation_time);
        let status = stack.stack_status;
        Self {
            target,
            id: stack.stack_id.unwrap_or_default(),
            status: status.map_or_else(String::new, |status| status.as_str().into()),
            deployed_at: changed.and_then(|time| Timestamp::from_second(time.secs()).ok()),
            is_protected: stack.enable_termination_protection.unwrap_or_default(),
            outputs: outputs
                .filter_map(|output| output.output_key.zip(output.output_value))
                .collect(),
            parameters: parameters
                .filter_map(|parameter| parameter.parameter_key.zip(parameter.parameter_value))
                .collect(),
        }
    }

    /// Returns an output that the template has.
    pub fn output(&self, name: &'static str) -> Result<&str, Failure> {
        let value = self.outputs.get(name).map(String::as_str);
        value.ok_or_else(|| {
            let (stack, status) = (&self.target.stack, &self.status);
            let missing = format!("The stack {stack}, {status}, has no output {name}.");
            Failure::failed(missing).then(self.command("doctor"))
        })
    }

    /// Returns the id of the app that the stack is for.
    pub fn app_id(&self) -> Result<AppId, Failure> {
        let text = self.parameter("AppId").unwrap_or_default();
        text.parse()
            .map_err(|error| Failure::failed(format!("The stack's parameter AppId {error}")))
    }

    /// Returns the URL that HubSpot calls.
    pub fn webhook_url(&self) -> Result<WebhookUrl, Failure> {
        WebhookUrl::parse(self.output("WebhookUrl")?, self.target.url_policy())
            .map_err(|error| Failure::failed(format!("The stack's output WebhookUrl {error}")))
    }

    /// Returns the value that a parameter has.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Writes the command of this program that does something to this stack.
    pub fn command(&self, command: &str) -> String {
        self.target.command(command)
    }

    /// Tells whether the first deploy failed, after which the stack can only be deleted.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>
    pub fn was_never_created(&self) -> bool {
        ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"].contains(&self.status.as_str())
    }

    /// Tells whether CloudFormation still works on it; one that only has a change set waits.
    pub fn is_in_progress(&self) -> bool {
        !self.has_only_a_change_set() && self.status.ends_with("_IN_PROGRESS")
    }

    /// Tells whether nothing was created yet, as after a first `diff` that was interrupted.
    pub fn has_only_a_change_set(&self) -> bool {
        self.status == "REVIEW_IN_PROGRESS"
    }
}

fn missing(target: &Target) -> Failure {
    let place = if target.is_local() {
        "the local AWS"
    } else {
        target.region()
    };
    let missing = format!("There is no stack {} in {place}.", target.stack);
    if target.stage.is_some() {
        Failure::failed(missing).then(target.command("deploy"))
    } else if target.named == LOCAL {
        Failure::failed(format!("{missing} {START}"))
    } else {
        Failure::failed(format!("{missing} Check its name, --profile and --region."))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::stack::target::tests::target;

    /// Makes up a stack of the stage dev, in a state and with a parameter.
    pub(crate) fn stack(status: &str, (name, value): (&str, &str)) -> Stack {
        Stack {
            target: target(&["--stage", "dev"]),
            id: String::new(),
            status: status.into(),
            deployed_at: None,
            is_protected: false,
            outputs: HashMap::new(),
            parameters: [("AppId", "1234567"), (name, value)]
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
        }
    }
}
