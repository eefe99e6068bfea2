//! AWS SAM's command: for a target's account alone, and followed until it ends.

use std::{
    env,
    io::{self, IsTerminal},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{copy, sink, stdout},
    process::Command,
    signal,
    time::timeout,
};

use crate::{
    deploy::Deploy,
    outcome::{self, Failure, Outcome},
    stack::{samconfig, target::Target},
};

/// How long SAM's output is waited for once it has ended.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Where `make` puts SAM's command.
const FETCHED: &str = ".local/tools/bin/sam";
const INSTALLING: &str = "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html";

/// Finds SAM's command on PATH, or where `make` puts it.
fn program() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join("sam"))
        .find(|program| program.is_file())
        .or_else(|| samconfig::above(FETCHED))
}

/// Returns SAM's command to deploy, for the target's account and region.
fn sam(target: &Target) -> Result<Command, Failure> {
    let program = program().ok_or_else(|| {
        Failure::failed(format!(
            "AWS SAM's command sam is missing: neither on PATH nor {FETCHED}. Install it: {INSTALLING}"
        ))
    })?;
    let mut sam = Command::new(program);
    sam.args(["deploy", "--region", target.region()]);
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

/// Has SAM show the changes of a deploy, and make them if `executes` is set.
pub(super) async fn deploy(
    deploy: &Deploy,
    executes: bool,
    as_json: bool,
    if_it_fails: &str,
) -> Result<Outcome, Failure> {
    let target = &deploy.target;
    let mut sam = sam(target)?;
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
    if let Some(role) = &deploy.role {
        sam.args(["--role-arn", role]);
    }
    if as_json {
        sam.stdout(io::stderr());
    } else if !io::stdout().is_terminal() {
        sam.stdout(Stdio::piped());
    }
    sam.arg("--template-file").arg(&deploy.template.path);
    sam.arg("--no-fail-on-empty-changeset").arg(if executes {
        "--no-confirm-changeset"
    } else {
        "--no-execute-changeset"
    });
    // In quotes, without which SAM takes no empty value.
    let parameters = deploy.parameters.iter();
    let parameters = parameters.map(|(name, value)| format!("{name}=\"{value}\""));
    sam.arg("--parameter-overrides").args(parameters);
    run(sam, if_it_fails).await
}

/// Runs SAM to its end; what it prints goes to the terminal as it comes.
async fn run(mut sam: Command, if_it_fails: &str) -> Result<Outcome, Failure> {
    // The terminal sends Ctrl-C to SAM too, which ends by itself.
    outcome::if_stopped(None);
    let unusable = |error| Failure::failed(format!("Cannot run sam: {error}"));
    let mut child = sam.spawn().map_err(unusable)?;
    let printed = child.stdout.take().map(|mut printed| async move {
        let _ = copy(&mut printed, &mut stdout()).await;
        // Should nobody read any more, SAM goes on nevertheless.
        let _ = copy(&mut printed, &mut sink()).await;
    });
    let printed = printed.map(tokio::spawn);
    let ended = tokio::select! {
        status = child.wait() => Some(status.map_err(unusable)?),
        _ = signal::ctrl_c() => {
            child.wait().await.map_err(unusable)?;
            None
        }
    };
    if let Some(printed) = printed {
        // Should a process of SAM's outlive it.
        let _ = timeout(DRAIN_TIMEOUT, printed).await;
    }
    outcome::if_stopped("Stopped.".to_owned());
    match ended {
        None => Ok(Outcome::Interrupted),
        Some(status) if status.success() => Ok(Outcome::Done),
        Some(_) => Err(Failure::failed(if_it_fails)),
    }
}
