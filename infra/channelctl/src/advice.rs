//! Tests of every message that suggests a command: it names the stack that it is about.

use std::{fs, path::Path};

use clap::Parser;

use crate::{
    action::{Action, IsReady},
    aws_error::AwsError,
    cli::Cli,
    delete,
    deploy::{self, parameters},
    doctor::{
        diagnosis::{self, next_step},
        finding::{self, Finding},
        stack_state,
    },
    hook::{
        HookError, Report,
        tests::{URL, report},
    },
    numbers::table::Census,
    registration, secrets,
    stack::{self, Stack},
    target::Target,
};

const TARGETS: [&[&str]; 7] = [
    &["--stage", "dev"],
    &["--stage", "prod", "--profile", "other"],
    &["--stack", "channel-connection-prod"],
    &[
        "--stack",
        "calls",
        "--profile",
        "other",
        "--region",
        "eu-west-1",
    ],
    &["--local"],
    &["--local", "--stage", "prod"],
    &["--local", "--stack", "calls"],
];
/// Every state that CloudFormation leaves a stack in, or works on it in.
const STATES: [&str; 14] = [
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "CREATE_IN_PROGRESS",
    "DELETE_FAILED",
    "DELETE_IN_PROGRESS",
    "REVIEW_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
];
/// The files whose advice is about no stack, or is written by `Target::command` itself.
const ELSEWHERE: [&str; 5] = [
    "advice.rs",
    "cli.rs",
    "target.rs",
    "stack.rs",
    "template.rs",
];

fn reports() -> Vec<Report> {
    let mut reports = vec![
        report(None),
        report(Some((URL, true))),
        report(Some((URL, false))),
        report(Some(("https://other.example.com/", true))),
    ];
    for registered in [None, Some((URL, true))] {
        let mut unverified = report(registered);
        unverified.last_probe.verified = false;
        let mut silent = report(registered);
        (silent.done, silent.registered, silent.drift, silent.ready) = (false, None, None, None);
        silent.credential_usable = None;
        let mut refused = silent.clone();
        refused.credential_usable = Some(false);
        let mut foreign = report(registered);
        foreign.app_id = 7;
        reports.extend([unverified, silent, refused, foreign]);
    }
    reports
}

fn of_reports(stack: &Stack) -> Vec<String> {
    let unset = finding::wrong(
        "client secret",
        "not set yet",
        Some(secrets::set_command(stack)),
    );
    let mut findings = vec![diagnosis::numbers(stack, Census::default())];
    let mut texts = Vec::new();
    for report in reports() {
        findings.extend(diagnosis::of_report(stack, &report, None));
        findings.extend(diagnosis::of_report(stack, &report, Some(&unset)));
        texts.push(next_step(stack, &report));
        for action in [
            Action::Release,
            Action::Hold,
            Action::Verify,
            Action::Register(IsReady::Keep),
            Action::Unregister,
        ] {
            texts.push(registration::next(stack, action, &report));
        }
    }
    let fixes = findings.iter().filter_map(Finding::fix).map(str::to_owned);
    texts.extend(fixes);
    texts
}

fn of_failures(stack: &Stack) -> Vec<String> {
    let target = &stack.target;
    let absent = || stack.output("DeployHookFunction").unwrap_err();
    let errors = [
        HookError::Stack(absent()),
        HookError::Answer,
        crate::hook::failed(stack, b"{}"),
        HookError::Aws(AwsError::Throttled("invoke the deploy-hook")),
    ];
    let fixes = errors
        .iter()
        .map(|error| diagnosis::no_report(stack, error));
    let mut texts: Vec<_> = fixes
        .filter_map(|found| found.fix().map(str::to_owned))
        .collect();
    texts.extend(errors.iter().map(ToString::to_string));
    texts.extend([
        absent().to_string(),
        stack::missing(target).to_string(),
        secrets::SecretsError::NotSet(secrets::set_command(stack)).to_string(),
        deploy::next(stack, "the client secret is not set yet"),
        deploy::next(stack, "HubSpot has it"),
        deploy::DeployError::Failed(target.command("doctor")).to_string(),
    ]);
    texts.extend(delete::table_commands(stack, "numbers"));
    for state in STATES {
        let stack = Stack::of_target(target.clone(), state);
        texts.extend(
            deploy::check_state(target, Some(&stack))
                .err()
                .map(|error| error.to_string()),
        );
        texts.extend(stack_state::examine(&stack).fix().map(str::to_owned));
    }
    let mut behind = stack.clone();
    behind.set_parameter("DeployId", "2");
    let error = parameters::check_deploy_id(target, "1", Some(&behind)).unwrap_err();
    texts.push(error.to_string());
    texts
}

/// Returns the commands of this program in a text, up to what cannot be a part of them.
fn commands(text: &str) -> Vec<&str> {
    let starts = text.match_indices("channelctl --").map(|(at, _)| at);
    starts
        .map(|at| {
            let command = &text[at..];
            let end = [", ", ": ", ". ", " FILE"]
                .iter()
                .filter_map(|end| command.find(end));
            command[..end.min().unwrap_or(command.len())].trim_end_matches('.')
        })
        .collect()
}

#[test]
fn advice_names_the_stack_that_it_is_about() {
    for options in TARGETS {
        let target = Target::of_options(options);
        let stack = Stack::of_target(target.clone(), "UPDATE_COMPLETE");
        let texts = [of_reports(&stack), of_failures(&stack)].concat();
        let found: Vec<_> = texts.iter().flat_map(|text| commands(text)).collect();
        assert!(found.len() > 40, "{options:?}: {found:#?}");
        for command in found {
            let named = format!("channelctl {} ", options.join(" "));
            assert!(command.starts_with(&named), "{options:?}: {command}");
            let is_import = command.ends_with("numbers import");
            let file = is_import.then_some("customers.csv");
            let words = command.split_whitespace().chain(file);
            let parsed = Cli::try_parse_from(words).map(drop);
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
        }
        for text in &texts {
            let is_start = options == ["--local"] && text.contains("make run");
            assert!(is_start || !text.contains("make "), "{options:?}: {text}");
            if text.contains("aws ") && !text.contains("aws sso") {
                assert!(text.contains("--region eu-west-1"), "{options:?}: {text}");
                assert_eq!(
                    text.contains("--profile other"),
                    target.profile.is_some(),
                    "{text}"
                );
            }
        }
    }
}

/// So that the test above goes through all there is.
#[test]
fn no_command_is_written_past_the_target() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for folder in ["", "deploy", "doctor"] {
        for entry in fs::read_dir(sources.join(folder)).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if file.is_file() && !ELSEWHERE.contains(&name.as_str()) {
                assert_no_command(&name, &fs::read_to_string(&file).unwrap());
            }
        }
    }
}

fn assert_no_command(name: &str, text: &str) {
    let code = text.split("#[cfg(test)]").next().unwrap();
    for line in code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        for written in [
            "channelctl --",
            "make deploy",
            "make secrets",
            "make logs",
            "make status",
        ] {
            assert!(!line.contains(written), "{name}: {line}");
        }
    }
}
