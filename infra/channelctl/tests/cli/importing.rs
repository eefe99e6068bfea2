//! What an import checks, shows and writes.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::{NumbersTable, Ran, import, named, program, rows, run};
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
    let Ran { code, errors, .. } = import(&table, file, &format!("--portal {PORTAL_ID}")).await;
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
    let file = "portalId,number,friendlyName\n\
        62515,+18005550101,Good\n\
        62515,1.80055E+10,Line\n\
        62515,27.11.2026,Line\n\
        62515,+18005550101,Again\n\
        x,+18005550103,Line\n\
        ,+18005550103,Line\n\
        62515,+18005550103,Li\u{202e}ne\n\
        62515,+18005550103,\"Li\nne\"\n\
        62515,+18005550103,Li\u{7f}ne\n";
    let other_portal = "portal,number\n7,+18005550101\n";
    let value = |value| format!(r#"[{{"portal":1,"number":"+18005550101","name":{value}}}]"#);
    let mut refusals = String::new();
    for (case, file, options) in [
        ("rows", file, "--country DE"),
        ("another portal", other_portal, "--portal 8"),
        ("object", &value(r#"{"en":"Sales"}"#), ""),
        ("flag", &value("true"), ""),
        ("list", &value(r#"["Sales"]"#), ""),
    ] {
        let ran = import(&table, file, options).await;
        assert_eq!(ran.code, Some(5), "{case}: {}", ran.errors);
        write!(refusals, "{case}:\n{}", ran.errors).unwrap();
    }
    insta::with_settings!({filters => vec![(r"\+1800555(\d{4})", "[number $1]")]}, {
        insta::assert_snapshot!("refused-rows", refusals);
    });
    assert!(rows(&table).await.is_empty());
}

#[tokio::test]
async fn deletes_only_with_replace() {
    let table = NumbersTable::start().await;
    import(&table, TWO, "").await;
    let others = "portal,number,name\n7,+18005550109,Another portal's\n";
    import(&table, others, "").await;
    let file = "portal,number,name\n62515,+18005550102,Front desk\n62515,+18005550103,New\n";
    let shown = import(&table, file, "").await.output;
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
    let shown = import(&table, file, "--replace").await.output;
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
    let id = AttributeValue::S("the vendor's own".into());
    table.put("+18005550101", "crmId", id).await;
    import(
        &table,
        "portal,number,name,users\n62515,+18005550101,Sales,7\n",
        "",
    )
    .await;
    import(&table, "portal,number,name\n62515,+18005550101,Desk\n", "").await;
    let key = (62515, "+18005550101".to_owned());
    let row = ("Desk".to_owned(), vec!["7".to_owned()]);
    assert_eq!(rows(&table).await[&key], row);
    import(&table, "portal,number,users\n62515,+18005550101,\n", "").await;
    assert_eq!(rows(&table).await[&key], ("Desk".to_owned(), vec![]));
    let scan = table.client.scan().table_name("numbers").send();
    let kept = scan.await.unwrap().items()[0].contains_key("crmId");
    assert!(kept, "what else the row holds stays");
}

#[tokio::test]
async fn an_outage_is_told_without_numbers() {
    let mut table = NumbersTable::start().await;
    table.endpoint = "http://127.0.0.1:1".into();
    let ran = import(&table, TWO, "").await;
    assert_eq!(ran.code, Some(1));
    let reason = "AWS cannot be reached to read the numbers";
    assert!(ran.errors.contains(reason), "{}", ran.errors);
    assert!(!ran.errors.contains("+1800"), "{}", ran.errors);
}

#[tokio::test]
async fn a_mistyped_table_is_named() {
    let table = NumbersTable::start().await;
    let mut import = program(&["numbers", "import", "-", "--table", "nobodys", "--yes"]);
    import.env("AWS_ENDPOINT_URL", &table.endpoint);
    let ran = run(import, TWO).await;
    assert_eq!(ran.code, Some(1));
    let reason = "There is no table nobodys in this account";
    assert!(ran.errors.contains(reason), "{}", ran.errors);
}
