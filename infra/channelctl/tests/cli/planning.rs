//! What a plan compares with, and what it shows.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{NumbersTable, import, on, rows, run, run_unread};

type Asked = Arc<Mutex<Vec<Value>>>;

/// A DynamoDB that holds nothing, and what it was asked.
async fn empty_table() -> (String, Asked) {
    let asked = Asked::default();
    let routes = Router::new()
        .route("/", post(nothing))
        .with_state(Arc::clone(&asked));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (endpoint, asked)
}

async fn nothing(State(asked): State<Asked>, body: String) -> Json<Value> {
    let question = serde_json::from_str(&body).unwrap();
    asked.lock().unwrap().push(question);
    Json(json!({"Items": [], "Count": 0, "ScannedCount": 0}))
}

#[tokio::test]
async fn a_plan_reads_consistently() {
    // A few portals are queried one by one; with many, the whole table is looked at.
    for portals in [1, 120] {
        let (endpoint, asked) = empty_table().await;
        let row = |portal| format!("{portal},+18005550101\n");
        let file: String = (1..=portals).map(row).collect();
        let dry_run = on(&endpoint, &["import", "-", "--dry-run"]);
        let ran = run(dry_run, format!("portal,number\n{file}")).await;
        assert_eq!(ran.code, Some(0), "{}", ran.errors);
        let asked = asked.lock().unwrap();
        assert!(!asked.is_empty());
        for question in asked.iter() {
            assert_eq!(question["ConsistentRead"], true, "{question}");
        }
    }
}

#[tokio::test]
async fn shows_each_change_of_a_number() {
    let table = NumbersTable::start().await;
    let changed = async |row: &str| {
        let file = format!("portal,number,name,users\n62515,+18005550101,{row}\n");
        import(&table, file, &[]).await.output
    };
    changed("Sales,7").await;
    let renamed = changed("Desk,7").await;
    assert!(
        renamed.contains("\"Sales\" becomes \"Desk\"\n"),
        "{renamed}"
    );
    let both = changed("Front desk,7 8").await;
    assert!(
        both.contains("\"Desk\" becomes \"Front desk\", and who sees it\n"),
        "{both}"
    );
    let users = changed("Front desk,8").await;
    assert!(
        users.contains("~ 62515  +18005550101  who sees it\n"),
        "{users}"
    );
    let key = (62515, "+18005550101".to_owned());
    let row = ("Front desk".to_owned(), vec!["8".to_owned()]);
    assert_eq!(rows(&table).await[&key], row);
}

#[tokio::test]
async fn writes_nothing_that_it_cannot_show() {
    let table = NumbersTable::start().await;
    let file = "portal,number\n62515,+18005550101\n";
    let unread = on(&table.endpoint, &["import", "-", "--yes"]);
    let ran = run_unread(unread, file).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.errors.contains("Nothing was written"), "{}", ran.errors);
    assert!(rows(&table).await.is_empty());
    let looked = run_unread(on(&table.endpoint, &["import", "-", "--dry-run"]), file).await;
    assert_eq!(looked.code, Some(0), "who looks may have seen enough");
}

/// A DynamoDB whose only row somebody deletes once it was read.
async fn read_too_early(headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    let row = json!({"portalId": {"N": "62515"}, "number": {"S": "+18005550101"},
        "userIds": {"NS": ["7"]}});
    let target = headers
        .get("x-amz-target")
        .map(|target| target.to_str().unwrap());
    let gone =
        json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"});
    match target {
        Some(target) if target.ends_with("UpdateItem") => {
            let request: Value = serde_json::from_str(&body).unwrap();
            if request["ConditionExpression"] == "attribute_exists(portalId)" {
                (StatusCode::BAD_REQUEST, Json(gone))
            } else {
                (StatusCode::OK, Json(json!({})))
            }
        }
        _ => (
            StatusCode::OK,
            Json(json!({"Items": [row], "Count": 1, "ScannedCount": 1})),
        ),
    }
}

#[tokio::test]
async fn an_update_brings_no_row_back() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/", post(read_too_early));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let file = "portal,number,name\n62515,+18005550101,Sales\n";
    let ran = run(on(&endpoint, &["import", "-", "--yes"]), file).await;
    assert_eq!(ran.code, Some(1), "{}", ran.errors);
    for text in ["writes to the table numbers", "is no longer in the table"] {
        assert!(ran.errors.contains(text), "{}", ran.errors);
    }
}
