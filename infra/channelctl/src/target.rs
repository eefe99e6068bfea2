//! Which stack is meant: a stage of samconfig.toml, a stack by its name, or the local one.

use std::{fs, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_sts::config::Credentials;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use clap::Args;
use serde::Deserialize;

use crate::samconfig::{self, StageError};

const LOCAL: &str = "--local";
const LOCAL_STACK: &str = "channel-connection-local";
/// Where `make run` says which ports it took.
const LOCAL_PORTS: &str = ".local/run/stack.json";
/// The port that `make run` takes when nobody says another.
const LOCAL_AWS_PORT: u16 = 4566;
/// How long one try of a call may take: a page of DynamoDB's has 1 MiB, and the line may be slow.
const MAX_CALL: Duration = Duration::from_secs(30);

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
    /// The stage's stack is not known.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// No region is known to call AWS in.
    #[error(
        "No AWS region is known. Say --aws-region, or set one: aws configure set region us-east-1"
    )]
    NoRegion,
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
                let stage = samconfig::stage(name)?;
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
        let stage = self.stage.as_deref().map(samconfig::stage).transpose()?;
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
    let http = Builder::new()
        .tls_provider(Provider::rustls(CryptoMode::Ring))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(5))
        .timeout_config(patience(MAX_CALL))
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
    let ports = samconfig::above(LOCAL_PORTS).and_then(|file| fs::read(file).ok());
    let ports = ports.and_then(|text| serde_json::from_slice(&text).ok());
    ports.map_or(LOCAL_AWS_PORT, |ports: Ports| ports.aws)
}
