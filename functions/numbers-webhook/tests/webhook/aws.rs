//! How the function calls AWS: signed, over one connection, and only to whom it trusts.

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Uri},
    routing::post,
    serve::{Listener, ListenerExt},
};
use hmac::{Hmac, KeyInit, Mac};
use numbers_webhook::{
    tls::TlsError,
    webhook::{StartError, Webhook},
};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::{
    function_process::URL,
    support::{ask, aws_at, config, webhook},
    tls_server::{Secured, certificate},
};

const NOTHING: &str = r#"{"Items":[],"Count":0,"ScannedCount":0}"#;
const USER: i64 = 4242;

/// What DynamoDB got of a request.
type Received = Arc<Mutex<Option<(Uri, HeaderMap, Bytes)>>>;

/// Serves a DynamoDB that has no rows, and keeps what it was last asked.
fn serve<L>(listener: L) -> Received
where
    L: Listener<Addr: std::fmt::Debug>,
{
    let received = Received::default();
    let keep = |State(received): State<Received>, uri, headers, body| async move {
        *received.lock().unwrap() = Some((uri, headers, body));
        NOTHING
    };
    let routes = post(keep).with_state(Arc::clone(&received));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    received
}

/// Counts the connections that a listener takes.
fn counted(listener: TcpListener) -> (impl Listener<Addr = SocketAddr>, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let listener = listener.tap_io(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    (listener, connections)
}

async fn free_port() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn asked_now(webhook: &Webhook) -> u16 {
    ask(webhook, URL, USER, SystemTime::now()).await.0
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Signs as AWS's "Create a signed AWS API request" says, apart from the code that is tested.
fn authorization(headers: &HeaderMap, body: &[u8]) -> String {
    let signed = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
    let line = |name| format!("{name}:{}\n", headers[name].to_str().unwrap());
    let canonical = signed.split(';').map(line).collect::<Vec<_>>().concat();
    let body = hex(&Sha256::digest(body));
    let request = hex(&Sha256::digest(format!(
        "POST\n/\n\n{canonical}\n{signed}\n{body}"
    )));
    let time = headers["x-amz-date"].to_str().unwrap();
    let day = &time[..8];
    let scope = format!("{day}/us-east-1/dynamodb/aws4_request");
    let key = [day, "us-east-1", "dynamodb", "aws4_request"]
        .iter()
        .fold(b"AWS4test".to_vec(), |key, part| mac(&key, part));
    let signature = hex(&mac(
        &key,
        &format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{request}"),
    ));
    format!(
        "AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
}

#[tokio::test]
async fn what_is_sent_is_signed_as_aws_verifies_it() {
    let (listener, port) = free_port().await;
    let received = serve(listener);
    let webhook = webhook(&format!("http://127.0.0.1:{port}"), URL).await;
    assert_eq!(asked_now(&webhook).await, 200);
    let (uri, headers, body) = received.lock().unwrap().take().unwrap();
    assert_eq!(headers["authorization"], authorization(&headers, &body));
    assert_eq!(uri, "/", "as a server is asked, not a proxy");
    assert_eq!(headers["x-amz-target"], "DynamoDB_20120810.Query");
    assert_eq!(headers["host"], format!("127.0.0.1:{port}"));
}

#[tokio::test]
async fn the_connection_of_init_serves_every_request() {
    let (listener, port) = free_port().await;
    let (listener, connections) = counted(listener);
    serve(listener);
    let webhook = webhook(&format!("http://127.0.0.1:{port}"), URL).await;
    for _ in 0..10 {
        assert_eq!(asked_now(&webhook).await, 200);
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_that_ended_meanwhile_is_replaced_without_an_attempt_lost() {
    let (listener, port) = free_port().await;
    let (listener, connections) = counted(listener);
    let requests = Arc::new(AtomicUsize::new(0));
    let count = |State(requests): State<Arc<AtomicUsize>>| async move {
        requests.fetch_add(1, Ordering::Relaxed);
        ([("connection", "close")], NOTHING)
    };
    let routes = post(count).with_state(Arc::clone(&requests));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let webhook = webhook(&format!("http://127.0.0.1:{port}"), URL).await;
    for _ in 0..10 {
        assert_eq!(asked_now(&webhook).await, 200);
    }
    let came = (
        requests.load(Ordering::Relaxed),
        connections.load(Ordering::Relaxed),
    );
    assert_eq!(came, (10, 10));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let (listener, port) = free_port().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let endless = post(|| async move {
        let spaces = Bytes::from(vec![b' '; 64 * 1024]);
        let spaces = futures_util::stream::repeat_with(move || {
            count.fetch_add(spaces.len(), Ordering::Relaxed);
            Ok::<_, Infallible>(spaces.clone())
        });
        Body::from_stream(spaces)
    });
    tokio::spawn(async move { axum::serve(listener, endless).await.unwrap() });
    let webhook = webhook(&format!("http://127.0.0.1:{port}"), URL).await;
    assert_eq!(asked_now(&webhook).await, 503);
    // 16 MiB once, and what the sockets hold.
    let mebibytes = sent.load(Ordering::Relaxed) / (1024 * 1024);
    assert!((16..32).contains(&mebibytes), "{mebibytes} MiB");
}

#[tokio::test]
async fn over_tls_only_a_server_that_a_trusted_authority_vouches_for_is_asked() {
    let (acceptor, authority) = certificate("trusted");
    let (_, other) = certificate("other");
    let (listener, port) = free_port().await;
    serve(Secured(listener, acceptor));
    let endpoint = format!("https://localhost:{port}");
    let status = async |authorities: Option<PathBuf>| {
        let mut aws = aws_at(&endpoint);
        aws.root_certificates = authorities.map(|file| file.to_str().unwrap().to_owned());
        asked_now(&Webhook::start(config(URL), &aws).await.unwrap()).await
    };
    assert_eq!(
        status(Some(authority)).await,
        200,
        "the file of SSL_CERT_FILE"
    );
    assert_eq!(status(Some(other)).await, 503, "the file of another");
    assert_eq!(status(None).await, 503, "Mozilla's authorities");
}

#[tokio::test]
async fn a_file_of_authorities_that_is_none_ends_init() {
    let start = async |file: &str| {
        let mut aws = aws_at("http://127.0.0.1:1");
        aws.root_certificates = Some(file.into());
        Webhook::start(config(URL), &aws).await.unwrap_err()
    };
    let missing = start("/nowhere/authorities.pem").await;
    assert!(
        matches!(missing, StartError::Tls(TlsError::Unreadable(_))),
        "{missing}"
    );
    let empty = start(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).await;
    assert!(
        matches!(empty, StartError::Tls(TlsError::NoCertificate)),
        "{empty}"
    );
}

#[tokio::test]
async fn an_endpoint_that_is_none_ends_init() {
    for endpoint in [
        "",
        "localhost:8000",
        "ftp://localhost",
        "/numbers",
        "https://",
    ] {
        let mut aws = aws_at("http://127.0.0.1:1");
        aws.dynamodb = endpoint.into();
        let error = Webhook::start(config(URL), &aws).await.unwrap_err();
        assert!(
            matches!(error, StartError::Endpoint(_)),
            "{endpoint}: {error}"
        );
    }
}
