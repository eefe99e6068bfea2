//! What an import checks, shows and writes.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::{NumbersTable, Ran, import, named, rows, run};
use test_support::{PORTAL_ID, numbers_request, respond, signed_request, webhook};

const TWO: &str =
    "portalId,number,friendlyName\n62515,+18005550101,Sales\n62515,+18005550102,Desk\n";

#[tokio::test]
async fn hubspot_is_answered_with_the_import() {
    let table = NumbersTable::start().await;
    let file = "number,extension,name,users\n\
        +18005550101,,Customer success Europe and Africa,\n\
        +18005550102,7,Desk,\n\
        +18005550103,,Only theirs,41 42\n";
    let Ran { code, errors, .. } = import(&table, file, &["--portal", PORTAL_ID]).await;
    assert_eq!(code, Some(0), "{errors}");
    let url = "https://calls.example.com/numbers";
    let webhook = webhook(&table.endpoint, url).await;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let event = signed_request(url, numbers_request(42), now);
    let (status, answer) = respond(&webhook, &event, now).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        serde_json::json!({"phoneNumbers": [
            {"e164PhoneNumber": "+18005550101", "friendlyName": "Customer success Europe"},
            {"e164PhoneNumber": "+18005550102", "extension": "7", "friendlyName": "Desk"},
            {"e164PhoneNumber": "+18005550103", "friendlyName": "Only theirs"},
        ]})
    );
}

#[tokio::test]
async fn one_bad_row_keeps_all_unwritten() {
    let table = NumbersTable::start().await;
    let bad = [
        (
            "62515,1.80055E+10,Line",
            "number \"1.80055E+10\" was turned into a quantity",
        ),
        (
            "62515,27.11.2026,Line",
            "number \"27.11.2026\" is a date: format the column as text",
        ),
        (
            "62515,+18005550101,Again",
            "is there twice: first in line 2",
        ),
        ("x,+18005550103,Line", "portal \"x\" must be a whole number"),
        (",+18005550103,Line", "portal \"\" is missing: add a column"),
        (
            "62515,+18005550103,Li\u{202e}ne",
            "name \"Li\\u{202e}ne\" has the character U+202E",
        ),
        (
            "62515,+18005550103,\"Li\nne\"",
            "name \"Li\\nne\" has the character U+000A",
        ),
        ("62515,+18005550103,Li\u{7f}ne", "has the character U+007F"),
    ];
    let bad_rows: Vec<_> = bad.iter().map(|(row, _)| *row).collect();
    let good = "portalId,number,friendlyName\n62515,+18005550101,Good";
    let file = format!("{good}\n{}\n", bad_rows.join("\n"));
    let ran = import(&table, file.as_str(), &["--country", "DE"]).await;
    assert_eq!(ran.code, Some(5));
    let found: Vec<_> = ran
        .errors
        .lines()
        .filter(|line| line.starts_with("bad row"))
        .collect();
    assert_eq!(found.len(), bad.len(), "{}", ran.errors);
    for ((row, reason), found) in bad.into_iter().zip(found) {
        assert!(found.contains(reason), "{row}: {found}");
    }
    assert!(
        ran.errors
            .contains("Nothing was written: fix the bad rows first.")
    );
    assert!(rows(&table).await.is_empty());
    let ran = import(
        &table,
        "portal,number\n7,+18005550101\n",
        &["--portal", "8"],
    )
    .await;
    assert!(
        ran.errors
            .contains("line 2, portal \"7\" is not 8, which --portal says"),
        "{}",
        ran.errors
    );
    for value in [r#"{"en":"Sales"}"#, "true", r#"["Sales"]"#] {
        let row = format!(r#"[{{"portal":62515,"number":"+18005550101","name":{value}}}]"#);
        let ran = import(&table, row, &[]).await;
        assert!(
            ran.errors
                .contains("line 1, item 1: the name is neither text nor number"),
            "{}",
            ran.errors
        );
    }
}

#[tokio::test]
async fn deletes_only_with_replace() {
    let table = NumbersTable::start().await;
    import(&table, TWO, &[]).await;
    import(
        &table,
        "portal,number,name\n7,+18005550109,Another portal's\n",
        &[],
    )
    .await;
    let file = "portal,number,name\n62515,+18005550102,Front desk\n62515,+18005550103,New\n";
    let shown = import(&table, file, &[]).await.output;
    assert!(
        shown.contains("~ 62515  +18005550102  \"Desk\" becomes \"Front desk\""),
        "{shown}"
    );
    let kept = named([
        (7, "+18005550109", "Another portal's"),
        (62515, "+18005550101", "Sales"),
        (62515, "+18005550102", "Front desk"),
        (62515, "+18005550103", "New"),
    ]);
    assert_eq!(rows(&table).await, kept);
    let shown = import(&table, file, &["--replace"]).await.output;
    assert!(shown.contains("- 62515  +18005550101  Sales"), "{shown}");
    let replaced = named([
        (7, "+18005550109", "Another portal's"),
        (62515, "+18005550102", "Front desk"),
        (62515, "+18005550103", "New"),
    ]);
    assert_eq!(rows(&table).await, replaced);
}

#[tokio::test]
async fn an_absent_column_stays_and_an_empty_goes() {
    let table = NumbersTable::start().await;
    let item = |name: &str, value| (name.to_owned(), value);
    table
        .client
        .put_item()
        .table_name("numbers")
        .set_item(Some(
            [
                item("portalId", AttributeValue::N("62515".into())),
                item("number", AttributeValue::S("+18005550101".into())),
                item("friendlyName", AttributeValue::S("Sales".into())),
                item("userIds", AttributeValue::Ns(vec!["7".into()])),
                item("crmId", AttributeValue::S("the vendor's own".into())),
            ]
            .into(),
        ))
        .send()
        .await
        .unwrap();
    import(&table, "portal,number,name\n62515,+18005550101,Desk\n", &[]).await;
    let key = (62515, "+18005550101".to_owned());
    let row = ("Desk".to_owned(), vec!["7".to_owned()]);
    assert_eq!(rows(&table).await[&key], row);
    import(&table, "portal,number,users\n62515,+18005550101,\n", &[]).await;
    assert_eq!(rows(&table).await[&key], ("Desk".to_owned(), vec![]));
    let answer = table
        .client
        .scan()
        .table_name("numbers")
        .send()
        .await
        .unwrap();
    assert!(
        answer.items()[0].contains_key("crmId"),
        "what else the row holds stays"
    );
}

#[tokio::test]
async fn an_outage_is_told_without_numbers() {
    let mut table = NumbersTable::start().await;
    table.endpoint = "http://127.0.0.1:1".into();
    let ran = import(&table, TWO, &[]).await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.errors
            .contains("AWS cannot be reached to read the numbers"),
        "{}",
        ran.errors
    );
    assert!(!ran.errors.contains("+1800"), "{}", ran.errors);
}

#[tokio::test]
async fn a_mistyped_table_is_named() {
    let table = NumbersTable::start().await;
    let mut import =
        crate::support::program(&["numbers", "import", "-", "--table", "nobodys", "--yes"]);
    import.env("AWS_ENDPOINT_URL", &table.endpoint);
    let ran = run(import, TWO).await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.errors
            .contains("There is no table nobodys in this account"),
        "{}",
        ran.errors
    );
}
