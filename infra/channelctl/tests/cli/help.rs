//! What the command says of itself.

use clap::CommandFactory;

use crate::support::{program, run};

async fn help(of: &[&str]) -> String {
    said(&[of, &["--help"]].concat()).await
}

async fn said(arguments: &[&str]) -> String {
    let ran = run(program(arguments), "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    ran.output
}

#[tokio::test]
async fn the_first_help_is_short_and_narrow() {
    let help = said(&["-h"]).await;
    assert!(help.lines().count() <= 42, "{help}");
    assert!(
        help.lines().all(|line| line.chars().count() <= 80),
        "{help}"
    );
}

#[tokio::test]
async fn every_help_is_as_it_was_looked_at() {
    let mut commands = vec![vec![]];
    let command = channelctl::cli::Cli::command();
    for child in command.get_subcommands() {
        commands.push(vec![child.get_name().to_owned()]);
        for grandchild in child.get_subcommands() {
            commands.push(vec![
                child.get_name().to_owned(),
                grandchild.get_name().to_owned(),
            ]);
        }
    }
    for of in commands {
        let names: Vec<_> = of.iter().map(String::as_str).collect();
        let name = if of.is_empty() {
            "channelctl".to_owned()
        } else {
            of.join("-")
        };
        insta::assert_snapshot!(name, help(&names).await);
    }
}

#[tokio::test]
async fn every_command_has_a_short_about_and_an_example() {
    let command = channelctl::cli::Cli::command();
    let mut open: Vec<_> = command.get_subcommands().collect();
    while let Some(command) = open.pop() {
        let name = command.get_name();
        let about = command.get_about().unwrap().to_string();
        assert!(about.chars().count() < 60, "{name}: {about}");
        open.extend(command.get_subcommands());
        let example = command.get_after_help().map(ToString::to_string);
        let is_group = command.has_subcommands();
        assert!(
            is_group || example.is_some_and(|text| text.contains("Example: ")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn mistyped_commands_are_explained() {
    for (name, arguments) in [
        ("no-such-command", &["number"][..]),
        (
            "two-stacks",
            &["status", "--stack", "calls", "--stage", "dev"],
        ),
        ("no-portal", &["numbers", "list"]),
        ("bad-portal", &["numbers", "list", "--portal", "first"]),
        (
            "bad-mapping",
            &["numbers", "import", "-", "--map", "nummer=A"],
        ),
        (
            "bad-region",
            &["numbers", "import", "-", "--country", "USA"],
        ),
    ] {
        let ran = run(program(arguments), "").await;
        assert_eq!(ran.code, Some(2), "{name}");
        insta::assert_snapshot!(name, ran.errors);
    }
}

#[tokio::test]
async fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(program(&["completion", shell]), "").await;
        assert!(
            ran.code == Some(0) && ran.output.contains("numbers"),
            "{shell}"
        );
    }
}
