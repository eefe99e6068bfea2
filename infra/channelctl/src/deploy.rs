//! Deploys a stack with SAM, or shows what a deploy would change.

pub mod change_set;
pub mod parameters;
pub mod sam;
pub mod template;

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use anstream::eprintln;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    account, clock,
    doctor::stack_state,
    ending::{Ending, Failure},
    samconfig, secrets,
    stack::Stack,
    target::Target,
    terminal,
};
use parameters::{ParameterError, Parameters};
use sam::{Ran, Sam, SamError};
use template::{Template, TemplateError};

/// Where `make run` puts the functions that it packages.
const LOCAL_TEMPLATE: &str = ".local/run/cloud/infra/template.yaml";

/// What a deploy can be told.
#[derive(Debug, Clone, Args)]
pub struct DeployOptions {
    /// Parameter of the template, as NAME=VALUE [env: PARAMETERS]
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameters::pair)]
    given: Vec<(String, String)>,
    /// Processor that the functions are built for
    #[arg(long, env = "ARCHITECTURE", hide_env = true)]
    architecture: Option<Architecture>,
    /// Template, if not infra/template.yaml
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Role that CloudFormation works with
    #[arg(
        long,
        value_name = "ARN",
        env = "CLOUDFORMATION_ROLE_ARN",
        hide_env_values = true
    )]
    role_arn: Option<String>,
}

/// A processor, as AWS names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Architecture {
    // AWS's own processors
    Arm64,
    // Everybody else's
    #[value(name = "x86_64")]
    X86_64,
}

/// The reason a stack is not deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// There is no template to deploy.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The parameters do not fit it.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// SAM did not run.
    #[error(transparent)]
    Sam(#[from] SamError),
    /// The local stack is not laid out.
    #[error(
        "Cannot lay out the template for the local AWS: {0}. Start it in another terminal: make run"
    )]
    Local(io::Error),
    /// AWS updates no such stack.
    #[error(
        "The first deploy of {stack} failed ({status}), and AWS updates no such stack. Its events say why. Delete it, then deploy again: {delete}"
    )]
    NeverCreated {
        /// The stack.
        stack: String,
        /// How CloudFormation left it.
        status: String,
        /// The command that deletes it.
        delete: String,
    },
    /// CloudFormation is at work on it.
    #[error("{stack} is {status}. Wait until that is done: {look}")]
    InProgress {
        /// The stack.
        stack: String,
        /// What CloudFormation does.
        status: String,
        /// The command that looks at it.
        look: String,
    },
    /// CloudFormation did not deploy it.
    #[error("The deploy failed; the reasons are above. See what to fix: {0}")]
    Failed(String),
    /// There is no change set to look at.
    #[error("The changes cannot be shown; the reasons are above. Nothing was changed.")]
    NotShown,
}

impl DeployError {
    /// Tells whether the command line has to change.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Parameter(error) if error.is_usage())
    }
}

/// A deploy that can begin.
struct Deploy {
    target: Target,
    /// The stack, its account and its region.
    place: String,
    template: Template,
    parameters: Parameters,
    role: Option<String>,
}

/// Deploys a stack, and says what comes next; with `checks_only`, checks whether it could.
pub async fn deploy(
    target: Target,
    options: &DeployOptions,
    yes: bool,
    checks_only: bool,
    as_json: bool,
) -> Result<Ending, Failure> {
    let deploy = Deploy::prepare(target, options).await?;
    let target = &deploy.target;
    eprintln!("{}", deploy.place);
    if checks_only {
        return Ok(Ending::Done);
    }
    deploy.announce_code()?;
    if target.asks_before_deploys() {
        terminal::confirm_name("Deploy?", target.name(), yes)?;
    }
    let ran = deploy.sam(&["--no-confirm-changeset"], as_json).await?;
    match ran {
        Ran::Well => {}
        Ran::Badly => return Err(DeployError::Failed(target.command("doctor")).into()),
        Ran::Interrupted => {
            eprintln!(
                "CloudFormation finishes what it has begun. See how far it is: {}",
                target.command("doctor")
            );
            return Ok(Ending::Interrupted);
        }
    }
    let stack = Stack::find(target.clone()).await?;
    show(&stack, &deploy.parameters["DeployId"], as_json)
}

fn show(stack: &Stack, deploy_id: &str, as_json: bool) -> Result<Ending, Failure> {
    let (webhook, registration) = (stack.output("WebhookUrl")?, stack.output("Registration")?);
    let next = next(stack, registration);
    if as_json {
        terminal::print_json(&json!({
            "stack": stack.target.stack, "deployId": deploy_id, "webhookUrl": webhook,
            "registration": registration, "next": next,
        }))?;
    } else {
        writeln!(terminal::output())?;
        terminal::print_pairs([
            ("webhook", webhook.to_owned()),
            ("registration", registration.to_owned()),
            ("next", next),
        ])?;
    }
    Ok(Ending::Done)
}

/// Returns what comes after a deploy: the secrets, as long as the deploy-hook misses one.
pub(crate) fn next(stack: &Stack, registration: &str) -> String {
    if registration.contains("not set yet") {
        let (set, deploy) = (secrets::set_command(stack), stack.command("deploy"));
        return format!("{set}, then {deploy}");
    }
    stack.command("status")
}

/// Shows what a deploy would change, and leaves nothing of it behind.
pub async fn diff(
    target: Target,
    options: &DeployOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let deploy = Deploy::prepare(target, options).await?;
    eprintln!("What a deploy would change: {}", deploy.place);
    deploy.announce_code()?;
    let ran = deploy.sam(&["--no-execute-changeset"], as_json).await;
    change_set::clear_up(&deploy.target, &deploy.parameters["DeployId"]).await?;
    match ran? {
        Ran::Well => {
            eprintln!("Nothing was changed, and the change set is deleted again.");
            Ok(Ending::Done)
        }
        Ran::Badly => Err(DeployError::NotShown.into()),
        Ran::Interrupted => Ok(Ending::Interrupted),
    }
}

impl Deploy {
    /// Checks everything that can be wrong before minutes go into a build or a deploy.
    async fn prepare(target: Target, options: &DeployOptions) -> Result<Self, Failure> {
        let mut given = from_environment().map_err(DeployError::from)?;
        given.extend(options.given.iter().cloned());
        let template = Template::read(options.template.as_deref()).map_err(DeployError::from)?;
        let parameters = parameters::for_target(&target, &template, &given);
        let mut parameters = parameters.map_err(DeployError::from)?;
        let place = account::place(&target).await?;
        let stack = Stack::lookup(&target).await?;
        check_state(&target, stack.as_ref())?;
        let deploy_id = parameters
            .remove("DeployId")
            .unwrap_or_else(|| Timestamp::now().as_second().to_string());
        parameters::check_deploy_id(&target, &deploy_id, stack.as_ref())
            .map_err(DeployError::from)?;
        let architecture = match options.architecture {
            None => parameters::architecture(&target),
            Some(Architecture::Arm64) => "arm64",
            Some(Architecture::X86_64) => "x86_64",
        };
        let template = if target.is_local() && options.template.is_none() {
            let path = lay_out(&template.path, &deploy_id).map_err(DeployError::Local)?;
            Template::read(Some(&path)).map_err(DeployError::from)?
        } else {
            template
        };
        parameters.insert("DeployId".into(), deploy_id);
        parameters.insert("Architecture".into(), architecture.into());
        Ok(Self {
            target,
            place,
            template,
            parameters,
            role: options.role_arn.clone().filter(|arn| !arn.is_empty()),
        })
    }

    /// Says how old the functions are: a build may be older than the source.
    fn announce_code(&self) -> Result<(), DeployError> {
        if let Some(built) = self.template.built()? {
            eprintln!("functions built {}", clock::ago(built));
        }
        Ok(())
    }

    async fn sam(&self, options: &[&str], as_json: bool) -> Result<Ran, DeployError> {
        let target = &self.target;
        let mut sam = Sam::new("deploy", target)?.beside_json(as_json);
        sam = match &target.stage {
            // The local AWS is nobody's profile or region.
            Some(stage) if !target.is_local() => sam.arguments([
                "--config-file",
                &stage.file.to_string_lossy(),
                "--config-env",
                &stage.name,
            ]),
            _ => sam.arguments([
                "--stack-name",
                &target.stack,
                "--resolve-s3",
                "--s3-prefix",
                &target.stack,
                "--capabilities",
                "CAPABILITY_IAM",
            ]),
        };
        if let Some(role) = &self.role {
            sam = sam.arguments(["--role-arn", role]);
        }
        // In quotes, without which SAM takes no empty value.
        let parameters = self.parameters.iter();
        let parameters = parameters.map(|(name, value)| format!("{name}=\"{value}\""));
        let template = self.template.path.to_string_lossy();
        Ok(sam
            .arguments(["--template-file", &template, "--no-fail-on-empty-changeset"])
            .arguments(options)
            .arguments(["--parameter-overrides"])
            .arguments(parameters)
            .run()
            .await?)
    }
}

pub(crate) fn check_state(target: &Target, stack: Option<&Stack>) -> Result<(), DeployError> {
    let Some(Stack { status, .. }) = stack else {
        return Ok(());
    };
    let (stack, status) = (target.stack.clone(), status.clone());
    if stack_state::was_never_created(&status) {
        let delete = target.command("delete");
        return Err(DeployError::NeverCreated {
            stack,
            status,
            delete,
        });
    }
    if stack_state::is_in_progress(&status) {
        let look = target.command("doctor");
        return Err(DeployError::InProgress {
            stack,
            status,
            look,
        });
    }
    Ok(())
}

/// Reads the parameters that a pipeline sets, with spaces between them.
fn from_environment() -> Result<Vec<(String, String)>, ParameterError> {
    let text = std::env::var("PARAMETERS").unwrap_or_default();
    text.split_whitespace().map(parameters::pair).collect()
}

/// Writes a copy of the template beside the functions that `make run` has packaged.
///
/// The local AWS shows SAM the parameters' defaults only, and SAM makes a version of `DeployId`.
fn lay_out(template: &Path, deploy_id: &str) -> io::Result<PathBuf> {
    let beside = samconfig::above(LOCAL_TEMPLATE);
    let beside = beside.ok_or_else(|| io::Error::other(format!("there is no {LOCAL_TEMPLATE}")))?;
    let declared = "  DeployId:\n    Type: String\n";
    let text = fs::read_to_string(template)?;
    let text = text.replacen(
        declared,
        &format!("{declared}    Default: \"{deploy_id}\"\n"),
        1,
    );
    let copy = beside.with_file_name("channelctl.yaml");
    fs::write(&copy, text)?;
    Ok(copy)
}
