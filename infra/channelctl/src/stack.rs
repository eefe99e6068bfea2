//! A stack as CloudFormation knows it: its outputs, parameters and times.

use std::collections::HashMap;

use aws_sdk_cloudformation::{Client, error::ProvideErrorMetadata, types};
use channel_connection::{
    ids::{AppId, InvalidId},
    webhook_url::{InvalidUrl, UrlPolicy, WebhookUrl},
};
use jiff::Timestamp;

use crate::{
    aws_error::AwsError,
    target::{LOCAL, Target},
};

const START: &str = "Start it in another terminal: make run";

/// A stack of this project's template.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Where it is.
    pub target: Target,
    /// Its id, by which CloudFormation knows it when it is gone, too.
    pub id: String,
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
    /// Nothing listens where `make run` would.
    #[error("The local AWS is not up. {START}")]
    LocalIsDown,
    /// The stack never came to be, or is another template's, or an older one of this.
    #[error("The stack {stack}, {status}, has no output {name}. Find out why: {advice}")]
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
    /// Reads a stack from CloudFormation.
    pub async fn find(target: Target) -> Result<Self, StackError> {
        match Self::lookup(&target).await? {
            Some(stack) => Ok(stack),
            None => Err(missing(&target)),
        }
    }

    /// Reads a stack from CloudFormation; `None` where there is none of that name.
    pub async fn lookup(target: &Target) -> Result<Option<Self>, StackError> {
        let client = Client::new(&target.aws);
        let answer = client
            .describe_stacks()
            .stack_name(&target.stack)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let stack = answer.stacks.unwrap_or_default().pop();
                Ok(stack.map(|stack| Self::described(target.clone(), stack)))
            }
            Err(error) if error.code() == Some("ValidationError") => Ok(None),
            Err(error) => match AwsError::new("read the stack", &error) {
                AwsError::NoAnswer(_) if target.is_local() => Err(StackError::LocalIsDown),
                error => Err(error.into()),
            },
        }
    }

    fn described(target: Target, stack: types::Stack) -> Self {
        let outputs = stack.outputs.unwrap_or_default().into_iter();
        let parameters = stack.parameters.unwrap_or_default().into_iter();
        let changed = stack.last_updated_time.or(stack.creation_time);
        Self {
            target,
            id: stack.stack_id.unwrap_or_default(),
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
        Self::of_target(Target::of_options(&["--stage", "dev"]), status)
    }

    /// Makes up a stack that was deployed with a parameter.
    #[cfg(test)]
    pub(crate) fn with_parameter(name: &str, value: &str) -> Self {
        let mut stack = Self::in_state("UPDATE_COMPLETE");
        stack.set_parameter(name, value);
        stack
    }

    /// Gives a made-up stack a parameter.
    #[cfg(test)]
    pub(crate) fn set_parameter(&mut self, name: &str, value: &str) {
        self.parameters.insert(name.into(), value.into());
    }

    /// Makes up a stack without outputs, named in one of the ways there are.
    #[cfg(test)]
    pub(crate) fn of_target(target: Target, status: &str) -> Self {
        Self {
            target,
            id: String::new(),
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
        let text = self.parameter("AppId");
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

    /// Returns the value that a parameter has.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Writes the command of this program that does something to this stack.
    pub fn command(&self, command: &str) -> String {
        self.target.command(command)
    }
}

pub(crate) fn missing(target: &Target) -> StackError {
    let advice = if target.stage.is_some() {
        format!("Deploy it: {}", target.command("deploy"))
    } else if target.named == LOCAL {
        START.into()
    } else {
        "Check its name, --profile and --region.".into()
    };
    let place = if target.is_local() {
        " in the local AWS".to_owned()
    } else {
        format!(" in {}", target.region())
    };
    StackError::Missing {
        stack: target.stack.clone(),
        place,
        advice,
    }
}
