//! AWS when it does not know who asks, refuses, or cannot be reached: each says what to do.

use std::process::Command;

use tokio::{io::AsyncReadExt, net::TcpListener};

use crate::support::{NumbersTable, Ran, on, run};
use test_support::{DynamoDbProxy, ServerMode};

fn list(endpoint: &str) -> Command {
    on(endpoint, "list --portal 62515")
}

#[track_caller]
fn assert_failed(ran: &Ran, code: i32, with: &str) {
    assert_eq!((ran.code, ran.output.as_str()), (Some(code), ""));
    assert!(ran.errors.contains(with), "{}", ran.errors);
}

#[tokio::test]
async fn missing_credentials_lead_to_signing_in() {
    let mut signed_out = list("http://127.0.0.1:1");
    signed_out
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY");
    let ran = run(signed_out, "").await;
    assert_failed(&ran, 1, "Sign in (aws sso login");
}

#[tokio::test]
async fn a_refusal_is_told_in_awss_words() {
    let table = NumbersTable::start().await;
    let (dynamodb, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    dynamodb.set_mode(ServerMode::DenyAccess);
    let ran = run(list(&endpoint), "").await;
    assert_failed(&ran, 6, "AWS refused to");
    assert_failed(&ran, 6, "AccessDeniedException. marked");
}

#[tokio::test]
async fn a_broken_connection_is_no_sign_out() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 8 * 1024]).await;
        }
    });
    let ran = run(list(&endpoint), "").await;
    assert_failed(&ran, 1, "AWS cannot be reached to");
}
