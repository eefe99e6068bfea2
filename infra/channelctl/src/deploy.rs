//! Deploys a stack, and says what comes next.

mod change_set;
pub mod delete;
pub mod diff;
mod events;
pub mod parameters;
mod release;
mod sam;
mod upload;

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use anstream::eprintln;
use aws_sdk_cloudformation::Client;
use channel_connection::hook_report::NOT_SET_YET;
use clap::Args;
use jiff::Timestamp;
use semver::Version;
use serde::Serialize;

pub use self::{delete::delete, diff::diff};
use crate::{
    aws::{self, AwsError},
    deploy::{
        parameters::{Parameters, Template, with_default},
        release::Source,
    },
    doctor,
    outcome::{Failure, Outcome},
    secrets,
    stack::{
        Stack, samconfig,
        target::{Target, TargetOptions},
    },
    status,
    terminal::{self, ago},
};

/// What is deployed.
#[derive(Debug, Clone, Args)]
pub struct SourceOptions {
    /// Parameter of the template, as NAME=VALUE [env: PARAMETERS]
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameters::pair)]
    given: Vec<(String, String)>,
    /// Processor that the functions are built for
    #[arg(long, env = "ARCHITECTURE", hide_env = true, value_parser = ["arm64", "x86_64"])]
    architecture: Option<String>,
    /// Template, if not infra/template.yaml
    #[arg(long, value_name = "FILE", conflicts_with = "version")]
    template: Option<PathBuf>,
    /// Release, like v1.0.0, or a directory with its files
    #[arg(long)]
    version: Option<Source>,
    /// Role that CloudFormation works with
    #[arg(
        long,
        value_name = "ARN",
        env = "CLOUDFORMATION_ROLE_ARN",
        hide_env_values = true
    )]
    role_arn: Option<String>,
}

/// The options of a deploy.
#[derive(Debug, Clone, Args)]
pub struct DeployOptions {
    #[command(flatten)]
    source: SourceOptions,
    /// Replace a newer release
    #[arg(long, requires = "version")]
    downgrade: bool,
    /// Check stage, account and stack without deploying
    #[arg(long)]
    check: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl DeployOptions {
    /// Finds the target; for a release, asks first for what its stage misses.
    pub async fn target(&self, options: &TargetOptions) -> Result<Target, Failure> {
        if self.source.version.is_some() {
            let app_id = self.source.given.iter().rfind(|(name, _)| name == "AppId");
            samconfig::set_up(options, app_id.map(|(_, id)| id.as_str()))?;
        }
        options.target().await
    }
}

/// What a deploy came to.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployed<'a> {
    account: &'a str,
    deploy_id: &'a str,
    next: Option<String>,
    region: &'a str,
    registration: Option<&'a str>,
    #[cfg_attr(test, schemars(extend("enum" = ["checked", "deployed"])))]
    result: &'static str,
    stack: &'a str,
    webhook_url: Option<&'a str>,
}

/// A deploy that can begin.
struct Deploy {
    target: Target,
    account: String,
    /// The stack before the deploy.
    stack: Option<Stack>,
    /// `None` for a checkout.
    release: Option<Version>,
    template: Template,
    parameters: Parameters,
    role: Option<String>,
}

/// Deploys a stack, and says what comes next.
pub async fn deploy(
    target: Target,
    options: &DeployOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let mut deploy = Deploy::prepare(target, &options.source).await?;
    let target = deploy.target.clone();
    if let (Some(release), Some(stack), false) = (&deploy.release, &deploy.stack, options.downgrade)
    {
        release::check_newer(release, stack)?;
    }
    eprintln!("{}", target.place(&deploy.account));
    if options.check {
        let checked = deploy.result("checked", None)?;
        terminal::print(as_json, &checked, || Ok(()))?;
        return Ok(Outcome::Done);
    }
    deploy.announce_code()?;
    if target.asks_before_deploys() {
        terminal::confirm_name("Deploy?", target.name(), options.yes)?;
    }
    let Some(mut stack) = deploy.apply(as_json).await? else {
        return Ok(events::goes_on(&target));
    };
    let is_guided = deploy.release.is_some() && !as_json;
    if is_guided && io::stdin().is_terminal() && misses_secrets(&stack) {
        secrets::change(&stack, secrets::Change::Set, false).await?;
        eprintln!("Deploying again: without the secrets, nothing was registered.");
        deploy = Deploy::prepare(target.clone(), &options.source).await?;
        match deploy.apply(as_json).await? {
            Some(again) => stack = again,
            None => return Ok(events::goes_on(&target)),
        }
    }
    if target.is_prod() && !target.is_local() && !stack.is_protected {
        // The deploy succeeded nevertheless.
        if let Err(error) = protect(&target).await {
            eprintln!("Not protected from deletion: {error}");
        }
    }
    if is_guided && !misses_secrets(&stack) {
        Box::pin(status::show(&stack, false)).await?;
        return Ok(Outcome::Done);
    }
    let result = deploy.result("deployed", Some(&stack))?;
    terminal::print(as_json, &result, || {
        writeln!(terminal::output())?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        terminal::print_pairs([
            ("webhook", text(result.webhook_url)),
            ("registration", text(result.registration)),
            ("next", text(result.next.as_deref())),
        ])
    })?;
    Ok(Outcome::Done)
}

/// Has CloudFormation refuse to delete the stack.
async fn protect(target: &Target) -> Result<(), AwsError> {
    let request = Client::new(&target.aws)
        .update_termination_protection()
        .stack_name(&target.stack)
        .enable_termination_protection(true)
        .send();
    let response = terminal::wait("CloudFormation", request).await;
    response
        .map(drop)
        .map_err(|error| AwsError::new("protect the stack from deletion", &error))
}

/// Tells whether the deploy-hook registered nothing, for lack of a secret.
fn misses_secrets(stack: &Stack) -> bool {
    let registration = stack.output("Registration");
    registration.is_ok_and(|outcome| outcome.contains(NOT_SET_YET))
}

impl Deploy {
    /// Checks everything that can be wrong before minutes go into a build or a deploy.
    async fn prepare(target: Target, options: &SourceOptions) -> Result<Self, Failure> {
        let mut given = parameters::from_environment()?;
        given.extend(options.given.iter().cloned());
        let architecture = options.architecture.as_deref();
        let architecture = architecture.unwrap_or_else(|| parameters::architecture(&target));
        let (mut template, release) = if let Some(source) = &options.version {
            let (template, version) = release::open(source, architecture).await?;
            (template, Some(version))
        } else {
            (Template::read(options.template.as_deref())?, None)
        };
        // Without calling AWS, so that a mistyped parameter shows at once.
        parameters::for_target(&target, &template, &given, false)?;
        let stack = Stack::lookup(&target).await?;
        let account = terminal::wait("AWS STS", aws::account(&target.aws)).await?;
        stack.as_ref().map_or(Ok(()), check_state)?;
        let stack = stack.filter(|stack| !stack.has_only_a_change_set());
        let mut parameters = parameters::for_target(&target, &template, &given, stack.is_none())?;
        let deploy_id = parameters
            .remove("DeployId")
            .unwrap_or_else(|| Timestamp::now().as_second().to_string());
        parameters::check_deploy_id(&target, &deploy_id, stack.as_ref())?;
        parameters.insert("Architecture".into(), architecture.into());
        if release.is_some() && target.aws.endpoint_url().is_some() {
            template.text = with_default(&template.text, &deploy_id);
        } else if target.is_local() && options.template.is_none() {
            template = template.laid_out(&deploy_id)?;
        }
        parameters.insert("DeployId".into(), deploy_id);

        Ok(Self {
            target,
            account,
            stack,
            release,
            template,
            parameters,
            role: options.role_arn.clone().filter(|arn| !arn.is_empty()),
        })
    }

    fn result<'a>(
        &'a self,
        result: &'static str,
        stack: Option<&'a Stack>,
    ) -> Result<Deployed<'a>, Failure> {
        let output = |name| stack.map(|stack| stack.output(name)).transpose();
        let next = |stack: &Stack| {
            let is_unset = misses_secrets(stack);
            stack.command(if is_unset { "secrets set" } else { "status" })
        };
        Ok(Deployed {
            account: &self.account,
            deploy_id: &self.parameters["DeployId"],
            next: stack.map(next),
            region: self.target.region(),
            registration: output("Registration")?,
            result,
            stack: &self.target.stack,
            webhook_url: output("WebhookUrl")?,
        })
    }

    /// Says how old the functions are: a build may be older than the source.
    fn announce_code(&self) -> Result<(), Failure> {
        if let Some(release) = &self.release {
            let architecture = &self.parameters["Architecture"];
            eprintln!("release v{release}, {architecture}");
        } else if let Some(built) = self.template.built()? {
            eprintln!("functions built {}", ago(built));
        }
        Ok(())
    }

    /// Deploys, and returns the stack as it then is; `None` after Ctrl-C.
    async fn apply(&self, as_json: bool) -> Result<Option<Stack>, Failure> {
        let failed = "The deploy failed; the reasons are above.";
        let ran = self.run(true, as_json, failed).await;
        let ran = ran.map_err(|failed| failed.then(self.target.command("doctor")))?;
        if ran == Outcome::Interrupted {
            return Ok(None);
        }
        Stack::find(self.target.clone()).await.map(Some)
    }

    /// Shows the changes, and makes them if `executes` is set: with SAM, which a release can do without.
    async fn run(
        &self,
        executes: bool,
        as_json: bool,
        if_it_fails: &str,
    ) -> Result<Outcome, Failure> {
        match self.release {
            Some(_) => change_set::deploy(self, executes, if_it_fails).await,
            None => sam::deploy(self, executes, as_json, if_it_fails).await,
        }
    }
}

fn check_state(stack: &Stack) -> Result<(), Failure> {
    if stack.was_never_created() || stack.is_in_progress() {
        return Err(doctor::stack_state(stack).into());
    }
    Ok(())
}
