//! DynamoDB when it takes only a part of what it is given.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use test_support::http;

use crate::{
    numbers_json::document,
    support::{NumbersTable, on, rows, run},
};

/// What becomes of the first batches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Throttling {
    /// So many are taken in half.
    Halves(usize),
    /// So many are refused whole.
    Refuses(usize),
}

#[derive(Clone)]
struct Throttled {
    upstream: String,
    throttling: Throttling,
    batches: Arc<AtomicUsize>,
}

async fn before(endpoint: &str, throttling: Throttling) -> (Throttled, String) {
    let throttled = Throttled {
        upstream: endpoint.to_owned(),
        throttling,
        batches: Arc::default(),
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new()
        .route("/", post(pass))
        .with_state(throttled.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (throttled, url)
}

async fn pass(State(throttled): State<Throttled>, headers: HeaderMap, body: Bytes) -> Response {
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let mut unprocessed = Vec::new();
    if target.ends_with("BatchWriteItem") {
        let earlier = throttled.batches.fetch_add(1, Ordering::Relaxed);
        match throttled.throttling {
            Throttling::Halves(first) if earlier < first => {
                let requests = body["RequestItems"]["numbers"].as_array_mut().unwrap();
                unprocessed = requests.split_off(requests.len() / 2);
                if requests.is_empty() {
                    let unprocessed = json!({"UnprocessedItems": {"numbers": unprocessed}});
                    return Json(unprocessed).into_response();
                }
            }
            Throttling::Refuses(first) if earlier < first => {
                let refusal =
                    json!({"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"});
                return (StatusCode::BAD_REQUEST, Json(refusal)).into_response();
            }
            _ => {}
        }
    }
    let request = http()
        .post(&throttled.upstream)
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", headers["authorization"].clone())
        .header("x-amz-date", headers["x-amz-date"].clone())
        .body(body.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let mut answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    if !unprocessed.is_empty() {
        answer["UnprocessedItems"] = json!({"numbers": unprocessed});
    }
    (status, Json(answer)).into_response()
}

fn many(rows: usize) -> String {
    let row = |at| format!("62515,+1800555{at:04},Line {at}\n");
    (0..rows).fold("portal,number,name\n".to_owned(), |file, at| {
        file + &row(at)
    })
}

#[tokio::test]
async fn unprocessed_rows_are_sent_again() {
    let table = NumbersTable::start().await;
    let (throttled, url) = before(&table.endpoint, Throttling::Halves(6)).await;
    let ran = run(on(&url, &["import", "-", "--yes"]), many(120)).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert!(ran.errors.contains("120 rows written"), "{}", ran.errors);
    assert_eq!(rows(&table).await.len(), 120);
    assert!(throttled.batches.load(Ordering::Relaxed) > 5 + 3);
}

#[tokio::test]
async fn throttling_loses_nothing() {
    let table = NumbersTable::start().await;
    let (throttled, url) = before(&table.endpoint, Throttling::Refuses(3)).await;
    let ran = run(on(&url, &["import", "-", "--yes"]), many(2)).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert_eq!(rows(&table).await.len(), 2);
    assert_eq!(throttled.batches.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn names_a_table_that_throttles_for_ever() {
    let table = NumbersTable::start().await;
    let (_, url) = before(&table.endpoint, Throttling::Refuses(usize::MAX)).await;
    let ran = run(on(&url, &["import", "-", "--yes", "--json"]), many(2)).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.errors.contains("AWS throttles"), "{}", ran.errors);
    let result = &document("import", &ran)["result"];
    assert_eq!(
        result,
        &json!({"written": 0, "deleted": 0, "complete": false})
    );
}
