//! A checkout with stages, and the AWS that it deploys to.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use tempfile::TempDir;

use crate::{
    aws::{Account, Aws},
    support::{Ran, program, run},
};

const SAMCONFIG: &str = r#"
version = 0.1
[dev.deploy.parameters]
stack_name = "calls-dev"
parameter_overrides = ["AppId=7", "AlarmEmail="]
[prod.deploy.parameters]
stack_name = "calls-prod"
region = "eu-central-1"
profile = "production"
parameter_overrides = ["AppId=8", "DeletionProtection=true"]
[empty.deploy.parameters]
stack_name = "calls-empty"
parameter_overrides = ["AppId="]
"#;
const PROFILES: &str = "
[profile production]
aws_access_key_id = PRODUCTION
aws_secret_access_key = secret
[profile other]
aws_access_key_id = OTHER
aws_secret_access_key = secret
";
/// Writes its arguments, one a line.
const SAM: &str = r#"#!/bin/sh
printf '%s\n' "$@" >> "$SAM_CALLED"
echo "AWS_PROFILE=$AWS_PROFILE endpoint=$AWS_ENDPOINT_URL" >> "$SAM_CALLED"
echo "sam prints"
"#;
const OUTPUTS: [(&str, &str); 10] = [
    ("DeployHookFunction", "hook"),
    ("NumbersWebhookFunction", "webhook"),
    ("Version", "v1"),
    ("WebhookUrl", "https://calls.example.com/numbers"),
    ("Registration", "HubSpot has it"),
    ("NumbersTable", "calls-numbers"),
    ("ClientSecretArn", "arn:client"),
    ("HubSpotCredentialArn", "arn:credential"),
    ("NumbersWebhookLogs", "/webhook"),
    ("DeployHookLogs", "/hook"),
];

/// A checkout with stages, built functions and a stand-in for SAM.
pub struct Checkout(TempDir);

impl Checkout {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("infra/samconfig.toml", SAMCONFIG);
        write(
            "infra/template.yaml",
            include_str!("../../../template.yaml"),
        );
        write("target/lambda/numbers-webhook/bootstrap.zip", "");
        write("target/lambda/deploy-hook/bootstrap.zip", "");
        write("profiles", PROFILES);
        write("bin/sam", SAM);
        let sam = folder.path().join("bin/sam");
        fs::set_permissions(sam, Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

pub fn deployed() -> Account {
    Account {
        status: Some("UPDATE_COMPLETE"),
        outputs: OUTPUTS.to_vec(),
        secrets: [("arn:client", "{}"), ("arn:credential", "{}")]
            .map(|(arn, text)| (arn.into(), text.into()))
            .into(),
        ..Account::default()
    }
}

/// A checkout, and the AWS that it deploys to.
pub struct TestEnv {
    pub checkout: Checkout,
    pub aws: Aws,
}

impl TestEnv {
    pub async fn start(account: Account) -> Self {
        Self {
            checkout: Checkout::new(),
            aws: Aws::start(account).await,
        }
    }

    /// The program in the checkout, on this AWS.
    pub fn command(&self, line: &str) -> Command {
        let arguments = shlex::split(line).unwrap();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let folder = self.checkout.path();
        let path = format!("{}:/usr/bin:/bin", folder.join("bin").display());
        let mut command = program(&arguments);
        command
            .current_dir(folder)
            .env("PATH", path)
            .env("SAM_CALLED", folder.join("called"))
            .env("AWS_CONFIG_FILE", folder.join("profiles"))
            .env("AWS_ENDPOINT_URL", &self.aws.endpoint);
        command
    }

    pub async fn run(&self, line: &str) -> Ran {
        run(self.command(line), "").await
    }

    /// SAM's command line, and what it had in its environment.
    pub fn sam(&self) -> String {
        let called = fs::read_to_string(self.checkout.path().join("called"));
        called.unwrap_or_default().replace('\n', " ")
    }
}
