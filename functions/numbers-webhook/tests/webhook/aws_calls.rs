//! How the function calls AWS: over one connection, within bounds, and only whom it trusts.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::post,
    serve::ListenerExt,
};
use test_support::{
    FunctionProcess, SecretsManager, TlsListener, USER_ID, WEBHOOK_URL, certificate,
    numbers_request, respond, serve, signed_request, webhook,
};
use tokio::net::TcpListener;

use crate::{command, file, start};

const NO_ITEMS: &str = r#"{"Items":[],"Count":0,"ScannedCount":0}"#;

/// A DynamoDB without rows; returns its endpoint, and the counts of connections and requests.
async fn counting_dynamodb() -> (String, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::clone(&connections);
    let listener = listener.tap_io(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let count = Arc::clone(&requests);
    let query = post(async move || {
        count.fetch_add(1, Ordering::Relaxed);
        NO_ITEMS
    });
    let routes = Router::new().route("/", query);
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (endpoint, connections, requests)
}

async fn status(function: &mut FunctionProcess) -> u64 {
    let event = signed_request(WEBHOOK_URL, numbers_request(USER_ID), SystemTime::now());
    function.status(&event).await
}

#[tokio::test]
async fn requests_use_the_connection_of_init() {
    let (dynamodb, connections, requests) = counting_dynamodb().await;
    let secrets_manager = SecretsManager::start().await;
    let command = command(&dynamodb, &secrets_manager.endpoint);
    let mut function = start("connections", command).await;
    for _ in 0..10 {
        assert_eq!(status(&mut function).await, 200);
    }
    assert_eq!(requests.load(Ordering::Relaxed), 1 + 10);
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_response_without_end_is_not_read_to_its_end() {
    let sent = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&sent);
    let endless = post(async move || {
        let spaces = Bytes::from(vec![b' '; 64 * 1024]);
        Body::from_stream(futures_util::stream::repeat_with(move || {
            count.fetch_add(spaces.len(), Ordering::Relaxed);
            Ok::<_, Infallible>(spaces.clone())
        }))
    });
    let webhook = webhook(&serve(Router::new().fallback(endless)).await, WEBHOOK_URL).await;
    sent.store(0, Ordering::Relaxed);
    let now = SystemTime::now();
    let event = signed_request(WEBHOOK_URL, numbers_request(USER_ID), now);
    assert_eq!(respond(&webhook, &event, now).await.0, 503);
    // 16 MiB in each of three attempts, and what the sockets hold.
    let mebibytes = sent.load(Ordering::Relaxed) / (1024 * 1024);
    assert!((16..80).contains(&mebibytes), "{mebibytes} MiB");
}

#[tokio::test]
async fn the_log_tells_connection_errors_apart() {
    let (trusted, other) = (file("trusted.pem"), file("other.pem"));
    let acceptor = certificate(&trusted);
    certificate(&other);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let listener = TlsListener(listener, acceptor);
    let routes = Router::new().route("/", post(async || NO_ITEMS));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let tls = format!("https://localhost:{port}");
    let secrets_manager = SecretsManager::start().await;
    let untrusted = "invalid peer certificate";
    let (refusing, no_name) = ("http://127.0.0.1:1", "http://no-such-host.invalid");
    for (name, dynamodb, authority, expected, cause) in [
        ("trusted", tls.as_str(), Some(&trusted), 200, ""),
        ("untrusted", &tls, Some(&other), 503, untrusted),
        ("untrusted_by_mozilla", &tls, None, 503, untrusted),
        ("refused", refusing, None, 503, "Connection refused"),
        ("no_name", no_name, None, 503, "dns error"),
    ] {
        let mut command = command(dynamodb, &secrets_manager.endpoint);
        command.envs(authority.map(|file| ("SSL_CERT_FILE", file)));
        let mut function = start(name, command).await;
        assert_eq!(status(&mut function).await, expected, "{name}");
        let log = function.log().await;
        assert!(log.contains(cause), "{name}: {log}");
    }
}
