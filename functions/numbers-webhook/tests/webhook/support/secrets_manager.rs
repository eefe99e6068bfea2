//! A Secrets Manager that holds the client secret, for all tests of a process.

use std::{net::TcpListener, sync::LazyLock, thread};

use axum::{Json, Router, routing::post};
use serde_json::json;

use super::CLIENT_SECRET;

/// Where it is; it starts when it is first asked for.
pub fn endpoint() -> &'static str {
    static ENDPOINT: LazyLock<String> = LazyLock::new(start);
    &ENDPOINT
}

/// Starts it on a thread of its own: a test's runtime ends with the test.
fn start() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let secret = json!({"clientSecret": CLIENT_SECRET}).to_string();
    let answer = Json(json!({"Name": "client-secret", "SecretString": secret}));
    let routes = Router::new().route("/", post(|| async { answer }));
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, routes).await.unwrap();
        });
    });
    endpoint
}
