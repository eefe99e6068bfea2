//! Stages: deployed, compared, given their secrets, and deleted.

use std::fs;

use crate::{
    aws::Account,
    checkout::{TestEnv, deployed},
    support::{Ran, run},
};

#[track_caller]
fn assert_has(text: &str, expected: &str) {
    assert!(text.contains(expected), "no {expected} in: {text}");
}

#[track_caller]
fn assert_said(ran: &Ran, code: i32, text: &str) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.output, ran.errors);
    assert_has(&ran.errors, text);
}

#[tokio::test]
async fn deploys_with_the_stages_configuration() {
    let env = TestEnv::start(deployed()).await;
    let mut command = env.command("--stage dev deploy --parameter LogLevel=WARN");
    command
        .env("PARAMETERS", " OnDelete=hold  IsReady=false ")
        .env("CLOUDFORMATION_ROLE_ARN", "arn:role");
    let ran = run(command, "").await;
    assert_said(&ran, 0, "calls-dev in account 123456789012, us-east-1");
    assert_has(&ran.output, "sam prints");
    assert_has(&ran.output, "https://calls.example.com/numbers");
    assert_has(&ran.output, "channelctl --stage dev status");
    for expected in [
        "deploy --region us-east-1",
        "--config-env dev --role-arn arn:role",
        "--no-confirm-changeset",
        " AppId=\"7\" ",
        " AlarmEmail=\"\" ",
        " Architecture=\"arm64\" ",
        " LogLevel=\"WARN\" ",
        " OnDelete=\"hold\" ",
        " IsReady=\"false\" ",
        " Tracing=\"PassThrough\" ",
    ] {
        assert_has(&env.sam(), expected);
    }
}

#[tokio::test]
async fn sam_gets_the_stages_profile_and_region() {
    let env = TestEnv::start(deployed()).await;
    for (option, profile) in [("", "production"), ("--profile other", "other")] {
        let ran = env
            .run(&format!("--stage prod deploy --yes {option}"))
            .await;
        assert_said(&ran, 0, "calls-prod in account 123456789012, eu-central-1");
        assert!(env.aws.account(|account| account.is_protected), "{profile}");
        let signature = env.aws.account(|account| account.signature.clone());
        let signed = format!("Credential={}/", profile.to_uppercase());
        assert_has(&signature, &signed);
        let options = format!("--region eu-central-1 --profile {profile}");
        assert_has(&env.sam(), &options);
    }
}

#[tokio::test]
async fn a_stack_without_a_stage_keeps_its_parameters() {
    let env = TestEnv::start(deployed()).await;
    let ran = env.run("--stack calls deploy --yes").await;
    assert_said(&ran, 0, "calls in account");
    let sam = env.sam();
    assert_has(&sam, "--stack-name calls --resolve-s3");
    // But none that would undo a hold.
    assert_has(&sam, "IsReady=\"keep\"");
    assert!(
        !sam.contains("AppId") && !sam.contains("--config-env"),
        "{sam}"
    );
}

/// Until it succeeds once, it must be able to take its table back.
#[tokio::test]
async fn a_first_deploy_protects_no_table() {
    const NEW: &str = "REVIEW_IN_PROGRESS";
    for (name, status, given, value) in [
        ("new", NEW, "LogLevel=WARN", "false"),
        ("second", "UPDATE_COMPLETE", "LogLevel=WARN", "true"),
        ("asked for", NEW, "DeletionProtection=true", "true"),
    ] {
        let mut account = deployed();
        account.status = Some(status);
        let env = TestEnv::start(account).await;
        env.run(&format!("--stage prod deploy --yes --parameter {given}"))
            .await;
        let expected = format!("DeletionProtection=\"{value}\"");
        assert!(env.sam().contains(&expected), "{name}");
    }
}

#[tokio::test]
async fn prod_and_named_stacks_are_confirmed() {
    for (target, code) in [
        ("--stage prod", 4),
        ("--stack calls", 4),
        ("--stage dev", 0),
    ] {
        let env = TestEnv::start(deployed()).await;
        let ran = env.run(&format!("{target} deploy")).await;
        assert_eq!(ran.code, Some(code), "{}", ran.errors);
        assert_eq!(env.sam().is_empty(), code == 4, "{target}");
    }
}

/// Runs a deploy and its check, neither of which may reach SAM.
async fn assert_refused(account: Account, line: &str, code: i32, said: &str) {
    let env = TestEnv::start(account).await;
    for check in ["", "--check"] {
        let ran = env.run(&format!("{line} {check}")).await;
        assert_said(&ran, code, said);
    }
    assert!(env.sam().is_empty(), "{said}");
}

#[tokio::test]
async fn unusable_stages_and_parameters_are_refused() {
    for (stage, option, code, said) in [
        ("qa", "", 2, "There are: dev, empty, prod."),
        (
            "empty",
            "",
            5,
            "Set AppId for empty in infra/samconfig.toml",
        ),
        ("dev", "--parameter Isready=true", 2, "no parameter Isready"),
        ("dev", "--parameter IsReady", 2, "expected NAME=VALUE"),
        (
            "dev",
            "--parameter Architecture=x86_64",
            2,
            "--architecture",
        ),
        (
            "dev",
            "--parameter DeployId=20261127120130",
            2,
            "at most 10 digits",
        ),
        (
            "dev",
            "--template no.yaml",
            5,
            "Cannot read the template no.yaml",
        ),
    ] {
        let line = format!("--stage {stage} deploy {option}");
        assert_refused(deployed(), &line, code, said).await;
    }
}

#[tokio::test]
async fn a_stack_that_cannot_be_updated_is_refused() {
    for (status, deploy_id, said) in [
        ("ROLLBACK_COMPLETE", "1", "channelctl --stage dev delete"),
        ("UPDATE_IN_PROGRESS", "1", "wait until that is done"),
        ("UPDATE_COMPLETE", "9999999998", "this machine's is behind"),
    ] {
        let mut account = deployed();
        account.status = Some(status);
        account.parameters = vec![("DeployId", deploy_id.to_owned())];
        assert_refused(account, "--stage dev deploy", 1, said).await;
    }
}

#[tokio::test]
async fn missing_functions_and_sam_say_how_to_get_them() {
    let env = TestEnv::start(deployed()).await;
    let mut without_sam = env.command("--stage dev deploy");
    without_sam.env("PATH", "/nowhere");
    let ran = run(without_sam, "").await;
    assert_said(&ran, 1, "Install it: https://docs.aws.amazon.com");
    let zip = env
        .checkout
        .path()
        .join("target/lambda/deploy-hook/bootstrap.zip");
    fs::remove_file(zip).unwrap();
    let ran = env.run("--stage dev deploy").await;
    assert_said(&ran, 5, "deploy-hook/bootstrap.zip. Build the functions");
    assert_said(&ran, 5, "next: make build");
}

#[tokio::test]
async fn diff_deletes_its_own_change_set_only() {
    const NEW: &str = "REVIEW_IN_PROGRESS";
    for (name, status, others, left) in [
        ("deployed", "UPDATE_COMPLETE", 1, "UPDATE_COMPLETE"),
        ("new", NEW, 0, "DELETE_COMPLETE"),
        ("new, with another's", NEW, 1, NEW),
    ] {
        let mut account = deployed();
        account.status = Some(status);
        let own = ("own".to_owned(), "1796000000".to_owned());
        let other = ("other".to_owned(), "17".to_owned());
        account.change_sets = [vec![own], vec![other; others]].concat();
        let env = TestEnv::start(account).await;
        let ran = env
            .run("--stage dev diff --parameter DeployId=1796000000")
            .await;
        assert_said(&ran, 0, "Nothing was changed");
        assert_has(&env.sam(), "--no-execute-changeset");
        env.aws.account(|account| {
            let left_sets: Vec<_> = account.change_sets.iter().map(|(id, _)| id).collect();
            assert_eq!(left_sets, vec!["other"; others], "{name}");
            assert_eq!(account.status, Some(left), "{name}");
        });
    }
}

#[tokio::test]
async fn a_local_stage_leaves_the_users_account() {
    let env = TestEnv::start(deployed()).await;
    let port = env.aws.endpoint.rsplit(':').next().unwrap();
    let local = env.checkout.path().join(".local/run");
    fs::create_dir_all(local.join("cloud/infra")).unwrap();
    fs::write(local.join("cloud/infra/template.yaml"), "").unwrap();
    let built = env.checkout.path().join("target");
    fs::rename(built, local.join("cloud/target")).unwrap();
    let ports = format!(r#"{{"aws":{port},"hubspot":4599}}"#);
    fs::write(local.join("stack.json"), ports).unwrap();
    let mut command = env.command("--local --stage prod deploy --yes");
    command
        .env("AWS_PROFILE", "production")
        .env_remove("AWS_ENDPOINT_URL");
    let ran = run(command, "").await;
    assert_said(&ran, 0, "calls-prod in account 123456789012");
    let sam = env.sam();
    assert_has(
        &sam,
        &format!("AWS_PROFILE= endpoint=http://127.0.0.1:{port}"),
    );
    assert_has(&sam, "HubSpotApiUrl=\"http://127.0.0.1:4599/\"");
    assert_has(&sam, "--stack-name calls-prod");
    assert!(!sam.contains("--profile"), "{sam}");
    let copy = fs::read_to_string(local.join("cloud/infra/channelctl.yaml")).unwrap();
    assert_has(&copy, "  DeployId:\n    Type: String\n    Default: \"");
}

#[tokio::test]
async fn secrets_come_from_standard_input() {
    let env = TestEnv::start(deployed()).await;
    let set = |secrets: &'static str| run(env.command("--stage dev secrets set"), secrets);
    let ran =
        set(r#"{"clientSecret":"marked-1","hubSpotCredential":{"accessToken":"marked-2"}}"#).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert_has(&ran.output, "channelctl --stage dev deploy");
    assert!(!format!("{}{}", ran.output, ran.errors).contains("marked"));
    let stored = |arn: &str| env.aws.account(|account| account.secrets[arn].clone());
    assert_eq!(stored("arn:client"), r#"{"clientSecret":"marked-1"}"#);
    assert_eq!(stored("arn:credential"), r#"{"accessToken":"marked-2"}"#);
    let rotated = r#"{"clientSecret":"marked-3","previousClientSecret":"marked-1"}"#;
    for name in ["rotated", "repeated"] {
        let ran = set(r#"{"clientSecret":"marked-3"}"#).await;
        assert_has(&ran.output, "channelctl --stage dev status");
        assert_eq!(stored("arn:client"), rotated, "{name}");
    }
    let ran = env.run("--stage dev secrets end-rotation").await;
    assert_has(&ran.output, "no longer accepted");
    assert_eq!(stored("arn:client"), r#"{"clientSecret":"marked-3"}"#);
    let ran = set(r#"{"clientSecret":"marked 4"}"#).await;
    assert_said(&ran, 5, "Nothing was changed.");
    assert!(!ran.errors.contains("marked"), "{}", ran.errors);
    assert_has(&stored("arn:client"), "marked-3");
}

#[tokio::test]
async fn deletes_after_a_yes_and_names_what_stays() {
    let env = TestEnv::start(deployed()).await;
    let ran = env.run("--stage dev delete").await;
    assert_said(&ran, 4, "asks on a terminal only");
    let status = env.aws.account(|account| account.status);
    assert_eq!(status, Some("UPDATE_COMPLETE"));
    let ran = env.run("--stage dev delete --yes").await;
    assert_said(&ran, 0, "deleting calls-dev in account 123456789012");
    let command = "aws dynamodb delete-table --table-name calls-numbers --region us-east-1";
    assert_has(&ran.output, command);
    let ran = env.run("--stage dev delete --yes").await;
    assert_said(&ran, 1, "channelctl --stage dev deploy");
}
