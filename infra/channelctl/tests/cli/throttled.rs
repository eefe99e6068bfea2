//! DynamoDB when it takes only a part of what it is given.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    numbers_json::document,
    support::{on, run},
};

/// What becomes of the first batches.
#[derive(Clone, Copy)]
enum Throttling {
    /// So many are taken in half.
    Halves(usize),
    /// So many are refused whole.
    Refuses(usize),
}

/// An empty table, which takes rows as it is told.
#[derive(Clone)]
struct Throttled {
    throttling: Throttling,
    batches: Arc<Mutex<usize>>,
    numbers: Arc<Mutex<BTreeSet<String>>>,
}

impl Throttled {
    async fn start(throttling: Throttling) -> (Self, String) {
        let throttled = Self {
            throttling,
            batches: Arc::default(),
            numbers: Arc::default(),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/", post(answer));
        let routes = routes.with_state(throttled.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        (throttled, url)
    }

    fn batches(&self) -> usize {
        *self.batches.lock().unwrap()
    }

    fn numbers(&self) -> usize {
        self.numbers.lock().unwrap().len()
    }
}

async fn answer(State(throttled): State<Throttled>, headers: HeaderMap, body: String) -> Response {
    let is_batch = headers.get("x-amz-target").is_some_and(|target| {
        let target = target.to_str().unwrap();
        target.ends_with("BatchWriteItem")
    });
    if !is_batch {
        return Json(json!({"Items": [], "Count": 0, "ScannedCount": 0})).into_response();
    }
    let mut body: Value = serde_json::from_str(&body).unwrap();
    let requests = body["RequestItems"]["numbers"].as_array_mut().unwrap();
    let mut batches = throttled.batches.lock().unwrap();
    *batches += 1;
    let left = match throttled.throttling {
        Throttling::Refuses(first) if *batches <= first => {
            let refusal = json!({"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"});
            return (StatusCode::BAD_REQUEST, Json(refusal)).into_response();
        }
        Throttling::Halves(first) if *batches <= first => requests.split_off(requests.len() / 2),
        _ => Vec::new(),
    };
    let number = |request: &Value| request["PutRequest"]["Item"]["number"]["S"].to_string();
    let taken = requests.iter().map(number);
    throttled.numbers.lock().unwrap().extend(taken);
    let left = if left.is_empty() {
        json!({})
    } else {
        json!({"numbers": left})
    };
    Json(json!({"UnprocessedItems": left})).into_response()
}

fn many(rows: usize) -> String {
    let row = |at| format!("62515,+1800555{at:04},Line {at}\n");
    let rows: String = (0..rows).map(row).collect();
    format!("portal,number,name\n{rows}")
}

#[tokio::test]
async fn unprocessed_rows_are_sent_again() {
    let (throttled, url) = Throttled::start(Throttling::Halves(6)).await;
    let ran = run(on(&url, &["import", "-", "--yes"]), many(120)).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert!(ran.errors.contains("120 rows written"), "{}", ran.errors);
    assert_eq!(throttled.numbers(), 120);
    assert!(throttled.batches() > 5 + 3);
}

#[tokio::test]
async fn throttling_loses_nothing() {
    let (throttled, url) = Throttled::start(Throttling::Refuses(3)).await;
    let ran = run(on(&url, &["import", "-", "--yes"]), many(2)).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert_eq!((throttled.numbers(), throttled.batches()), (2, 4));
}

#[tokio::test]
async fn names_a_table_that_throttles_for_ever() {
    let (_, url) = Throttled::start(Throttling::Refuses(usize::MAX)).await;
    let ran = run(on(&url, &["import", "-", "--yes", "--json"]), many(2)).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.errors.contains("AWS throttles"), "{}", ran.errors);
    let result = &document("import", &ran)["result"];
    assert_eq!(
        result,
        &json!({"written": 0, "deleted": 0, "complete": false})
    );
}
