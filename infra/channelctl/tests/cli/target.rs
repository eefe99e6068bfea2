//! Which stack is meant, and where it is looked for.

use std::net::TcpListener;

use serde_json::json;

use crate::support::{program, run};

#[tokio::test]
async fn a_stack_must_be_named() {
    let ran = run(program(&["status"]), "").await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.errors.contains("Which stack? Say --stage dev"),
        "{}",
        ran.errors
    );
}

#[tokio::test]
async fn without_a_region_it_says_how_to_name_one() {
    let mut command = program(&["status", "--stack", "calls"]);
    command.env_remove("AWS_REGION");
    let ran = run(command, "").await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.errors.contains("Say --aws-region"), "{}", ran.errors);
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
