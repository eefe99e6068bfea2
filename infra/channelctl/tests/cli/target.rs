//! Which stack is meant, and where it is looked for.

use std::net::TcpListener;

use serde_json::json;

use crate::{
    aws::Account,
    checkout::{Checkout, TestEnv},
    support::{program, run},
};

#[tokio::test]
async fn an_unclear_target_is_a_usage_error() {
    let both = &[("CHANNELCTL_STAGE", "dev"), ("CHANNELCTL_STACK", "calls")][..];
    let env = TestEnv::start(Account::default()).await;
    for (name, environment, error) in [
        ("none", &[][..], "No stack named. Add --stage dev"),
        ("empty", &[("CHANNELCTL_STAGE", "")], "No stack named"),
        ("two", both, "Unset one, or add --stage or --stack"),
    ] {
        let mut command = env.command("status");
        command.envs(environment.iter().copied());
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
    assert!(ran.errors.contains("Add --region"), "{}", ran.errors);
}

#[tokio::test]
async fn options_count_more_than_the_environment() {
    let env = TestEnv::start(Account::default()).await;
    for (option, stack) in [
        ("", "calls-prod in eu-central-1"),
        ("--stage dev", "calls-dev in us-east-1"),
        ("--stack calls", "calls in us-east-1"),
    ] {
        let mut command = env.command(&format!("status {option}"));
        command.env("CHANNELCTL_STAGE", "prod");
        let ran = run(command, "").await;
        let missing = format!("There is no stack {stack}");
        assert!(ran.errors.contains(&missing), "{}", ran.errors);
    }
}

#[tokio::test]
async fn a_local_stack_that_is_down_is_started_with_make_run() {
    let checkout = Checkout::new();
    let run_folder = checkout.path().join(".local/run");
    std::fs::create_dir_all(&run_folder).unwrap();
    let ports = json!({"aws": closed_port(), "hubspot": closed_port()});
    std::fs::write(run_folder.join("stack.json"), ports.to_string()).unwrap();
    for target in [&["--local"][..], &["--local", "--stage", "dev"]] {
        let mut command = program(&[&["status"], target].concat());
        command.current_dir(checkout.path());
        let ran = run(command, "").await;
        assert_eq!(ran.code, Some(1));
        let start = "Start it in another terminal: make run";
        assert!(ran.errors.contains(start), "{}", ran.errors);
    }
}

fn closed_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
