//! AWS when it does not know who asks, refuses, or cannot be reached: each says what to do.

use std::process::Command;

use tokio::{io::AsyncReadExt, net::TcpListener};

use crate::support::{NumbersTable, Ran, on, run};
use test_support::{DynamoDbProxy, ServerMode};

fn list(endpoint: &str) -> Command {
    on(endpoint, &["list", "--portal", "62515"])
}

#[track_caller]
fn assert_failed(ran: &Ran, with: &str) {
    assert_eq!((ran.code, ran.output.as_str()), (Some(1), ""));
    assert!(ran.errors.contains(with), "{}", ran.errors);
}

#[tokio::test]
async fn without_credentials_it_says_how_to_sign_in() {
    let mut signed_out = list("http://127.0.0.1:1");
    signed_out
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY");
    let ran = run(signed_out, "").await;
    assert_failed(&ran, "Sign in (aws sso login");
}

#[tokio::test]
async fn what_aws_refuses_is_told_in_its_words() {
    let table = NumbersTable::start().await;
    let (dynamodb, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    dynamodb.set_mode(ServerMode::DenyAccess);
    let ran = run(list(&endpoint), "").await;
    assert_failed(&ran, "AWS refused to");
    assert_failed(&ran, "AccessDeniedException. marked");
}

#[tokio::test]
async fn an_aws_that_is_not_there_is_told_from_one_that_refuses() {
    let ran = run(list("http://127.0.0.1:1"), "").await;
    assert_failed(&ran, "AWS cannot be reached to");
}

#[tokio::test]
async fn a_connection_that_breaks_off_says_nothing_of_who_is_signed_in() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 8 * 1024]).await;
        }
    });
    let ran = run(list(&endpoint), "").await;
    assert_failed(&ran, "AWS cannot be reached to");
}
