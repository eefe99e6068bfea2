//! What the command says of itself.

use clap::CommandFactory;

use crate::support::{program, run};

#[tokio::test]
async fn the_first_help_is_short_and_narrow() {
    for columns in ["80", "0"] {
        let mut help = program(&["-h"]);
        help.env("COLUMNS", columns);
        let ran = run(help, "").await;
        assert_eq!(ran.code, Some(0), "{}", ran.errors);
        let mut lines = ran.output.lines();
        let is_narrow = lines.all(|line| line.chars().count() <= 80);
        let is_short = ran.output.lines().count() <= 42;
        assert!(is_narrow && is_short, "{columns}: {}", ran.output);
    }
}

#[tokio::test]
async fn every_command_is_explained_with_an_example() {
    let program_itself = channelctl::cli::Cli::command();
    let mut open = vec![(Vec::new(), &program_itself)];
    while let Some((words, command)) = open.pop() {
        for child in command.get_subcommands() {
            open.push(([&words[..], &[child.get_name()]].concat(), child));
        }
        let ran = run(program(&[&words[..], &["--help"]].concat()), "").await;
        assert_eq!(ran.code, Some(0), "{words:?}: {}", ran.errors);
        let name = match words.join("-") {
            name if name.is_empty() => "channelctl".to_owned(),
            name => name,
        };
        let about = ran.output.lines().next().unwrap_or_default();
        assert!(words.is_empty() || about.chars().count() < 60, "{about}");
        let is_group = command.has_subcommands();
        assert!(is_group || ran.output.contains("Example: "), "{name}");
        insta::assert_snapshot!(name, ran.output);
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
async fn completions_know_the_commands() {
    let ran = run(program(&["completion", "bash"]), "").await;
    let completes = ran.output.contains("numbers");
    assert!(ran.code == Some(0) && completes, "{}", ran.errors);
}
