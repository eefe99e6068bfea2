//! Which stack is meant: a stage of samconfig.toml, a stack by its name, or the local one.

use std::{borrow::Cow, env, fmt::Write as _, fs};

use aws_config::{Region, SdkConfig};
use aws_sdk_sts::config::Credentials;
use channel_connection::webhook_url::UrlPolicy;
use clap::Args;
use serde::Deserialize;

use crate::{
    aws,
    outcome::Failure,
    stack::samconfig::{self, Stage},
};

/// The option that names the stack of `make run`.
pub const LOCAL: &str = "--local";
const LOCAL_STACK: &str = "channel-connection-local";
const LOCAL_REGION: &str = "us-east-1";
/// Where `make run` says which ports it took.
const LOCAL_PORTS: &str = ".local/run/stack.json";
const STAGE_VARIABLE: &str = "CHANNELCTL_STAGE";
const STACK_VARIABLE: &str = "CHANNELCTL_STACK";

/// The options that name a stack.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetOptions {
    /// Stage, as in infra/samconfig.toml
    #[arg(long, global = true, display_order = 90, conflicts_with = "stack")]
    pub stage: Option<String>,
    /// Stack, by its name
    #[arg(long, global = true, display_order = 91)]
    pub stack: Option<String>,
    /// Local AWS: the stack of `make run`
    #[arg(long, global = true, display_order = 92)]
    pub local: bool,
    /// AWS profile to sign in with
    #[arg(long, global = true, display_order = 93)]
    pub profile: Option<String>,
    /// AWS region
    #[arg(long, global = true, display_order = 94)]
    pub region: Option<String>,
}

/// A stack that is meant, wherever it is.
#[derive(Debug, Clone)]
pub struct Target {
    pub stack: String,
    /// The options that name it again in advice: `--stage dev`.
    pub named: String,
    pub stage: Option<Stage>,
    pub profile: Option<String>,
    /// The ports of the local stack, where that is meant.
    pub local: Option<LocalPorts>,
    pub aws: SdkConfig,
}

/// Where the parts of the stack that `make run` keeps up listen on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct LocalPorts {
    pub aws: u16,
    pub hubspot: u16,
}

impl Default for LocalPorts {
    fn default() -> Self {
        Self {
            aws: 4566,
            hubspot: 4577,
        }
    }
}

impl TargetOptions {
    /// Finds out which stack is meant; nothing is sent yet.
    pub async fn target(&self) -> Result<Target, Failure> {
        self.target_if_named().await?.ok_or_else(|| {
            Failure::usage(format!(
                "No stack named. Add --stage dev, --stack NAME, or --local for the stack of `make run`; or set {STAGE_VARIABLE} or {STACK_VARIABLE}."
            ))
        })
    }

    /// Finds out which stack is meant; `None` if nothing names one.
    pub async fn target_if_named(&self) -> Result<Option<Target>, Failure> {
        let (stage, stack) = self.names()?;
        let of_stage = stage.as_ref().map(|stage| stage.stack_name.clone());
        let of_local = self.local.then(|| LOCAL_STACK.into());
        let Some(name) = stack.clone().or(of_stage).or(of_local) else {
            return Ok(None);
        };
        Ok(Some(Target {
            named: self.named(stage.as_ref(), stack.as_deref()),
            stack: name,
            profile: self.profile_of(stage.as_ref()),
            local: self.local.then(local_ports),
            aws: self.aws(stage.as_ref()).await?,
            stage,
        }))
    }

    /// Reaches AWS without asking for a stack, as for a table that is named itself.
    pub async fn aws_alone(&self) -> Result<SdkConfig, Failure> {
        self.aws(self.names()?.0.as_ref()).await
    }

    /// Returns the stage and the stack that are named; the environment counts where no option does.
    fn names(&self) -> Result<(Option<Stage>, Option<String>), Failure> {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let (stage, stack) = if self.local || self.stage.is_some() || self.stack.is_some() {
            (self.stage.clone(), self.stack.clone())
        } else {
            (variable(STAGE_VARIABLE), variable(STACK_VARIABLE))
        };
        if stage.is_some() && stack.is_some() {
            return Err(Failure::usage(format!(
                "Both {STAGE_VARIABLE} and {STACK_VARIABLE} are set. Unset one, or add --stage or --stack."
            )));
        }
        Ok((stage.as_deref().map(samconfig::stage).transpose()?, stack))
    }

    /// Writes the options that lead to the same stack, in the same account and region.
    fn named(&self, stage: Option<&Stage>, stack: Option<&str>) -> String {
        let options = [
            ("--stage", stage.map(|stage| stage.name.as_str())),
            ("--stack", stack),
            ("--profile", self.profile.as_deref()),
            ("--region", self.region.as_deref()),
        ];
        let mut named = if self.local { "--local " } else { "" }.to_owned();
        for (option, value) in options {
            if let Some(value) = value {
                let _ = write!(named, "{option} {} ", shell_word(value));
            }
        }
        named.trim_end().to_owned()
    }

    fn profile_of(&self, stage: Option<&Stage>) -> Option<String> {
        let of_stage = stage.and_then(|stage| stage.profile.clone());
        let profile = self.profile.clone().or(of_stage);
        profile.filter(|_| !self.local)
    }

    async fn aws(&self, stage: Option<&Stage>) -> Result<SdkConfig, Failure> {
        if self.local {
            return Ok(local_aws().await);
        }
        let mut loader = aws::loader();
        let profile = self.profile_of(stage);
        if let Some(profile) = &profile {
            loader = loader.profile_name(profile);
        }
        let of_stage = stage.and_then(|stage| stage.region.clone());
        if let Some(region) = self.region.clone().or(of_stage) {
            loader = loader.region(Region::new(region));
        }
        let aws = loader.load().await;
        let region = aws.region().cloned().ok_or_else(|| {
            Failure::usage("No AWS region. Add --region, or set one.")
                .then("aws configure set region us-east-1".to_owned())
        })?;
        Ok(match profile {
            Some(profile) => aws::signed_in_with(aws, &profile, region),
            None => aws,
        })
    }
}

impl Target {
    /// Tells whether it is on the AWS that `make run` keeps up.
    pub fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Returns the name to type before a stack is changed for good: the stage's, or the stack's.
    pub fn name(&self) -> &str {
        self.stage.as_ref().map_or(&self.stack, |stage| &stage.name)
    }

    pub fn is_prod(&self) -> bool {
        self.stage
            .as_ref()
            .is_some_and(|stage| stage.name == "prod")
    }

    /// Tells whether a deploy asks first: to the stage prod, or to a stack that may be anything.
    pub fn asks_before_deploys(&self) -> bool {
        self.is_prod() || (self.stage.is_none() && !self.is_local())
    }

    /// Returns which URLs are called: with a local AWS, those of this machine too.
    pub fn url_policy(&self) -> UrlPolicy {
        match self.aws.endpoint_url() {
            Some(_) => UrlPolicy::Local,
            None => UrlPolicy::Public,
        }
    }

    pub fn region(&self) -> &str {
        self.aws.region().map_or("no region", AsRef::as_ref)
    }

    /// Names the stack, its account and its region.
    pub fn place(&self, account: &str) -> String {
        format!("{} in account {account}, {}", self.stack, self.region())
    }

    /// Writes the command of this program that does something to this stack.
    pub fn command(&self, command: &str) -> String {
        format!("channelctl {} {command}", self.named)
    }

    /// Writes a command of the AWS CLI for the same account and region.
    pub fn aws_command(&self, command: &str) -> String {
        let mut words = self.signed_in(&format!("{command} --region {}", self.region()));
        if let Some(endpoint) = self.aws.endpoint_url() {
            let _ = write!(words, " --endpoint-url {endpoint}");
        }
        words
    }

    /// Writes the command that signs in to the target's account.
    pub fn sign_in(&self) -> String {
        self.signed_in("sso login")
    }

    fn signed_in(&self, command: &str) -> String {
        match self.profile.as_deref().map(shell_word) {
            Some(profile) => format!("aws {command} --profile {profile}"),
            None => format!("aws {command}"),
        }
    }
}

async fn local_aws() -> SdkConfig {
    aws::loader()
        .region(Region::from_static(LOCAL_REGION))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(format!("http://127.0.0.1:{}", local_ports().aws))
        .load()
        .await
}

fn local_ports() -> LocalPorts {
    let ports = samconfig::above(LOCAL_PORTS).and_then(|file| fs::read(file).ok());
    ports
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}

/// Quotes a text for a shell, where it needs that.
fn shell_word(text: &str) -> Cow<'_, str> {
    shlex::try_quote(text).unwrap_or(Cow::Borrowed(text))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Makes up a target, for tests of the advice that names it.
    pub(crate) fn target(options: &[&str]) -> Target {
        let position = |name: &str| options.iter().position(|option| *option == name);
        let value = |name: &str| position(name).map(|at| options[at + 1].to_owned());
        let stage = value("--stage").map(|name| Stage {
            name,
            stack_name: "calls-dev".into(),
            ..Stage::default()
        });
        let region = Region::from_static("eu-west-1");
        Target {
            stack: value("--stack").unwrap_or_else(|| "calls-dev".into()),
            named: options.join(" "),
            stage,
            profile: value("--profile"),
            local: position("--local").map(|_| LocalPorts::default()),
            aws: SdkConfig::builder().region(region).build(),
        }
    }

    #[test]
    fn advice_keeps_profile_and_region() {
        let options = TargetOptions {
            profile: Some("my prod's".into()),
            region: Some("eu-west-1".into()),
            ..TargetOptions::default()
        };
        assert_eq!(
            options.named(None, Some("calls")),
            r#"--stack calls --profile "my prod's" --region eu-west-1"#
        );
        let target = target(&["--stack", "calls", "--profile", "prod"]);
        assert_eq!(
            target.aws_command("dynamodb list-tables"),
            "aws dynamodb list-tables --region eu-west-1 --profile prod"
        );
    }
}
