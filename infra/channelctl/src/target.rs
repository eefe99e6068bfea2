//! Which stack is meant: a stage of samconfig.toml, a stack by its name, or the local one.

use std::{env, fmt::Write as _, fs, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use clap::Args;
use serde::Deserialize;

use crate::samconfig::{self, Stage, StageError};

/// The option that names the stack of `make run`.
pub const LOCAL: &str = "--local";
const LOCAL_STACK: &str = "channel-connection-local";
const LOCAL_REGION: &str = "us-east-1";
/// Where `make run` says which ports it took.
const LOCAL_PORTS: &str = ".local/run/stack.json";
const STAGE_VARIABLE: &str = "CHANNELCTL_STAGE";
const STACK_VARIABLE: &str = "CHANNELCTL_STACK";
/// Timeout of one attempt: a page of DynamoDB's has 1 MiB, and the line may be slow.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// The options that name a stack.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
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
    /// The stack's name.
    pub stack: String,
    /// The options that name it again in advice: `--stage dev`.
    pub named: String,
    /// The stage, where it was named so.
    pub stage: Option<Stage>,
    /// The profile that is signed in with, where one is named.
    pub profile: Option<String>,
    /// The ports of the local stack, where that is meant.
    pub local: Option<LocalPorts>,
    /// How to reach AWS.
    pub aws: SdkConfig,
}

/// Where the parts of the stack that `make run` keeps up listen on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct LocalPorts {
    /// The local AWS.
    pub aws: u16,
    /// The simulated HubSpot.
    pub hubspot: u16,
}

/// The reason no stack can be told from the options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing names one.
    #[error(
        "No stack named. Add --stage dev, --stack NAME, or --local for the stack of `make run`; or set {STAGE_VARIABLE} or {STACK_VARIABLE}."
    )]
    Unnamed,
    /// The environment names two.
    #[error(
        "Both {STAGE_VARIABLE} and {STACK_VARIABLE} are set. Unset one, or add --stage or --stack."
    )]
    TwoNamed,
    /// The stage's stack is not known.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// No region is known to call AWS in.
    #[error("No AWS region. Add --region, or set one: aws configure set region us-east-1")]
    NoRegion,
}

impl Default for LocalPorts {
    /// Returns the ports that `make run` takes unless told others.
    fn default() -> Self {
        Self {
            aws: 4566,
            hubspot: 4577,
        }
    }
}

impl TargetOptions {
    /// Finds out which stack is meant; nothing is sent yet.
    pub async fn target(&self) -> Result<Target, TargetError> {
        let (stage, stack) = self.names()?;
        let stage = stage.as_deref().map(samconfig::stage).transpose()?;
        let named = self.named(stage.as_ref(), stack.as_deref());
        let of_stage = stage.as_ref().map(|stage| stage.stack_name.clone());
        Ok(Target {
            stack: stack.or(of_stage).unwrap_or_else(|| LOCAL_STACK.into()),
            named,
            profile: self.profile_of(stage.as_ref()),
            local: self.local.then(local_ports),
            aws: self.aws(stage.as_ref()).await?,
            stage,
        })
    }

    /// Reaches AWS without asking for a stack, as for a table that is named itself.
    pub async fn aws_alone(&self) -> Result<SdkConfig, TargetError> {
        let (stage, _) = self.names().or_else(|error| match error {
            TargetError::Unnamed => Ok((None, None)),
            error => Err(error),
        })?;
        let stage = stage.as_deref().map(samconfig::stage).transpose()?;
        self.aws(stage.as_ref()).await
    }

    /// Returns the stage and the stack that are named; the environment counts where no option does.
    fn names(&self) -> Result<(Option<String>, Option<String>), TargetError> {
        if self.local || self.stage.is_some() || self.stack.is_some() {
            return Ok((self.stage.clone(), self.stack.clone()));
        }
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        match (variable(STAGE_VARIABLE), variable(STACK_VARIABLE)) {
            (None, None) => Err(TargetError::Unnamed),
            (Some(_), Some(_)) => Err(TargetError::TwoNamed),
            names => Ok(names),
        }
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

    async fn aws(&self, stage: Option<&Stage>) -> Result<SdkConfig, TargetError> {
        if self.local {
            return Ok(local_aws().await);
        }
        let mut loader = loader();
        let profile = self.profile_of(stage);
        if let Some(profile) = &profile {
            loader = loader.profile_name(profile);
        }
        let of_stage = stage.and_then(|stage| stage.region.clone());
        if let Some(region) = self.region.clone().or(of_stage) {
            loader = loader.region(Region::new(region));
        }
        let aws = loader.load().await;
        let region = aws.region().ok_or(TargetError::NoRegion)?.clone();
        Ok(match profile {
            Some(profile) => signed_in_with(aws, &profile, region),
            None => aws,
        })
    }
}

impl TargetError {
    /// Tells whether the command line has to change, and not a file.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Stage(StageError::Unreadable(_)))
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

    /// Tells whether a deploy asks first: to the stage prod, or to a stack that may be anything.
    pub fn asks_before_deploys(&self) -> bool {
        match &self.stage {
            Some(stage) => stage.name == "prod",
            None => !self.is_local(),
        }
    }

    /// Returns the region.
    pub fn region(&self) -> &str {
        self.aws.region().map_or("no region", AsRef::as_ref)
    }

    /// Writes the command of this program that does something to this stack.
    pub fn command(&self, command: &str) -> String {
        format!("channelctl {} {command}", self.named)
    }

    /// Writes a command of the AWS CLI for the same account and region.
    pub fn aws_command(&self, command: &str) -> String {
        let mut words = format!("aws {command} --region {}", self.region());
        if let Some(profile) = &self.profile {
            let _ = write!(words, " --profile {}", shell_word(profile));
        }
        if let Some(endpoint) = self.aws.endpoint_url() {
            let _ = write!(words, " --endpoint-url {endpoint}");
        }
        words
    }

    /// Writes the command that signs in to the target's account.
    pub fn sign_in(&self) -> String {
        let profile = self.profile.as_deref().map(shell_word);
        profile.map_or_else(
            || "aws sso login, or aws configure".into(),
            |profile| format!("aws sso login --profile {profile}"),
        )
    }

    /// Makes up a target, for tests of the advice that names it.
    #[cfg(test)]
    pub(crate) fn of_options(options: &[&str]) -> Self {
        let has = |name: &str| options.iter().position(|option| *option == name);
        let value = |name: &str| has(name).map(|at| options[at + 1].to_owned());
        let stage = value("--stage").map(|name| Stage {
            name,
            stack_name: "calls-dev".into(),
            ..Stage::default()
        });
        let region = Region::from_static("eu-west-1");
        Self {
            stack: value("--stack").unwrap_or_else(|| "calls-dev".into()),
            named: options.join(" "),
            stage,
            profile: value("--profile"),
            local: has("--local").map(|_| LocalPorts::default()),
            aws: SdkConfig::builder().region(region).build(),
        }
    }
}

fn loader() -> aws_config::ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(RetryConfig::standard().with_max_attempts(5))
        .timeout_config(patience(ATTEMPT_TIMEOUT))
}

fn http_client() -> SharedHttpClient {
    Builder::new()
        .tls_provider(Provider::rustls(CryptoMode::Ring))
        .build_https()
}

/// Puts a profile that is named before `AWS_ACCESS_KEY_ID`, as SAM and the AWS CLI do.
fn signed_in_with(aws: SdkConfig, profile: &str, region: Region) -> SdkConfig {
    let settings = ProviderConfig::without_region()
        .with_region(Some(region))
        .with_http_client(http_client());
    let credentials = ProfileFileCredentialsProvider::builder()
        .configure(&settings)
        .profile_name(profile)
        .build();
    let credentials = SharedCredentialsProvider::new(credentials);
    aws.into_builder().credentials_provider(credentials).build()
}

/// Waits for a connection a few seconds, and for each try of a call as long as it may take.
pub fn patience(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(attempt)
        .build()
}

async fn local_aws() -> SdkConfig {
    loader()
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
fn shell_word(text: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:@".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_a_shell_would_split() {
        assert_eq!(shell_word("calls-dev"), "calls-dev");
        assert_eq!(shell_word("two words"), "'two words'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
    }

    #[test]
    fn advice_keeps_profile_and_region() {
        let options = TargetOptions {
            stack: Some("calls".into()),
            profile: Some("my prod".into()),
            region: Some("eu-west-1".into()),
            ..TargetOptions::default()
        };
        assert_eq!(
            options.named(None, Some("calls")),
            "--stack calls --profile 'my prod' --region eu-west-1"
        );
    }

    #[test]
    fn aws_commands_name_region_and_profile() {
        let target = Target::of_options(&["--stack", "calls", "--profile", "prod"]);
        assert_eq!(
            target.aws_command("dynamodb list-tables"),
            "aws dynamodb list-tables --region eu-west-1 --profile prod"
        );
    }
}
