//! A stack as CloudFormation knows it: its outputs, parameters and times.

use std::collections::HashMap;

use aws_sdk_cloudformation::{Client, error::ProvideErrorMetadata, types};
use channel_connection::{
    ids::{AppId, InvalidId},
    webhook_url::{InvalidUrl, UrlPolicy, WebhookUrl},
};
use jiff::Timestamp;

use crate::{aws_error::AwsError, target::Target};

/// A stack of this project's template.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Where it is.
    pub target: Target,
    /// CloudFormation's status, like `UPDATE_COMPLETE`.
    pub status: String,
    /// When it was last deployed.
    pub changed: Option<Timestamp>,
    outputs: HashMap<String, String>,
    parameters: HashMap<String, String>,
}

/// The reason there is no stack to work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StackError {
    /// CloudFormation has none of that name.
    #[error("There is no stack {stack}{place}. {advice}")]
    Missing {
        /// Its name.
        stack: String,
        /// The region, in words.
        place: String,
        /// How to get one.
        advice: String,
    },
    /// The stack never came to be, or is another template's, or an older one of this.
    #[error("The stack {stack}, {status}, has no output {name}. What fixes it: {advice}")]
    NoOutput {
        /// The stack's name.
        stack: String,
        /// How CloudFormation left it.
        status: String,
        /// The output.
        name: &'static str,
        /// The command that tells what to do.
        advice: String,
    },
    /// The stack's parameter `AppId` is none.
    #[error("The stack's parameter AppId {0}")]
    AppId(InvalidId),
    /// The stack's webhook URL cannot be called.
    #[error("The stack's output WebhookUrl {0}")]
    Url(InvalidUrl),
    /// AWS did not say.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl Stack {
    /// Asks CloudFormation for a stack.
    pub async fn find(target: Target) -> Result<Self, StackError> {
        let client = Client::new(&target.aws);
        let answer = client
            .describe_stacks()
            .stack_name(&target.stack)
            .send()
            .await;
        let described = match answer {
            Ok(answer) => answer.stacks.unwrap_or_default().pop(),
            Err(error) if error.code() == Some("ValidationError") => None,
            Err(error) => match AwsError::new("read the stack", &error) {
                AwsError::NoAnswer(_) if target.is_local() => None,
                error => return Err(error.into()),
            },
        };
        match described {
            Some(stack) => Ok(Self::described(target, stack)),
            None => Err(missing(&target)),
        }
    }

    fn described(target: Target, stack: types::Stack) -> Self {
        let outputs = stack.outputs.unwrap_or_default().into_iter();
        let parameters = stack.parameters.unwrap_or_default().into_iter();
        let changed = stack.last_updated_time.or(stack.creation_time);
        Self {
            target,
            status: stack
                .stack_status
                .map_or_else(String::new, |status| status.as_str().into()),
            changed: changed.and_then(|time| Timestamp::from_second(time.secs()).ok()),
            outputs: outputs
                .filter_map(|output| output.output_key.zip(output.output_value))
                .collect(),
            parameters: parameters
                .filter_map(|parameter| parameter.parameter_key.zip(parameter.parameter_value))
                .collect(),
        }
    }

    /// Makes up a stack without outputs, for tests of what is said of one.
    #[cfg(test)]
    pub(crate) fn in_state(status: &str) -> Self {
        Self {
            target: Target {
                stack: "calls-dev".into(),
                named: "--stage dev".into(),
                stage: Some("dev".into()),
                aws: aws_config::SdkConfig::builder().build(),
            },
            status: status.into(),
            changed: None,
            outputs: HashMap::new(),
            parameters: [("AppId".into(), "1234567".into())].into(),
        }
    }

    /// Returns an output that the template has.
    pub fn output(&self, name: &'static str) -> Result<&str, StackError> {
        let value = self.outputs.get(name).map(String::as_str);
        value.ok_or_else(|| StackError::NoOutput {
            stack: self.target.stack.clone(),
            status: self.status.clone(),
            name,
            advice: self.command("doctor"),
        })
    }

    /// Returns which app the stack is for.
    pub fn app_id(&self) -> Result<AppId, StackError> {
        let text = self.parameters.get("AppId").map(String::as_str);
        text.unwrap_or_default().parse().map_err(StackError::AppId)
    }

    /// Returns the URL that HubSpot calls.
    pub fn webhook_url(&self) -> Result<WebhookUrl, StackError> {
        let url = self.output("WebhookUrl")?;
        let reach = if self.target.aws.endpoint_url().is_some() {
            UrlPolicy::Local
        } else {
            UrlPolicy::Public
        };
        WebhookUrl::parse(url, reach).map_err(StackError::Url)
    }

    /// Writes the command that does something of `make` to this stack.
    pub fn make(&self, goal: &str) -> String {
        match &self.target.stage {
            Some(stage) => format!("make {goal} STAGE={stage}"),
            None => format!("make {goal}"),
        }
    }

    /// Writes the command of this program that does something to this stack.
    pub fn command(&self, command: &str) -> String {
        format!("channelctl {} {command}", self.target.named)
    }
}

fn missing(target: &Target) -> StackError {
    let advice = match &target.stage {
        Some(stage) => format!("Deploy it: make deploy STAGE={stage}"),
        None if target.is_local() => "Start it in another terminal: make run".into(),
        None => "Check its name, --profile and --aws-region.".into(),
    };
    let place = target.aws.region().filter(|_| !target.is_local());
    StackError::Missing {
        stack: target.stack.clone(),
        place: place
            .map(|region| format!(" in {region}"))
            .unwrap_or_default(),
        advice,
    }
}
