//! What doctor finds where no stack can be read.

use axum::{
    Router,
    http::{StatusCode, header::DATE},
    response::IntoResponse,
};
use tokio::net::TcpListener;

use crate::support::{program, run};

/// An AWS that refuses everything, some day long ago.
async fn aws_long_ago() -> String {
    let date = [(DATE, "Wed, 01 Jan 2020 00:00:00 GMT")];
    let refusal = move || async move { (StatusCode::FORBIDDEN, date).into_response() };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().fallback(refusal);
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    endpoint
}

#[tokio::test]
async fn a_wrong_clock_is_found_before_a_refusal() {
    let mut doctor = program(&["doctor", "--stack", "calls"]);
    doctor.env("AWS_ENDPOINT_URL", aws_long_ago().await);
    let ran = run(doctor, "").await;
    assert_eq!(ran.code, Some(3), "{}", ran.errors);
    let first = ran.output.split("credentials").next().unwrap();
    assert!(first.starts_with("wrong clock"), "{first}");
    assert!(first.contains("set its clock"), "{first}");
}
