//! Which stack is meant: a stage of samconfig.toml, a stack by its name, or the local one.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_sts::config::Credentials;
use channel_connection::aws_sdk;
use clap::Args;
use serde::Deserialize;

const LOCAL: &str = "--local";
const LOCAL_STACK: &str = "channel-connection-local";
/// Where `make run` says which ports it took.
const LOCAL_PORTS: &str = ".local/run/stack.json";
const STAGES: &str = "infra/samconfig.toml";
/// The port that `make run` takes when nobody says another.
const LOCAL_AWS_PORT: u16 = 4566;

/// The options that name a stack.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetOptions {
    /// The stage, as infra/samconfig.toml names it
    #[arg(long, global = true, display_order = 90, conflicts_with_all = ["stack", "local"])]
    pub stage: Option<String>,
    /// The stack's name, instead of a stage
    #[arg(long, global = true, display_order = 91, conflicts_with = "local")]
    pub stack: Option<String>,
    /// The stack that `make run` keeps up
    #[arg(long, global = true, display_order = 92)]
    pub local: bool,
    /// The profile to sign in to AWS with
    #[arg(long, global = true, display_order = 93)]
    pub profile: Option<String>,
    /// The AWS region
    #[arg(long, value_name = "REGION", global = true, display_order = 94)]
    pub aws_region: Option<String>,
}

/// A stack that is meant, wherever it is.
#[derive(Debug, Clone)]
pub struct Target {
    /// The stack's name.
    pub stack: String,
    /// How to name it again in advice: `--stage dev`.
    pub named: String,
    /// The stage's name, where it was named so.
    pub stage: Option<String>,
    /// How to reach AWS.
    pub aws: SdkConfig,
}

/// The reason no stack can be told from the options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing names one.
    #[error(
        "Which stack? Say --stage dev, --stack NAME, or --local for the one that make run keeps up."
    )]
    Unnamed,
    /// Stages are known in the repository only.
    #[error("There is no {STAGES} here or in a folder above. Name the stack itself: --stack NAME.")]
    NoStages,
    /// No region is known to call AWS in.
    #[error(
        "No AWS region is known. Say --aws-region, or set one: aws configure set region us-east-1"
    )]
    NoRegion,
    /// The file that has them cannot be read.
    #[error("{STAGES}: {0}")]
    UnreadableStages(String),
    /// The file has no such stage.
    #[error("There is no stage {stage} in {STAGES}. There are: {known}.")]
    UnknownStage {
        /// What was asked for.
        stage: String,
        /// What there is.
        known: String,
    },
}

/// A stage's stack, and its region where the file names one.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Stage {
    stack_name: String,
    region: Option<String>,
}

impl TargetOptions {
    /// Finds out which stack is meant; nothing is sent yet.
    pub async fn target(&self) -> Result<Target, TargetError> {
        if self.local {
            return Ok(Target {
                stack: LOCAL_STACK.into(),
                named: LOCAL.into(),
                stage: None,
                aws: local_aws().await,
            });
        }
        let (stack, region, named) = match (&self.stack, &self.stage) {
            (Some(stack), _) => (stack.clone(), None, format!("--stack {stack}")),
            (None, Some(name)) => {
                let stage = read_stage(name)?;
                (stage.stack_name, stage.region, format!("--stage {name}"))
            }
            (None, None) => return Err(TargetError::Unnamed),
        };
        let region = self.aws_region.clone().or(region);
        Ok(Target {
            stack,
            named,
            stage: self.stage.clone(),
            aws: self.aws(region).await?,
        })
    }

    /// Reaches AWS without asking for a stack, as for a table that is named itself.
    pub async fn aws_alone(&self) -> Result<SdkConfig, TargetError> {
        if self.local {
            return Ok(local_aws().await);
        }
        let stage = self.stage.as_deref().map(read_stage).transpose()?;
        let region = stage.and_then(|stage| stage.region);
        self.aws(self.aws_region.clone().or(region)).await
    }

    async fn aws(&self, region: Option<String>) -> Result<SdkConfig, TargetError> {
        let mut loader = loader();
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region));
        }
        let aws = loader.load().await;
        aws.region().ok_or(TargetError::NoRegion)?;
        Ok(aws)
    }
}

impl Target {
    /// Tells whether it is the stack that `make run` keeps up.
    pub fn is_local(&self) -> bool {
        self.named == LOCAL
    }
}

fn loader() -> aws_config::ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(aws_sdk::http_client())
        .retry_config(RetryConfig::standard().with_max_attempts(5))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                // Longer than the deploy-hook takes for an action.
                .operation_attempt_timeout(Duration::from_secs(100))
                .build(),
        )
}

async fn local_aws() -> SdkConfig {
    loader()
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(format!("http://127.0.0.1:{}", local_port()))
        .load()
        .await
}

fn local_port() -> u16 {
    #[derive(Deserialize)]
    struct Ports {
        aws: u16,
    }
    let ports = above(LOCAL_PORTS).and_then(|file| fs::read(file).ok());
    let ports = ports.and_then(|text| serde_json::from_slice(&text).ok());
    ports.map_or(LOCAL_AWS_PORT, |ports: Ports| ports.aws)
}

fn read_stage(name: &str) -> Result<Stage, TargetError> {
    let file = above(STAGES).ok_or(TargetError::NoStages)?;
    let text = fs::read_to_string(file);
    let text = text.map_err(|error| TargetError::UnreadableStages(error.to_string()))?;
    stage(&text, name)
}

fn stage(samconfig: &str, name: &str) -> Result<Stage, TargetError> {
    let unreadable = |error: toml::de::Error| TargetError::UnreadableStages(error.message().into());
    let stages: toml::Table = samconfig.parse().map_err(unreadable)?;
    let Some(stage) = stages.get(name).filter(|stage| stage.is_table()) else {
        let known: Vec<_> = stages
            .iter()
            .filter(|(_, stage)| stage.is_table())
            .map(|(name, _)| name.as_str())
            .collect();
        return Err(TargetError::UnknownStage {
            stage: name.to_owned(),
            known: known.join(", "),
        });
    };
    let parameters = stage
        .get("deploy")
        .and_then(|deploy| deploy.get("parameters"));
    let parameters = parameters.cloned().unwrap_or(toml::Value::Boolean(false));
    parameters.try_into().map_err(unreadable)
}

/// Finds a file of the repository from wherever in it the command runs.
fn above(file: &str) -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors()
        .map(|folder: &Path| folder.join(file))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMCONFIG: &str = r#"
        version = 0.1
        [dev.deploy.parameters]
        stack_name = "calls-dev"
        parameter_overrides = ["AppId=1"]
        [prod.deploy.parameters]
        stack_name = "calls"
        region = "eu-central-1"
    "#;

    #[test]
    fn a_stage_names_its_stack_and_maybe_its_region() {
        let of = |name| stage(SAMCONFIG, name).unwrap();
        assert_eq!(
            (of("dev").stack_name, of("dev").region),
            ("calls-dev".into(), None)
        );
        assert_eq!(of("prod").region.as_deref(), Some("eu-central-1"));
    }

    #[test]
    fn a_stage_that_is_none_is_told_from_those_there_are() {
        let error = stage(SAMCONFIG, "qa").unwrap_err();
        assert_eq!(
            error.to_string(),
            "There is no stage qa in infra/samconfig.toml. There are: dev, prod."
        );
    }

    #[test]
    fn a_stage_without_a_stack_is_said_to_be_wrong() {
        let error = stage("[dev.deploy]\nx = 1", "dev").unwrap_err();
        assert!(matches!(error, TargetError::UnreadableStages(_)), "{error}");
    }
}
