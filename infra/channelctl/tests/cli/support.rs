//! The program, and the table that it works on.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    process::{Child, Command, Output, Stdio},
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::Value;
pub use test_support::NumbersTable;
use tokio::net::TcpListener;

/// What a run of the program came to.
pub struct Ran {
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

/// The rows of a table: portal and number, name and users.
pub type Rows = BTreeMap<(u64, String), (String, Vec<String>)>;

/// The program, in nobody's AWS account.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_channelctl"));
    command
        .args(arguments)
        .env_clear()
        // Where the lines that were run are told, if somebody counts them.
        .envs(env::vars_os().filter(|(name, _)| name == "LLVM_PROFILE_FILE"))
        .env("COLUMNS", "80")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The program on the numbers of one table, as it would be typed.
pub fn on(endpoint: &str, line: &str) -> Command {
    let mut command = program(&["numbers", "--table", "numbers"]);
    command.args(shlex::split(line).unwrap());
    command.env("AWS_ENDPOINT_URL", endpoint);
    command
}

/// Runs the program to its end, with a text on its standard input.
pub async fn run(mut command: Command, input: impl Into<Vec<u8>>) -> Ran {
    let input = input.into();
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        give(&mut child, &input);
        child.wait_with_output().unwrap()
    });
    output.await.unwrap().into()
}

/// Runs the program to its end, while nobody reads its output.
pub async fn run_unread(mut command: Command, input: impl Into<Vec<u8>>) -> Ran {
    let (nobody, output) = std::io::pipe().unwrap();
    drop(nobody);
    command.stdout(output);
    run(command, input).await
}

/// Reads a document, which must be as a schema's definition says.
#[track_caller]
pub fn document(schema: &str, definition: &str, text: &str) -> Value {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/snapshots");
    let schema = fs::read(format!("{schemas}/{schema}.snap.json")).unwrap();
    let mut schema: Value = serde_json::from_slice(&schema).unwrap();
    schema["$ref"] = format!("#/$defs/{definition}").into();
    let document = serde_json::from_str(text).expect(text);
    if let Err(error) = jsonschema::validate(&schema, &document) {
        panic!("{definition}: {error} at {}: {text}", error.instance_path());
    }
    document
}

fn give(child: &mut Child, input: &[u8]) {
    let mut stdin = child.stdin.take().unwrap();
    // A program that has seen enough does not read the rest.
    let _ = stdin.write_all(input);
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Sends Ctrl-C.
pub fn interrupt(child: &Child) {
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
}

/// Imports a text from standard input, asking nobody.
pub async fn import(table: &NumbersTable, text: impl Into<Vec<u8>>, options: &str) -> Ran {
    run_on(table, &format!("import - --yes {options}"), text).await
}

/// Runs the program on a table's numbers, with a text on its standard input.
pub async fn run_on(table: &NumbersTable, line: &str, input: impl Into<Vec<u8>>) -> Ran {
    run(on(&table.endpoint, line), input).await
}

/// Reads the whole table, as somebody else would.
pub async fn rows(table: &NumbersTable) -> Rows {
    let mut rows = Rows::new();
    let mut items = table
        .client
        .scan()
        .table_name("numbers")
        .into_paginator()
        .items()
        .send();
    while let Some(item) = items.next().await {
        let item = item.unwrap();
        let text = |name: &str| item.get(name).map(|value| value.as_s().unwrap().clone());
        let portal = item["portalId"].as_n().unwrap().parse().unwrap();
        let users = item.get("userIds").map(AttributeValue::as_ns);
        let mut users = users
            .map(|users| users.unwrap().clone())
            .unwrap_or_default();
        users.sort();
        let row = (text("friendlyName").unwrap_or_default(), users);
        assert!(
            rows.insert((portal, text("number").unwrap()), row)
                .is_none()
        );
    }
    rows
}

/// Builds the rows that a table should have, given as portal, number and name.
pub fn named<'a>(rows: impl IntoIterator<Item = (u64, &'a str, &'a str)>) -> Rows {
    rows.into_iter()
        .map(|(portal, number, name)| ((portal, number.into()), (name.into(), Vec::new())))
        .collect()
}

/// Starts a DynamoDB that answers an operation's request as it is told; returns its endpoint.
pub async fn fake_dynamodb(
    answer: impl Fn(&str, Value) -> Result<Value, Value> + Clone + Send + Sync + 'static,
) -> String {
    let route = post(async move |headers: HeaderMap, body: String| {
        let target = headers["x-amz-target"].to_str().unwrap();
        let (_, operation) = target.split_once('.').unwrap();
        match answer(operation, serde_json::from_str(&body).unwrap()) {
            Ok(response) => (StatusCode::OK, Json(response)),
            Err(error) => (StatusCode::BAD_REQUEST, Json(error)),
        }
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/", route);
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    endpoint
}
