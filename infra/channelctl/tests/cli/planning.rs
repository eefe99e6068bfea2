//! What a plan compares with, and what it shows.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{NumbersTable, fake_dynamodb, import, on, rows, run, run_unread};

#[tokio::test]
async fn a_plan_reads_consistently() {
    // A few portals are queried one by one; with many, the whole table is looked at.
    for portals in [1, 120] {
        let requests: Arc<Mutex<Vec<Value>>> = Arc::default();
        let record = Arc::clone(&requests);
        let endpoint = fake_dynamodb(move |_, request| {
            record.lock().unwrap().push(request);
            Ok(json!({"Items": [], "Count": 0, "ScannedCount": 0}))
        })
        .await;
        let row = |portal| format!("{portal},+18005550101\n");
        let file: String = (1..=portals).map(row).collect();
        let dry_run = on(&endpoint, "import - --dry-run");
        let ran = run(dry_run, format!("portal,number\n{file}")).await;
        assert_eq!(ran.code, Some(0), "{}", ran.errors);
        let requests = requests.lock().unwrap();
        assert!(!requests.is_empty());
        for request in requests.iter() {
            assert_eq!(request["ConsistentRead"], true, "{request}");
        }
    }
}

#[tokio::test]
async fn shows_each_change_of_a_number() {
    let table = NumbersTable::start().await;
    let changed = async |row: &str| {
        let file = format!("portal,number,name,users\n62515,+18005550101,{row}\n");
        import(&table, file, "").await.output
    };
    changed("Sales,7").await;
    let renamed = changed("Desk,7").await;
    assert!(
        renamed.contains("\"Sales\" becomes \"Desk\"\n"),
        "{renamed}"
    );
    let both = changed("Front desk,7 8").await;
    assert!(
        both.contains("\"Desk\" becomes \"Front desk\", and who sees it (only for 7 8)\n"),
        "{both}"
    );
    let users = changed("Front desk,8").await;
    assert!(
        users.contains("~ 62515  +18005550101  who sees it (only for 8)\n"),
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
    let unread = on(&table.endpoint, "import - --yes");
    let ran = run_unread(unread, file).await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.errors.contains("Nothing was written"), "{}", ran.errors);
    assert!(rows(&table).await.is_empty());
    let looked = run_unread(on(&table.endpoint, "import - --dry-run"), file).await;
    assert_eq!(looked.code, Some(0), "who looks may have seen enough");
}

#[tokio::test]
async fn an_update_brings_no_row_back() {
    // Somebody deletes the only row once it was read.
    let endpoint = fake_dynamodb(|operation, request| {
        let row = json!({"portalId": {"N": "62515"}, "number": {"S": "+18005550101"},
            "userIds": {"NS": ["7"]}});
        let gone =
            json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"});
        let is_conditional = request["ConditionExpression"] == "attribute_exists(portalId)";
        match operation {
            "UpdateItem" if is_conditional => Err(gone),
            "UpdateItem" => Ok(json!({})),
            _ => Ok(json!({"Items": [row], "Count": 1, "ScannedCount": 1})),
        }
    })
    .await;
    let file = "portal,number,name\n62515,+18005550101,Sales\n";
    let ran = run(on(&endpoint, "import - --yes"), file).await;
    assert_eq!(ran.code, Some(1), "{}", ran.errors);
    for text in ["writes to the table numbers", "is no longer in the table"] {
        assert!(ran.errors.contains(text), "{}", ran.errors);
    }
}
