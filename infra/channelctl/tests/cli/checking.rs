//! A portal as HubSpot will show it, and the rows as they are stored.

use aws_sdk_dynamodb::types::AttributeValue;
use channel_connection::friendly_name::is_unsafe;

use crate::support::{NumbersTable, Ran, import, on, rows, run_on};

const FILE: &str = "portalId,number,extension,friendlyName,userIds\n\
    7,+18005550109,,Fine,\n\
    62515,+18005550101,,Customer success Europe and Africa,\n\
    62515,+18005550102,7,Desk,\n\
    62515,+18005550102,8,Desk,41 42\n\
    62515,+18005550103,,,\n";

#[tokio::test]
async fn rows_are_listed_and_checked_as_text() {
    let table = NumbersTable::start().await;
    assert_eq!(import(&table, FILE, "").await.code, Some(0));
    let name = AttributeValue::S("Bad".into());
    table.put("0800 CALL", "friendlyName", name).await;
    for (name, arguments, code) in [
        ("list", "list --portal 62515", 0),
        ("check", "check --portal 62515", 3),
        ("check-all", "check", 3),
    ] {
        let ran = run_on(&table, arguments, "").await;
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.errors);
        insta::assert_snapshot!(name, ran.output);
    }
}

#[tokio::test]
async fn export_omits_rows_that_import_refuses() {
    let table = NumbersTable::start().await;
    import(&table, "portal,number\n62515,+18005550109\n", "").await;
    let text = |text: &str| AttributeValue::S(text.into());
    for (number, attribute, value) in [
        ("+18005550101", "userIds", text("41")),
        (
            "+18005550102",
            "userIds",
            AttributeValue::Ns(vec!["0.5".into()]),
        ),
        ("+18005550103", "friendlyName", text("De\u{202e}sk")),
        ("+99912345678", "friendlyName", text("Impossible")),
        ("0800 CALL", "friendlyName", text("Bad key")),
    ] {
        table.put(number, attribute, value).await;
    }
    let listed = run_on(&table, "list --portal 62515", "").await;
    assert_eq!(
        (listed.code, listed.output.matches("invalid").count()),
        (Some(0), 2)
    );
    for format in ["export", "export --json"] {
        let exported = run_on(&table, format, "").await;
        assert_eq!(exported.code, Some(3), "{format:?}");
        for text in [
            "portal 62515, number +18005550101: userIds is not",
            "number +18005550103: the name has the character U+202E",
            "number +99912345678: the number is not a possible number",
            "5 rows not exported",
        ] {
            assert!(exported.errors.contains(text), "{}", exported.errors);
        }
        let again = import(&table, exported.output, "").await;
        let kept = "0 to add, 0 to update, 0 to delete, 1 unchanged";
        assert!(again.output.contains(kept), "{format:?}: {}", again.errors);
    }
}

#[tokio::test]
async fn unsafe_text_of_a_table_is_never_printed() {
    const BAD: &str = "S\u{1b}[2J\u{9b}2J\u{202e}\u{2028}\0";
    let table = NumbersTable::start().await;
    let name = AttributeValue::S(BAD.into());
    for key in ["+18005550101", BAD, "+18005550102;ext=\u{1b}[2J"] {
        table.put(key, "friendlyName", name.clone()).await;
    }
    for typed in [
        "list --portal 62515",
        "list --portal 62515 --json",
        "check --portal 62515",
        "check --portal 62515 --json",
        "check",
        "check --json",
        "remove --portal 62515 --all --dry-run",
        "remove --portal 62515 --all --dry-run --json",
        "export",
    ] {
        let ran = run_on(&table, typed, "").await;
        let printed = ran.output + &ran.errors;
        let raw = |character: char| character != '\n' && is_unsafe(character);
        assert!(!printed.contains(raw), "{typed}: {printed:?}");
        assert!(printed.contains("[2J"), "{typed}: {printed}");
        let is_named = printed.contains("the name has the character U+001B");
        assert!(is_named || typed != "check --portal 62515", "{printed}");
    }
}

#[tokio::test]
async fn an_export_imports_as_itself() {
    for format in ["export", "export --json"] {
        let table = NumbersTable::start().await;
        import(&table, FILE, "").await;
        let exported = run_on(&table, format, "").await.output;
        let again = import(&table, exported.as_str(), "--replace").await.output;
        let unchanged = "0 to add, 0 to update, 0 to delete, 5 unchanged";
        assert!(again.contains(unchanged), "{format}: {again}");
        let other = NumbersTable::start().await;
        assert_eq!(import(&other, exported, "").await.code, Some(0));
        assert_eq!(rows(&other).await, rows(&table).await);
    }
}

#[tokio::test]
async fn an_export_may_be_read_in_part() {
    let table = NumbersTable::start().await;
    let row = |at| format!("62515,+1800555{at:04},Line {at}\n");
    let file = (0..400).fold("portal,number,name\n".to_owned(), |file, at| {
        file + &row(at)
    });
    assert_eq!(import(&table, file, "").await.code, Some(0));
    for format in ["export", "export --json"] {
        let mut export = on(&table.endpoint, format);
        let ran = tokio::task::spawn_blocking(move || {
            let mut child = export.spawn().unwrap();
            drop(child.stdout.take());
            child.wait_with_output().unwrap()
        });
        let ran = Ran::from(ran.await.unwrap());
        assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{format:?}");
    }
}

#[tokio::test]
async fn exports_an_empty_table() {
    let table = NumbersTable::start().await;
    let csv = run_on(&table, "export", "").await.output;
    assert_eq!(csv, "portalId,number,extension,friendlyName,userIds\n");
    let json = run_on(&table, "export --json", "").await;
    let json: Vec<serde_json::Value> = serde_json::from_str(&json.output).unwrap();
    assert!(json.is_empty());
}
