//! What an import checks, shows and writes.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::{
    NumbersTable, Ran, import, named,
    numbers::{PORTAL, ask, webhook},
    on, rows, run,
};

const TWO: &str =
    "portalId,number,friendlyName\n62515,+18005550101,Sales\n62515,+18005550102,Desk\n";

#[tokio::test]
async fn what_is_imported_is_what_hubspot_is_answered() {
    let table = NumbersTable::start().await;
    let file = "number,extension,name,users\n\
        +18005550101,,Customer success Europe and Africa,\n\
        +18005550102,7,Desk,\n\
        +18005550103,,Only theirs,41 42\n";
    let Ran { code, errors, .. } = import(&table, file, &["--portal", PORTAL]).await;
    assert_eq!(code, Some(0), "{errors}");
    let url = "https://calls.example.com/numbers";
    let webhook = webhook(&table.endpoint, url).await;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let (status, answer) = ask(&webhook, url, 42, now).await;
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
async fn nothing_is_written_while_one_row_is_bad() {
    let table = NumbersTable::start().await;
    let file = "portalId,number,friendlyName\n\
        62515,+18005550101,Good\n\
        62515,1.80055E+10,Spreadsheet\n\
        62515,8005550102,National\n\
        x,+18005550103,Portal\n\
        62515,+1800555010,Short\n\
        62515,+18005550101,Again\n";
    let ran = import(&table, file, &[]).await;
    assert_eq!(ran.code, Some(3));
    let expected = [
        "line 3, number \"1.80055E+10\" was turned into a quantity by a spreadsheet",
        "line 4, number \"8005550102\" has no country code",
        "line 5, portal \"x\" must be a whole number",
        "line 6, number \"+1800555010\" is not a possible number",
        "line 7, number \"+18005550101\" is there twice: first in line 2",
        "Nothing was written: fix the bad rows first.",
    ];
    for text in expected {
        assert!(ran.errors.contains(text), "{text} in {}", ran.errors);
    }
    assert!(rows(&table).await.is_empty());
}

#[tokio::test]
async fn users_are_warned_of_what_they_will_not_see_as_the_file_has_it() {
    let table = NumbersTable::start().await;
    let file = "portal,number,name\n62515,+18005550101 x7,Customer success Europe and Africa\n";
    let ran = import(&table, file, &[]).await;
    assert_eq!(ran.code, Some(0));
    for text in [
        "HubSpot will show \"Customer success Europe\"",
        "will be shown, but not selected. HubSpot lets no user select a number with an extension.",
    ] {
        assert!(ran.errors.contains(text), "{text} in {}", ran.errors);
    }
    let key = "+18005550101;ext=7";
    let name = "Customer success Europe and Africa";
    assert_eq!(rows(&table).await, named([(62515, key, name)]));
}

#[tokio::test]
async fn a_second_import_of_the_same_file_writes_nothing() {
    let table = NumbersTable::start().await;
    let first = import(&table, TWO, &[]).await;
    assert!(
        first.output.contains("1 portal: 2 to add"),
        "{}",
        first.output
    );
    let second = import(&table, TWO, &[]).await;
    assert!(
        second
            .output
            .contains("0 to add, 0 to change, 0 to remove, 2 as they are"),
        "{}",
        second.output
    );
    assert!(!second.errors.contains("written"), "{}", second.errors);
}

#[tokio::test]
async fn a_file_adds_and_changes_but_removes_only_if_it_replaces() {
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
async fn what_a_file_does_not_say_stays_and_what_it_says_is_empty_goes() {
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
async fn a_dry_run_and_an_import_that_nobody_confirms_write_nothing() {
    let table = NumbersTable::start().await;
    let dry = run(on(&table.endpoint, &["import", "-", "--dry-run"]), TWO).await;
    assert_eq!(dry.code, Some(0));
    assert!(
        dry.output.contains("+ 62515  +18005550101  Sales"),
        "{}",
        dry.output
    );
    let unconfirmed = run(on(&table.endpoint, &["import", "-"]), TWO).await;
    assert_eq!(unconfirmed.code, Some(4));
    assert!(
        unconfirmed
            .errors
            .contains("Say --yes (make: YES=1) to do it"),
        "{}",
        unconfirmed.errors
    );
    assert!(rows(&table).await.is_empty());
}

#[tokio::test]
async fn the_plan_is_json_on_demand() {
    let table = NumbersTable::start().await;
    let file = "portal,number,name\n62515,+18005550101 x7,Sales\n";
    let ran = run(
        on(&table.endpoint, &["import", "-", "--dry-run", "--json"]),
        file,
    )
    .await;
    let plan: serde_json::Value = serde_json::from_str(&ran.output).unwrap();
    assert_eq!(
        plan,
        serde_json::json!({
            "plan": {"added": 1, "changed": 0, "unchanged": 0, "removed": 0}, "portals": 1,
            "findings": {
                "badRows": 0, "warnings": 1, "problemsShown": [],
                "warningsShown": [{
                    "place": 2, "column": "number", "value": "+18005550101 x7",
                    "reason": "will be shown, but not selected. HubSpot lets no user select a number with an extension.",
                }],
            },
        })
    );
}

#[tokio::test]
async fn without_dynamodb_the_reason_is_told_and_no_number() {
    let mut table = NumbersTable::start().await;
    table.stop().await;
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
