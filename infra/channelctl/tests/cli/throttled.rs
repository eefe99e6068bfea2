//! DynamoDB when it takes only a part of what it is given.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::{
    numbers_json::document,
    support::{fake_dynamodb, on, run},
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
        let table = throttled.clone();
        let url = fake_dynamodb(move |operation, body| match operation {
            "BatchWriteItem" => table.write(body),
            _ => Ok(json!({"Items": [], "Count": 0, "ScannedCount": 0})),
        });
        (throttled, url.await)
    }

    fn batches(&self) -> usize {
        *self.batches.lock().unwrap()
    }

    fn numbers(&self) -> usize {
        self.numbers.lock().unwrap().len()
    }

    fn write(&self, mut body: Value) -> Result<Value, Value> {
        let requests = body["RequestItems"]["numbers"].as_array_mut().unwrap();
        let mut batches = self.batches.lock().unwrap();
        *batches += 1;
        let left = match self.throttling {
            Throttling::Refuses(first) if *batches <= first => {
                let kind = "com.amazonaws.dynamodb.v20120810#ThrottlingException";
                return Err(json!({"__type": kind}));
            }
            Throttling::Halves(first) if *batches <= first => {
                requests.split_off(requests.len() / 2)
            }
            _ => Vec::new(),
        };
        let number = |request: &Value| request["PutRequest"]["Item"]["number"]["S"].to_string();
        let taken = requests.iter().map(number);
        self.numbers.lock().unwrap().extend(taken);
        Ok(if left.is_empty() {
            json!({"UnprocessedItems": {}})
        } else {
            json!({"UnprocessedItems": {"numbers": left}})
        })
    }
}

fn many(rows: usize) -> String {
    let row = |at| format!("62515,+1800555{at:04},Line {at}\n");
    let rows: String = (0..rows).map(row).collect();
    format!("portal,number,name\n{rows}")
}

#[tokio::test]
async fn unprocessed_rows_are_sent_again() {
    let (throttled, url) = Throttled::start(Throttling::Halves(6)).await;
    let ran = run(on(&url, "import - --yes"), many(120)).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert!(ran.errors.contains("120 rows written"), "{}", ran.errors);
    assert_eq!(throttled.numbers(), 120);
    assert!(throttled.batches() > 5 + 3);
}

#[tokio::test]
async fn throttling_loses_nothing() {
    let (throttled, url) = Throttled::start(Throttling::Refuses(3)).await;
    let ran = run(on(&url, "import - --yes"), many(2)).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert_eq!((throttled.numbers(), throttled.batches()), (2, 4));
}

#[tokio::test]
async fn names_a_table_that_throttles_for_ever() {
    let (_, url) = Throttled::start(Throttling::Refuses(usize::MAX)).await;
    let ran = run(on(&url, "import - --yes --json"), many(2)).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.errors.contains("AWS throttles"), "{}", ran.errors);
    let result = &document("import", &ran)["result"];
    assert_eq!(
        result,
        &json!({"written": 0, "deleted": 0, "complete": false})
    );
}
