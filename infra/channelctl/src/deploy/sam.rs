//! AWS SAM's command, which packages, deploys and follows logs.

use std::{
    env, io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
};

use tokio::{process::Command, signal};

use crate::{samconfig, target::Target};

/// Where `make` puts it.
const FETCHED: &str = ".local/tools/bin/sam";
const INSTALLING: &str = "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html";

/// The reason SAM did not run.
#[derive(Debug, thiserror::Error)]
pub enum SamError {
    /// It is not on this machine.
    #[error(
        "AWS SAM's command sam is missing: neither on PATH nor {FETCHED}. Install it: {INSTALLING}"
    )]
    Missing,
    /// It cannot be started.
    #[error("Cannot run {0}: {1}")]
    Unusable(String, io::Error),
}

/// How a run of SAM ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// It did what it was asked for.
    Well,
    /// It failed, and has said why.
    Badly,
    /// Ctrl-C stopped it.
    Interrupted,
}

/// A command of SAM's, for one target's account and region.
#[derive(Debug)]
pub struct Sam(Command);

impl Sam {
    /// Finds SAM, and points it at the target's account and region.
    pub fn new(command: &str, target: &Target) -> Result<Self, SamError> {
        let mut sam = Command::new(find().ok_or(SamError::Missing)?);
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
        Ok(Self(sam))
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments<T: AsRef<str>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        for argument in arguments {
            self.0.arg(argument.as_ref());
        }
        self
    }

    /// Keeps standard output free for this program's own JSON.
    #[must_use]
    pub fn beside_json(mut self, as_json: bool) -> Self {
        if as_json {
            self.0.stdout(io::stderr());
        }
        self
    }

    /// Runs it to its end; what it prints goes to the terminal as it comes.
    pub async fn run(mut self) -> Result<Ran, SamError> {
        let name = self.0.as_std().get_program().to_string_lossy().into_owned();
        let unusable = |error| SamError::Unusable(name, error);
        let mut child = match self.0.spawn() {
            Ok(child) => child,
            Err(error) => return Err(unusable(error)),
        };
        tokio::select! {
            status = child.wait() => status.map(ended).map_err(unusable),
            // The terminal sends it to SAM too, which ends by itself.
            _ = signal::ctrl_c() => match child.wait().await {
                Ok(_) => Ok(Ran::Interrupted),
                Err(error) => Err(unusable(error)),
            },
        }
    }
}

fn ended(status: ExitStatus) -> Ran {
    if status.success() {
        Ran::Well
    } else {
        Ran::Badly
    }
}

fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join("sam"))
        .find(|program| program.is_file())
        .or_else(|| samconfig::above(FETCHED))
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
