//! The functions' logs, followed.

use std::io::{BufRead, BufReader};

use crate::{
    checkout::{TestEnv, deployed},
    support::interrupt,
};

#[tokio::test(flavor = "multi_thread")]
async fn logs_follow_both_functions() {
    let env = TestEnv::start(deployed()).await;
    let mut command = env.command("--stage dev logs --since '1h ago'");
    let mut logs = command.spawn().unwrap();
    let lines = BufReader::new(logs.stdout.take().unwrap()).lines().take(4);
    let lines: Vec<_> = lines.map(Result::unwrap).collect();
    let first = "2026-11-30T00:53:20.000Z";
    let expected = [
        format!(r#"{first} numbers-webhook INFO request {{"from":"/webhook"}}"#),
        format!(r#"{first} deploy-hook INFO request {{"from":"/hook"}}"#),
        r"2026-11-30T00:53:10.000Z numbers-webhook late\u{1b}[2J".to_owned(),
        r"2026-11-30T00:53:10.000Z deploy-hook late\u{1b}[2J".to_owned(),
    ];
    assert_eq!(lines, expected, "each event once");
    interrupt(&logs);
    let ended = logs.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let mistyped = env.run("--stage dev logs --since yesterday-ish").await;
    assert_eq!(mistyped.code, Some(2));
    let expected = "expected '10min ago' or a time like";
    assert!(mistyped.errors.contains(expected), "{}", mistyped.errors);
}
