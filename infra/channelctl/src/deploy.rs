//! Deploys a stack with SAM, shows what a deploy would change, and follows the logs.

use std::{
    env, fs,
    io::{self, Write},
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
    ending::{self, Ending, Failure},
    parameters::{self, Parameters, Template},
    samconfig,
    stack::Stack,
    target::Target,
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
    let deploy = Deploy::prepare(target, options).await?;
    let target = &deploy.target;
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
    match deploy.sam(&["--no-confirm-changeset"], as_json).await? {
        SamEnding::Success => {}
        SamEnding::Failure => {
            let failed = Failure::failed("The deploy failed; the reasons are above.");
            return Err(failed.then(target.command("doctor")));
        }
        SamEnding::Interrupted => return Ok(delete::goes_on(target)),
    }
    let stack = Stack::find(target.clone()).await?;
    if target.is_prod() && !target.is_local() && !stack.is_protected {
        // The deploy succeeded nevertheless.
        if let Err(error) = protect(target).await {
            eprintln!("Not protected from deletion: {error}");
        }
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
    let is_unset = registration.contains("not set yet");
    stack.command(if is_unset { "secrets set" } else { "status" })
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
    let ran = deploy.sam(&["--no-execute-changeset"], as_json).await;
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
        let mut template = Template::read(options.template.as_deref())?;
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

    async fn sam(&self, options: &[&str], as_json: bool) -> Result<SamEnding, Failure> {
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
        sam.arg("--no-fail-on-empty-changeset").args(options);
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
    let declared = "  DeployId:\n    Type: String\n";
    let default = format!("{declared}    Default: \"{deploy_id}\"\n");
    let text = fs::read_to_string(template)?.replacen(declared, &default, 1);
    let copy = beside.with_file_name("channelctl.yaml");
    fs::write(&copy, text)?;
    Ok(copy)
}

/// Returns SAM's command, for the target's account and region.
fn sam(command: &str, target: &Target) -> Result<Command, Failure> {
    let path = env::var_os("PATH").unwrap_or_default();
    let program = env::split_paths(&path)
        .map(|folder| folder.join("sam"))
        .find(|program| program.is_file())
        .or_else(|| samconfig::above(FETCHED_SAM));
    let program = program.ok_or_else(|| {
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
