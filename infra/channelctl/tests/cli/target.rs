//! Which stack is meant, and where it is looked for.

use std::net::TcpListener;

use serde_json::json;

use crate::support::{program, run};

#[tokio::test]
async fn an_unclear_target_is_a_usage_error() {
    let both = [("CHANNELCTL_STAGE", "dev"), ("CHANNELCTL_STACK", "calls")];
    for (name, arguments, environment, error) in [
        ("none", &[][..], &[][..], "No stack named. Add --stage dev"),
        ("empty", &[], &[("CHANNELCTL_STAGE", "")], "No stack named"),
        ("two", &[], &both, "Unset one, or add --stage or --stack"),
        ("unknown", &["--stage", "qa"], &[], "There are: dev, prod."),
        ("two options", &["--stage", "dev", "--stack", "x"], &[], "cannot be used with"),
    ] {
        let folder = stages("");
        let mut command = program(&[&["status"], arguments].concat());
        command.current_dir(folder.path()).envs(environment.iter().copied());
        let ran = run(command, "").await;
        assert_eq!((ran.code, ran.output.as_str()), (Some(2), ""), "{name}");
        assert!(ran.errors.contains(error), "{name}: {}", ran.errors);
    }
}

#[tokio::test]
async fn a_missing_region_is_a_usage_error() {
    let mut command = program(&["status", "--stack", "calls"]);
    command.env_remove("AWS_REGION");
    let ran = run(command, "").await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.errors.contains("Add --aws-region"), "{}", ran.errors);
}

/// Signed in by the environment, and by a profile of another account.
#[tokio::test]
async fn the_stages_profile_and_region_are_used() {
    let (endpoint, calls) = refusing_aws().await;
    for (name, arguments, key, region) in [
        ("samconfig", &["--stage", "prod"][..], "PRODUCTION", "eu-central-1"),
        ("option", &["--stage", "prod", "--profile", "other"], "OTHER", "eu-central-1"),
        ("environment", &["--stage", "dev"], "test", "us-east-1"),
    ] {
        let folder = stages(&endpoint);
        let mut command = program(&[&["status"], arguments].concat());
        command
            .current_dir(folder.path())
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("AWS_CONFIG_FILE", folder.path().join("config"));
        assert_eq!(run(command, "").await.code, Some(1), "{name}");
        let signed = calls.lock().unwrap().pop().unwrap();
        let scope = format!("Credential={key}/");
        assert!(signed.contains(&scope), "{name}: {signed}");
        assert!(signed.contains(region), "{name}: {signed}");
    }
}

/// The environment names a stage as the option does, and an option counts more.
#[tokio::test]
async fn the_environment_names_a_stack() {
    let (endpoint, _) = refusing_aws().await;
    let folder = stages("");
    for (arguments, named) in [
        (&[][..], "--stage prod"),
        (&["--stage", "dev"], "--stage dev"),
        (&["--stack", "calls"], "--stack calls"),
    ] {
        let mut command = program(&[&["doctor"], arguments].concat());
        command
            .current_dir(folder.path())
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("AWS_CONFIG_FILE", folder.path().join("config"))
            .env("CHANNELCTL_STAGE", "prod");
        let ran = run(command, "").await;
        let expected = if named.contains("stack") { "calls" } else { &named[8..] };
        assert!(ran.output.contains(&format!("calls-{expected}")) || ran.output.contains(expected), "{}", ran.output);
    }
}

#[tokio::test]
async fn the_local_stack_that_is_not_up_is_started_with_make_run() {
    let folder = tempfile::tempdir().unwrap();
    let run_folder = folder.path().join(".local/run");
    std::fs::create_dir_all(&run_folder).unwrap();
    let ports = json!({"aws": closed_port()});
    std::fs::write(run_folder.join("stack.json"), ports.to_string()).unwrap();
    let mut command = program(&["status", "--local"]);
    command.current_dir(folder.path());
    let ran = run(command, "").await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.errors
            .contains("Start it in another terminal: make run"),
        "{}",
        ran.errors
    );
}

fn closed_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
