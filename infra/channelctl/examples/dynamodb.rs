//! An empty numbers table on a DynamoDB endpoint of this machine, for measuring: it prints the
//! endpoint, and goes with the process.
#![allow(clippy::unwrap_used, reason = "a measurement may fail loudly")]

use serde_json::json;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    println!("{}", json!({"endpoint": endpoint}));
    dynoxide::server::serve_with_shutdown(listener, database, std::future::pending())
        .await
        .unwrap();
}
