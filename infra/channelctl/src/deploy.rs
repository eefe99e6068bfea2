//! Deploys a stack with SAM, and says what comes next.

mod delete;
mod diff;
pub mod parameters;
mod sam;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anstream::eprintln;
use aws_sdk_cloudformation::Client;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::{delete::delete, diff::diff, sam::logs};
use crate::{
    aws::{self, AwsError},
    deploy::{
        parameters::{Parameters, Template},
        sam::{run, sam},
    },
    outcome::{Failure, Outcome},
    stack::{Stack, samconfig, target::Target},
    terminal::{self, ago},
};

/// Where `make run` puts the functions that it packages.
const LOCAL_TEMPLATE: &str = ".local/run/cloud/infra/template.yaml";

/// The options of a deploy.
#[derive(Debug, Clone, Args)]
pub struct DeployOptions {
    /// Parameter of the template, as NAME=VALUE [env: PARAMETERS]
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameters::pair)]
    given: Vec<(String, String)>,
    /// Processor that the functions are built for
    #[arg(long, env = "ARCHITECTURE", hide_env = true, value_parser = ["arm64", "x86_64"])]
    architecture: Option<String>,
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

/// A deploy that can begin.
struct Deploy {
    target: Target,
    account: String,
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
) -> Result<Outcome, Failure> {
    let deploy = Deploy::prepare(target, options).await?;
    let target = &deploy.target;
    eprintln!("{}", target.place(&deploy.account));
    if checks_only {
        let checked = deploy.result("checked", None)?;
        terminal::print(as_json, &checked, || Ok(()))?;
        return Ok(Outcome::Done);
    }
    deploy.announce_code()?;
    if target.asks_before_deploys() {
        terminal::confirm_name("Deploy?", target.name(), yes)?;
    }
    let failed = "The deploy failed; the reasons are above.";
    let ran = deploy.sam("--no-confirm-changeset", as_json, failed).await;
    if ran.map_err(|failed| failed.then(target.command("doctor")))? == Outcome::Interrupted {
        return Ok(delete::goes_on(target));
    }
    let stack = Stack::find(target.clone()).await?;
    if target.is_prod() && !target.is_local() && !stack.is_protected {
        // The deploy succeeded nevertheless.
        if let Err(error) = protect(target).await {
            eprintln!("Not protected from deletion: {error}");
        }
    }
    let result = deploy.result("deployed", Some(&stack))?;
    terminal::print(as_json, &result, || {
        writeln!(terminal::output())?;
        let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        terminal::print_pairs([
            ("webhook", text("webhookUrl")),
            ("registration", text("registration")),
            ("next", text("next")),
        ])
    })?;
    Ok(Outcome::Done)
}

/// Has CloudFormation refuse to delete the stack.
async fn protect(target: &Target) -> Result<(), AwsError> {
    let asked = Client::new(&target.aws)
        .update_termination_protection()
        .stack_name(&target.stack)
        .enable_termination_protection(true)
        .send();
    let answer = terminal::wait("CloudFormation", asked).await;
    answer
        .map(drop)
        .map_err(|error| AwsError::new("protect the stack from deletion", &error))
}

/// Returns what comes after a deploy: the secrets, as long as the deploy-hook misses one.
fn next(stack: &Stack, registration: &str) -> String {
    let is_unset = registration.contains("not set yet");
    stack.command(if is_unset { "secrets set" } else { "status" })
}

impl Deploy {
    /// Checks everything that can be wrong before minutes go into a build or a deploy.
    async fn prepare(target: Target, options: &DeployOptions) -> Result<Self, Failure> {
        let mut given = parameters::from_environment()?;
        given.extend(options.given.iter().cloned());
        let mut template = Template::read(options.template.as_deref())?;
        // Without calling AWS, so that a mistyped parameter shows at once.
        parameters::for_target(&target, &template, &given, false)?;
        let account = terminal::wait("AWS STS", aws::account(&target.aws)).await?;
        let stack = Stack::lookup(&target).await?;
        check_state(stack.as_ref())?;
        let stack = stack.filter(|stack| !stack.has_only_a_change_set());
        let mut parameters = parameters::for_target(&target, &template, &given, stack.is_none())?;
        let deploy_id = parameters
            .remove("DeployId")
            .unwrap_or_else(|| Timestamp::now().as_second().to_string());
        parameters::check_deploy_id(&target, &deploy_id, stack.as_ref())?;
        let architecture = options.architecture.as_deref();
        let architecture = architecture.unwrap_or_else(|| parameters::architecture(&target));
        parameters.insert("Architecture".into(), architecture.into());
        if target.is_local() && options.template.is_none() {
            let path = lay_out(&template.path, &deploy_id).map_err(|error| {
                Failure::failed(format!(
                    "Cannot lay out the template for the local AWS: {error}. Start it in another terminal: make run"
                ))
            })?;
            template = Template::read(Some(&path))?;
        }
        parameters.insert("DeployId".into(), deploy_id);

        Ok(Self {
            target,
            account,
            template,
            parameters,
            role: options.role_arn.clone().filter(|arn| !arn.is_empty()),
        })
    }

    fn result(&self, result: &str, stack: Option<&Stack>) -> Result<Value, Failure> {
        let output = |name| stack.map(|stack| stack.output(name)).transpose();
        let registration = output("Registration")?;
        Ok(json!({
            "stack": self.target.stack, "account": self.account, "region": self.target.region(),
            "result": result, "deployId": self.parameters["DeployId"],
            "webhookUrl": output("WebhookUrl")?, "registration": registration,
            "next": stack.zip(registration).map(|(stack, outcome)| next(stack, outcome)),
        }))
    }

    /// Says how old the functions are: a build may be older than the source.
    fn announce_code(&self) -> Result<(), Failure> {
        if let Some(built) = self.template.built()? {
            eprintln!("functions built {}", ago(built));
        }
        Ok(())
    }

    async fn sam(
        &self,
        option: &str,
        as_json: bool,
        if_it_fails: &str,
    ) -> Result<Outcome, Failure> {
        let target = &self.target;
        let mut sam = sam("deploy", target)?;
        match &target.stage {
            // The local AWS is nobody's profile or region.
            Some(stage) if !target.is_local() => {
                sam.arg("--config-file").arg(&stage.file);
                sam.args(["--config-env", &stage.name]);
            }
            _ => {
                let stack = &target.stack;
                sam.args(["--stack-name", stack, "--resolve-s3", "--s3-prefix", stack]);
                sam.args(["--capabilities", "CAPABILITY_IAM"]);
            }
        }
        if let Some(role) = &self.role {
            sam.args(["--role-arn", role]);
        }
        if as_json {
            sam.stdout(io::stderr());
        }
        sam.arg("--template-file").arg(&self.template.path);
        sam.arg("--no-fail-on-empty-changeset").arg(option);
        // In quotes, without which SAM takes no empty value.
        let parameters = self.parameters.iter();
        let parameters = parameters.map(|(name, value)| format!("{name}=\"{value}\""));
        sam.arg("--parameter-overrides").args(parameters);
        run(sam, if_it_fails).await
    }
}

fn check_state(stack: Option<&Stack>) -> Result<(), Failure> {
    let Some(stack) = stack else {
        return Ok(());
    };
    let (name, status) = (&stack.target.stack, &stack.status);
    if stack.was_never_created() {
        return Err(Failure::failed(format!(
            "The first deploy of {name} failed ({status}), and AWS updates no such stack. Its events say why. Delete it, then deploy again."
        ))
        .then(stack.command("delete")));
    }
    if stack.is_in_progress() {
        let failure = Failure::failed(format!("{name} is {status}. Wait until that is done."));
        return Err(failure.then(stack.command("doctor")));
    }
    Ok(())
}

/// Writes a copy of the template beside the functions that `make run` has packaged.
///
/// The local AWS shows SAM the parameters' defaults only, and SAM makes a version of `DeployId`.
fn lay_out(template: &Path, deploy_id: &str) -> io::Result<PathBuf> {
    let beside = samconfig::above(LOCAL_TEMPLATE);
    let beside = beside.ok_or_else(|| io::Error::other(format!("there is no {LOCAL_TEMPLATE}")))?;
    let declared = "  DeployId:\n    Type: String\n";
    let default = format!("{declared}    Default: \"{deploy_id}\"\n");
    let text = fs::read_to_string(template)?.replacen(declared, &default, 1);
    let copy = beside.with_file_name("channelctl.yaml");
    fs::write(&copy, text)?;
    Ok(copy)
}
