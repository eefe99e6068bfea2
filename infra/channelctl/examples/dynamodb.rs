//! A DynamoDB endpoint of this machine, for measuring: it prints its address, and goes with the
//! process.
//!
//! A second address answers as late as a network does: DynamoDB itself is a few milliseconds away.
#![allow(clippy::unwrap_used, reason = "a measurement may fail loudly")]

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    time::sleep,
};

const LATENCY: Duration = Duration::from_millis(3);

#[tokio::main]
async fn main() {
    let near = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let far = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let ports = (port(&near), port(&far));
    println!("{}", json!({"near": ports.0, "far": ports.1}));
    tokio::spawn(delay(far, ports.0));
    let database = dynoxide::Database::memory().unwrap();
    dynoxide::server::serve_with_shutdown(near, database, std::future::pending())
        .await
        .unwrap();
}

async fn delay(listener: TcpListener, upstream: u16) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(("127.0.0.1", upstream)).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (mut questions, mut to_client) = client.into_split();
        let (mut answers, mut to_server) = server.into_split();
        tokio::spawn(async move { copy(&mut questions, &mut to_server).await });
        tokio::spawn(async move {
            let mut buffer = vec![0; 256 * 1024];
            while let Ok(length @ 1..) = answers.read(&mut buffer).await {
                sleep(LATENCY).await;
                if to_client.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
        });
    }
}
