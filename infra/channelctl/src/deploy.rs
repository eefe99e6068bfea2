//! Deploys a stack with SAM, shows what a deploy would change, and follows the logs.

mod bundle;
mod change_set;
mod download;
mod guided;
mod upload;

use std::{
    env, fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::Stdio,
};

use anstream::eprintln;
use aws_sdk_cloudformation::{Client, types::StackStatus};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{process::Command, signal};

use crate::{
    aws::{self, AwsError},
    delete,
    deploy::bundle::{Bundle, Source},
    ending::{self, Ending, Failure},
    parameters::{self, Parameters, Template},
    samconfig, secrets,
    stack::Stack,
    status,
    target::{Target, TargetOptions},
    terminal::{self, ago},
};

/// Where `make run` puts the functions that it packages.
const LOCAL_TEMPLATE: &str = ".local/run/cloud/infra/template.yaml";
/// Where `make` puts SAM's command.
const FETCHED_SAM: &str = ".local/tools/bin/sam";
const INSTALLING: &str = "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html";

/// What a deploy can be told.
#[derive(Debug, Clone, Args)]
pub struct DeployOptions {
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
    #[arg(long, value_name = "VERSION")]
    version: Option<Source>,
    /// Replace a newer release
    #[arg(long, requires = "version")]
    downgrade: bool,
    /// Role that CloudFormation works with
    #[arg(
        long,
        value_name = "ARN",
        env = "CLOUDFORMATION_ROLE_ARN",
        hide_env_values = true
    )]
    role_arn: Option<String>,
}

impl DeployOptions {
    /// Finds the target; for a release, asks first for what its stage misses.
    pub async fn target(&self, options: &TargetOptions) -> Result<Target, Failure> {
        if self.version.is_some() {
            let app_id = self.given.iter().rfind(|(name, _)| name == "AppId");
            guided::set_up(options, app_id.map(|(_, id)| id.as_str()))?;
        }
        options.target().await
    }
}

/// A deploy that can begin.
struct Deploy {
    target: Target,
    /// The stack before the deploy.
    stack: Option<Stack>,
    account: String,
    template: Template,
    bundle: Option<Bundle>,
    parameters: Parameters,
    role: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SamEnding {
    Success,
    Failure,
    Interrupted,
}

/// Deploys a stack, and says what comes next; with `checks_only`, checks whether it could.
pub async fn deploy(
    target: Target,
    options: &DeployOptions,
    yes: bool,
    checks_only: bool,
    as_json: bool,
) -> Result<Ending, Failure> {
    let mut deploy = Deploy::prepare(target, options).await?;
    if let (Some(bundle), Some(stack), false) = (&deploy.bundle, &deploy.stack, options.downgrade) {
        bundle.check_newer(stack)?;
    }
    let target = deploy.target.clone();
    eprintln!("{}", target.place(&deploy.account));
    if checks_only {
        if as_json {
            terminal::print_json(&deploy.result("checked", None)?)?;
        }
        return Ok(Ending::Done);
    }
    deploy.announce_code()?;
    if target.asks_before_deploys() {
        terminal::confirm_name("Deploy?", target.name(), yes)?;
    }
    let Some(mut stack) = deploy.apply(as_json).await? else {
        return Ok(delete::goes_on(&target));
    };
    let is_guided = deploy.bundle.is_some() && !as_json;
    if is_guided && io::stdin().is_terminal() && misses_secrets(stack.output("Registration")?) {
        secrets::set(&stack, false).await?;
        eprintln!("Deploying again: without the secrets, nothing was registered.");
        deploy = Deploy::prepare(target.clone(), options).await?;
        match deploy.apply(as_json).await? {
            Some(again) => stack = again,
            None => return Ok(delete::goes_on(&target)),
        }
    }
    if target.is_prod() && !target.is_local() && !stack.is_protected {
        // The deploy succeeded nevertheless.
        if let Err(error) = protect(&target).await {
            eprintln!("Not protected from deletion: {error}");
        }
    }
    if is_guided && !misses_secrets(stack.output("Registration")?) {
        Box::pin(status::show(&stack, false)).await?;
        return Ok(Ending::Done);
    }
    let result = deploy.result("deployed", Some(&stack))?;
    if as_json {
        terminal::print_json(&result)?;
    } else {
        writeln!(terminal::output())?;
        let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        terminal::print_pairs([
            ("webhook", text("webhookUrl")),
            ("registration", text("registration")),
            ("next", text("next")),
        ])?;
    }
    Ok(Ending::Done)
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
    stack.command(if misses_secrets(registration) {
        "secrets set"
    } else {
        "status"
    })
}

fn misses_secrets(registration: &str) -> bool {
    registration.contains("not set yet")
}

/// Shows what a deploy would change, and leaves nothing of it behind.
pub async fn diff(
    target: Target,
    options: &DeployOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let deploy = Deploy::prepare(target, options).await?;
    let (target, account) = (&deploy.target, &deploy.account);
    eprintln!("What a deploy would change: {}", target.place(account));
    deploy.announce_code()?;
    let ran = deploy.run(false, as_json).await;
    let cleared = Box::pin(take_change_set(target, &deploy.parameters["DeployId"]));
    let changes = terminal::wait("CloudFormation", cleared).await?;
    match ran? {
        SamEnding::Success => {
            eprintln!("Nothing was changed, and the change set is deleted again.");
            if as_json {
                terminal::print_json(&json!({
                    "stack": target.stack, "account": account, "region": target.region(),
                    "changes": changes,
                }))?;
            }
            Ok(Ending::Done)
        }
        SamEnding::Failure => Err(Failure::failed(
            "The changes cannot be shown; the reasons are above. Nothing was changed.",
        )),
        SamEnding::Interrupted => Ok(Ending::Interrupted),
    }
}

impl Deploy {
    /// Checks everything that can be wrong before minutes go into a build or a deploy.
    async fn prepare(target: Target, options: &DeployOptions) -> Result<Self, Failure> {
        let mut given = parameters::from_environment()?;
        given.extend(options.given.iter().cloned());
        let architecture = options.architecture.as_deref();
        let architecture = architecture.unwrap_or_else(|| parameters::architecture(&target));
        let bundle = match &options.version {
            Some(source) => Some(Bundle::open(source, architecture).await?),
            None => None,
        };
        let mut template = match &bundle {
            Some(bundle) => Template::read(Some(&bundle.template))?,
            None => Template::read(options.template.as_deref())?,
        };
        // Without calling AWS, so that a mistyped parameter shows at once.
        parameters::for_target(&target, &template, &given, false)?;
        let account = terminal::wait("AWS STS", aws::account(&target.aws)).await?;
        let stack = Stack::lookup(&target).await?;
        check_state(stack.as_ref())?;
        let is_new = stack.as_ref().is_none_or(Stack::has_only_a_change_set);
        let mut parameters = parameters::for_target(&target, &template, &given, is_new)?;
        let deploy_id = parameters
            .remove("DeployId")
            .unwrap_or_else(|| Timestamp::now().as_second().to_string());
        parameters::check_deploy_id(&target, &deploy_id, stack.as_ref())?;
        parameters.insert("Architecture".into(), architecture.into());
        if bundle.is_some() {
            if target.aws.endpoint_url().is_some() {
                template.text = with_default(&template.text, &deploy_id);
            }
        } else if target.is_local() && options.template.is_none() {
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
            stack,
            account,
            template,
            bundle,
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
        if let Some(bundle) = &self.bundle {
            eprintln!(
                "release {}, {}",
                bundle.name(),
                self.parameters["Architecture"]
            );
        } else if let Some(built) = self.template.built()? {
            eprintln!("functions built {}", ago(built));
        }
        Ok(())
    }

    /// Deploys, and returns the stack as it then is; `None` after Ctrl-C.
    async fn apply(&self, as_json: bool) -> Result<Option<Stack>, Failure> {
        match self.run(true, as_json).await? {
            SamEnding::Success => Stack::find(self.target.clone()).await.map(Some),
            SamEnding::Failure => {
                let failed = Failure::failed("The deploy failed; the reasons are above.");
                Err(failed.then(self.target.command("doctor")))
            }
            SamEnding::Interrupted => Ok(None),
        }
    }

    /// Has SAM show the changes, and make them if `executes` is set; a release does without SAM.
    async fn run(&self, executes: bool, as_json: bool) -> Result<SamEnding, Failure> {
        let target = &self.target;
        if self.bundle.is_some() && find_sam().is_none() {
            let (template, role) = (&self.template, self.role.as_deref());
            return change_set::deploy(target, template, &self.parameters, role, executes).await;
        }
        let packaged = match &self.bundle {
            Some(_) => Some(self.template.with_whole_paths()?),
            None => None,
        };
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
        let template = packaged
            .as_ref()
            .map_or(&*self.template.path, |file| file.path());
        sam.arg("--template-file").arg(template);
        sam.arg("--no-fail-on-empty-changeset");
        sam.arg(if executes {
            "--no-confirm-changeset"
        } else {
            "--no-execute-changeset"
        });
        // In quotes, without which SAM takes no empty value.
        let parameters = self.parameters.iter();
        let parameters = parameters.map(|(name, value)| format!("{name}=\"{value}\""));
        sam.arg("--parameter-overrides").args(parameters);
        run(sam).await
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
    let text = with_default(&fs::read_to_string(template)?, deploy_id);
    let copy = beside.with_file_name("channelctl.yaml");
    fs::write(&copy, text)?;
    Ok(copy)
}

fn with_default(template: &str, deploy_id: &str) -> String {
    let declared = "  DeployId:\n    Type: String\n";
    let default = format!("{declared}    Default: \"{deploy_id}\"\n");
    template.replacen(declared, &default, 1)
}

fn find_sam() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join("sam"))
        .find(|program| program.is_file())
        .or_else(|| samconfig::above(FETCHED_SAM))
}

/// Returns SAM's command, for the target's account and region.
fn sam(command: &str, target: &Target) -> Result<Command, Failure> {
    let program = find_sam().ok_or_else(|| {
        Failure::failed(format!(
            "AWS SAM's command sam is missing: neither on PATH nor {FETCHED_SAM}. Install it: {INSTALLING}"
        ))
    })?;
    let mut sam = Command::new(program);
    sam.arg(command).args(["--region", target.region()]);
    if let Some(profile) = &target.profile {
        sam.args(["--profile", profile]);
    }
    if let (Some(_), Some(endpoint)) = (target.local, target.aws.endpoint_url()) {
        leave_the_users_account(&mut sam, target.region(), endpoint);
    }
    sam.env("SAM_CLI_TELEMETRY", "0")
        .env("SAM_CLI_CHECK_FOR_UPDATES", "0")
        .stdin(Stdio::null());
    Ok(sam)
}

/// Points a program at the local AWS and at nothing else.
fn leave_the_users_account(program: &mut Command, region: &str, endpoint: &str) {
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        // A proxy of the user's knows nothing of this machine's ports.
        if name.starts_with("AWS_") || name.to_uppercase().ends_with("_PROXY") {
            program.env_remove(&*name);
        }
    }
    program.envs([
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ENDPOINT_URL", endpoint),
    ]);
}

/// Runs SAM to its end; what it prints goes to the terminal as it comes.
async fn run(mut sam: Command) -> Result<SamEnding, Failure> {
    // The terminal sends Ctrl-C to SAM too, which ends by itself.
    ending::if_stopped(None);
    let unusable = |error| Failure::failed(format!("Cannot run sam: {error}"));
    let mut child = sam.spawn().map_err(unusable)?;
    let ended = tokio::select! {
        status = child.wait() => {
            let is_success = status.map_err(unusable)?.success();
            Ok(if is_success { SamEnding::Success } else { SamEnding::Failure })
        }
        _ = signal::ctrl_c() => {
            child.wait().await.map_err(unusable)?;
            Ok(SamEnding::Interrupted)
        }
    };
    ending::if_stopped("Stopped.".to_owned());
    ended
}

/// Follows both functions' logs until Ctrl-C.
pub async fn logs(stack: &Stack, since: &str) -> Result<Ending, Failure> {
    let groups = [
        stack.output("NumbersWebhookLogs")?,
        stack.output("DeployHookLogs")?,
    ];
    let mut sam = sam("logs", &stack.target)?;
    let account = terminal::wait("AWS STS", aws::account(&stack.target.aws)).await?;
    let place = stack.target.place(&account);
    eprintln!("{place}, since {since}; Ctrl-C ends");
    sam.args(["--tail", "--start-time", since]);
    for group in groups {
        sam.args(["--cw-log-group", group]);
    }
    match run(sam).await? {
        SamEnding::Success => Ok(Ending::Done),
        SamEnding::Failure => Err(Failure::failed(
            "The logs cannot be followed; the reasons are above.",
        )),
        SamEnding::Interrupted => Ok(Ending::Interrupted),
    }
}

/// Returns the changes of one deploy, and deletes its change set, and the stack if it was only
/// made for that.
async fn take_change_set(target: &Target, deploy_id: &str) -> Result<Vec<Value>, Failure> {
    let client = Client::new(&target.aws);
    let Some(stack) = Stack::lookup(target).await? else {
        return Ok(Vec::new());
    };
    let listed = client.list_change_sets().stack_name(&target.stack);
    let pages = listed.into_paginator().items().send();
    let listed: Result<Vec<_>, _> = pages.collect().await;
    let listed = listed.map_err(|error| AwsError::new("list the change sets", &error))?;
    let (mut changes, mut others) = (Vec::new(), 0);
    for id in listed.into_iter().filter_map(|one| one.change_set_id) {
        match changes_for(&client, &id, deploy_id).await? {
            // Somebody else began that deploy meanwhile.
            None => others += 1,
            Some(found) => {
                changes = found;
                let deleted = client.delete_change_set().change_set_name(&id).send().await;
                deleted.map_err(|error| AwsError::new("delete the change set", &error))?;
            }
        }
    }
    if stack.status == StackStatus::ReviewInProgress.as_str() && others == 0 {
        let deleted = client.delete_stack().stack_name(&stack.id).send().await;
        deleted
            .map_err(|error| AwsError::new("delete the stack made for the change set", &error))?;
        delete::until_deleted(&client, &stack.id, None).await?;
    }
    Ok(changes)
}

/// Returns the changes in a change set if it is for a deploy.
async fn changes_for(
    client: &Client,
    change_set: &str,
    deploy_id: &str,
) -> Result<Option<Vec<Value>>, AwsError> {
    let (mut changes, mut token) = (Vec::new(), None);
    loop {
        let described = client.describe_change_set().change_set_name(change_set);
        let described = described.set_next_token(token).send().await;
        let page = described.map_err(|error| AwsError::new("read the change set", &error))?;
        let is_for_deploy = page.parameters().iter().any(|one| {
            one.parameter_key() == Some("DeployId") && one.parameter_value() == Some(deploy_id)
        });
        if !is_for_deploy {
            return Ok(None);
        }
        let resources = page
            .changes()
            .iter()
            .filter_map(|one| one.resource_change());
        changes.extend(resources.map(|change| {
            json!({
                "action": change.action().map(AsRef::<str>::as_ref),
                "resource": change.logical_resource_id(), "type": change.resource_type(),
                "replacement": change.replacement().map(AsRef::<str>::as_ref),
            })
        }));
        token = page.next_token;
        if token.is_none() {
            return Ok(Some(changes));
        }
    }
}
