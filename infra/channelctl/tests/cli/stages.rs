//! Stages: deployed, compared, given their secrets, and deleted.

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
/// Writes its arguments, one a line, and ends as it is told to.
const SAM: &str = r#"#!/bin/sh
printf '%s\n' "$@" >> "$SAM_CALLED"
echo "AWS_PROFILE=$AWS_PROFILE endpoint=$AWS_ENDPOINT_URL" >> "$SAM_CALLED"
echo "sam prints"
exit "${SAM_ENDS:-0}"
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

    /// The program in this checkout, on an AWS.
    pub fn program(&self, aws: &Aws, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command
            .current_dir(self.path())
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.path().join("bin").display()),
            )
            .env("SAM_CALLED", self.path().join("called"))
            .env("AWS_CONFIG_FILE", self.path().join("profiles"))
            .env("AWS_ENDPOINT_URL", &aws.endpoint);
        command
    }

    pub async fn run(&self, aws: &Aws, arguments: &[&str]) -> Ran {
        run(self.program(aws, arguments), "").await
    }

    /// The arguments that SAM got, and what it had in its environment.
    fn sam(&self) -> Vec<String> {
        let called = fs::read_to_string(self.path().join("called")).unwrap_or_default();
        called.lines().map(str::to_owned).collect()
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

#[track_caller]
fn assert_said(ran: &Ran, code: i32, text: &str) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.output, ran.errors);
    assert!(ran.errors.contains(text), "{}", ran.errors);
}

#[tokio::test]
async fn deploys_with_the_stages_configuration() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    let arguments = ["--stage", "dev", "deploy", "--parameter", "LogLevel=WARN"];
    let mut command = checkout.program(&aws, &arguments);
    command
        .env("PARAMETERS", " OnDelete=hold  IsReady=false ")
        .env("CLOUDFORMATION_ROLE_ARN", "arn:role");
    let ran = run(command, "").await;
    assert_said(&ran, 0, "calls-dev in account 123456789012, us-east-1");
    assert!(ran.output.contains("sam prints"), "{}", ran.output);
    assert!(
        ran.output.contains("https://calls.example.com/numbers"),
        "{}",
        ran.output
    );
    assert!(
        ran.output.contains("channelctl --stage dev status"),
        "{}",
        ran.output
    );
    let sam = checkout.sam();
    for expected in [
        "deploy",
        "--config-env",
        "dev",
        "--region",
        "us-east-1",
        "--role-arn",
        "arn:role",
        "--no-confirm-changeset",
        "AppId=\"7\"",
        "AlarmEmail=\"\"",
        "Architecture=\"arm64\"",
        "LogLevel=\"WARN\"",
        "OnDelete=\"hold\"",
        "IsReady=\"false\"",
        "Tracing=\"PassThrough\"",
    ] {
        assert!(
            sam.iter().any(|argument| argument == expected),
            "{expected}: {sam:?}"
        );
    }
}

#[tokio::test]
async fn sam_gets_the_stages_profile_and_region() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    for (name, options, key) in [
        ("samconfig", &[][..], "production"),
        ("option", &["--profile", "other"], "other"),
    ] {
        let arguments = [&["--stage", "prod", "deploy", "--yes"], options].concat();
        let ran = checkout.run(&aws, &arguments).await;
        assert_said(&ran, 0, "calls-prod in account 123456789012, eu-central-1");
        assert!(aws.account(|account| account.is_protected), "{name}");
        let signature = aws.account(|account| account.signature.clone());
        let signed = format!("Credential={}/", key.to_uppercase());
        assert!(signature.contains(&signed), "{name}: {signature}");
        let sam = checkout.sam().join(" ");
        assert!(
            sam.contains(&format!("--region eu-central-1 --profile {key}")),
            "{sam}"
        );
    }
}

#[tokio::test]
async fn a_stack_without_a_stage_keeps_its_parameters() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    let ran = checkout
        .run(&aws, &["--stack", "calls", "deploy", "--yes"])
        .await;
    assert_said(&ran, 0, "calls in account");
    let sam = checkout.sam().join(" ");
    assert!(sam.contains("--stack-name calls --resolve-s3"), "{sam}");
    assert!(
        !sam.contains("AppId") && !sam.contains("--config-env"),
        "{sam}"
    );
}

/// Until it succeeds once, it must be able to take its table back.
#[tokio::test]
async fn a_first_deploy_protects_no_table() {
    for (name, status, given, value) in [
        ("new", "REVIEW_IN_PROGRESS", "LogLevel=WARN", "false"),
        ("second", "UPDATE_COMPLETE", "LogLevel=WARN", "true"),
        (
            "asked for",
            "REVIEW_IN_PROGRESS",
            "DeletionProtection=true",
            "true",
        ),
    ] {
        let mut account = deployed();
        account.status = Some(status);
        let (checkout, aws) = (Checkout::new(), Aws::start(account).await);
        let deploy = ["--stage", "prod", "deploy", "--yes", "--parameter", given];
        checkout.run(&aws, &deploy).await;
        let expected = format!("DeletionProtection=\"{value}\"");
        assert!(checkout.sam().contains(&expected), "{name}");
    }
}

#[tokio::test]
async fn missing_secrets_are_the_next_step() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    aws.account(|account| account.outputs[4].1 = "the client secret is not set yet");
    let ran = checkout.run(&aws, &["--stage", "dev", "deploy"]).await;
    let next = "channelctl --stage dev secrets set";
    assert!(ran.output.contains(next), "{}", ran.output);
}

#[tokio::test]
async fn prod_and_named_stacks_are_confirmed() {
    for (arguments, code) in [
        (&["--stage", "prod"][..], 4),
        (&["--stack", "calls"], 4),
        (&["--stage", "dev"], 0),
    ] {
        let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
        let ran = checkout.run(&aws, &[arguments, &["deploy"]].concat()).await;
        assert_eq!(ran.code, Some(code), "{}", ran.errors);
        assert_eq!(checkout.sam().is_empty(), code == 4);
    }
}

/// Runs a deploy and its check, neither of which may reach SAM.
async fn assert_refused(account: Account, arguments: &[&str], code: i32, said: &str) {
    let (checkout, aws) = (Checkout::new(), Aws::start(account).await);
    for check in [&[][..], &["--check"]] {
        let ran = checkout.run(&aws, &[arguments, check].concat()).await;
        assert_said(&ran, code, said);
    }
    assert!(checkout.sam().is_empty(), "{said}");
}

#[tokio::test]
async fn unusable_stages_and_parameters_are_refused() {
    for (stage, parameter, code, said) in [
        ("qa", "IsReady=true", 2, "There are: dev, empty, prod."),
        (
            "empty",
            "IsReady=true",
            5,
            "Set AppId for empty in infra/samconfig.toml",
        ),
        ("dev", "Isready=true", 2, "no parameter Isready"),
        ("dev", "IsReady", 2, "expected NAME=VALUE"),
        ("dev", "Architecture=x86_64", 2, "--architecture"),
        ("dev", "DeployId=20261127120130", 2, "at most 10 digits"),
    ] {
        let arguments = ["--stage", stage, "deploy", "--parameter", parameter];
        assert_refused(deployed(), &arguments, code, said).await;
    }
    let template = ["--stage", "dev", "deploy", "--template", "none.yaml"];
    assert_refused(
        deployed(),
        &template,
        5,
        "Cannot read the template none.yaml",
    )
    .await;
}

#[tokio::test]
async fn a_stack_that_cannot_be_updated_is_refused() {
    let dev = ["--stage", "dev", "deploy"];
    for (status, deploy_id, said) in [
        ("ROLLBACK_COMPLETE", "1", "channelctl --stage dev delete"),
        ("UPDATE_IN_PROGRESS", "1", "Wait until that is done"),
        ("UPDATE_COMPLETE", "9999999998", "this machine's is behind"),
        (
            "UPDATE_COMPLETE",
            "20261127120130",
            "delete the stack first",
        ),
    ] {
        let mut account = deployed();
        account.status = Some(status);
        account.parameters = vec![("DeployId", deploy_id.to_owned())];
        assert_refused(account, &dev, 1, said).await;
    }
}

#[tokio::test]
async fn missing_functions_and_sam_say_how_to_get_them() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    let mut without_sam = checkout.program(&aws, &["--stage", "dev", "deploy"]);
    without_sam.env("PATH", "/nowhere");
    assert_said(
        &run(without_sam, "").await,
        1,
        "Install it: https://docs.aws.amazon.com",
    );
    fs::remove_file(
        checkout
            .path()
            .join("target/lambda/deploy-hook/bootstrap.zip"),
    )
    .unwrap();
    let ran = checkout.run(&aws, &["--stage", "dev", "deploy"]).await;
    assert_said(&ran, 5, "deploy-hook/bootstrap.zip. Build the functions");
    assert_said(&ran, 5, "next: make build");
}

#[tokio::test]
async fn a_failed_deploy_leads_to_doctor() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    let mut command = checkout.program(&aws, &["--stage", "dev", "deploy"]);
    command.env("SAM_ENDS", "1");
    assert_said(&run(command, "").await, 1, "channelctl --stage dev doctor");
}

#[tokio::test]
async fn diff_deletes_its_own_change_set_only() {
    for (name, status, others, left) in [
        ("deployed", "UPDATE_COMPLETE", 1, "UPDATE_COMPLETE"),
        ("new", "REVIEW_IN_PROGRESS", 0, "DELETE_COMPLETE"),
        (
            "new, with another's",
            "REVIEW_IN_PROGRESS",
            1,
            "REVIEW_IN_PROGRESS",
        ),
    ] {
        let mut account = deployed();
        account.status = Some(status);
        account
            .change_sets
            .push(("own".into(), "1796000000".into()));
        account
            .change_sets
            .extend((0..others).map(|_| ("other".into(), "17".into())));
        let (checkout, aws) = (Checkout::new(), Aws::start(account).await);
        let arguments = [
            "--stage",
            "dev",
            "diff",
            "--parameter",
            "DeployId=1796000000",
        ];
        let ran = checkout.run(&aws, &arguments).await;
        assert_said(&ran, 0, "Nothing was changed");
        assert!(
            checkout
                .sam()
                .contains(&"--no-execute-changeset".to_owned())
        );
        aws.account(|account| {
            assert_eq!(account.change_sets.len(), others, "{name}");
            assert!(
                account.change_sets.iter().all(|(id, _)| id == "other"),
                "{name}"
            );
            assert_eq!(account.status, Some(left), "{name}");
        });
    }
}

#[tokio::test]
async fn a_local_stage_leaves_the_users_account() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    let port = aws.endpoint.rsplit(':').next().unwrap();
    let run_folder = checkout.path().join(".local/run");
    fs::create_dir_all(run_folder.join("cloud/infra")).unwrap();
    fs::write(run_folder.join("cloud/infra/template.yaml"), "").unwrap();
    fs::create_dir_all(run_folder.join("cloud/target")).unwrap();
    let functions = checkout.path().join("target/lambda");
    fs::rename(functions, run_folder.join("cloud/target/lambda")).unwrap();
    let ports = format!(r#"{{"aws":{port},"hubspot":4599}}"#);
    fs::write(run_folder.join("stack.json"), ports).unwrap();
    let mut command = checkout.program(&aws, &["--local", "--stage", "prod", "deploy", "--yes"]);
    command
        .env("AWS_PROFILE", "production")
        .env_remove("AWS_ENDPOINT_URL");
    let ran = run(command, "").await;
    assert_said(&ran, 0, "calls-prod in account 123456789012");
    let sam = checkout.sam().join(" ");
    assert!(
        sam.contains(&format!("AWS_PROFILE= endpoint=http://127.0.0.1:{port}")),
        "{sam}"
    );
    assert!(
        sam.contains("HubSpotApiUrl=\"http://127.0.0.1:4599/\""),
        "{sam}"
    );
    assert!(
        sam.contains("--stack-name calls-prod") && !sam.contains("--profile"),
        "{sam}"
    );
    let copy = fs::read_to_string(run_folder.join("cloud/infra/channelctl.yaml")).unwrap();
    assert!(
        copy.contains("  DeployId:\n    Type: String\n    Default: \""),
        "{copy}"
    );
}

#[tokio::test]
async fn secrets_come_from_standard_input() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    let set = || checkout.program(&aws, &["--stage", "dev", "secrets", "set"]);
    let first = r#"{"clientSecret":"marked-1","hubSpotCredential":{"accessToken":"marked-2"}}"#;
    let ran = run(set(), first).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert!(
        ran.output.contains("channelctl --stage dev deploy"),
        "{}",
        ran.output
    );
    assert!(!format!("{}{}", ran.output, ran.errors).contains("marked"));
    let stored = |arn: &str| aws.account(|account| account.secrets[arn].clone());
    assert_eq!(stored("arn:client"), r#"{"clientSecret":"marked-1"}"#);
    assert_eq!(stored("arn:credential"), r#"{"accessToken":"marked-2"}"#);
    let rotated = r#"{"clientSecret":"marked-3","previousClientSecret":"marked-1"}"#;
    for name in ["rotated", "repeated"] {
        let ran = run(set(), r#"{"clientSecret":"marked-3"}"#).await;
        let next = "channelctl --stage dev status";
        assert!(ran.output.contains(next), "{name}: {}", ran.output);
        assert_eq!(stored("arn:client"), rotated, "{name}");
    }
    let end = ["--stage", "dev", "secrets", "end-rotation"];
    let ran = checkout.run(&aws, &end).await;
    assert!(ran.output.contains("no longer accepted"), "{}", ran.output);
    assert_eq!(stored("arn:client"), r#"{"clientSecret":"marked-3"}"#);
    let ran = run(set(), r#"{"clientSecret":"marked 4"}"#).await;
    assert_said(&ran, 5, "Nothing was changed.");
    assert!(!ran.errors.contains("marked"), "{}", ran.errors);
    assert!(stored("arn:client").contains("marked-3"));
}

#[tokio::test]
async fn deletes_after_a_yes_and_names_what_stays() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    let ran = checkout.run(&aws, &["--stage", "dev", "delete"]).await;
    assert_said(&ran, 4, "nobody to ask");
    assert_eq!(
        aws.account(|account| account.status),
        Some("UPDATE_COMPLETE")
    );
    let ran = checkout
        .run(&aws, &["--stage", "dev", "delete", "--yes"])
        .await;
    assert_said(&ran, 0, "deleting calls-dev in account 123456789012");
    let command = "aws dynamodb delete-table --table-name calls-numbers --region us-east-1";
    assert!(ran.output.contains(command), "{}", ran.output);
    aws.account(|account| account.status = None);
    let ran = checkout
        .run(&aws, &["--stage", "dev", "delete", "--yes"])
        .await;
    assert_said(&ran, 1, "channelctl --stage dev deploy");
}

#[tokio::test]
async fn logs_follow_both_functions() {
    let (checkout, aws) = (Checkout::new(), Aws::start(deployed()).await);
    let ran = checkout
        .run(&aws, &["--stage", "dev", "logs", "--since", "1h ago"])
        .await;
    assert_said(&ran, 0, "since 1h ago");
    let sam = checkout.sam().join(" ");
    let expected = "--tail --start-time 1h ago --cw-log-group /webhook --cw-log-group /hook";
    assert!(sam.contains(expected), "{sam}");
}
