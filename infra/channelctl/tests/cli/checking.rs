//! A portal as HubSpot will show it, and the rows as they are stored.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::{NumbersTable, Ran, import, on, run};

const FILE: &str = "portalId,number,extension,friendlyName,userIds\n\
    7,+18005550109,,Fine,\n\
    62515,+18005550101,,Customer success Europe and Africa,\n\
    62515,+18005550102,7,Desk,\n\
    62515,+18005550102,8,Desk,41 42\n\
    62515,+18005550103,,,\n";

async fn checked(arguments: &[&str]) -> Ran {
    let table = NumbersTable::start().await;
    assert_eq!(import(&table, FILE, &[]).await.code, Some(0));
    table
        .put("0800 CALL", "friendlyName", AttributeValue::S("Bad".into()))
        .await;
    run(on(&table.endpoint, arguments), "").await
}

#[tokio::test]
async fn a_portal_is_shown_as_hubspot_will_show_it() {
    let ran = checked(&["check", "--portal", "62515", "--json"]).await;
    assert_eq!(ran.code, Some(3), "a row is left out");
    let portals: serde_json::Value = serde_json::from_str(&ran.output).unwrap();
    let extension = "HubSpot lets no user select a number with an extension.";
    let number = "the number is listed more than once, with other extensions";
    let name = "another number shows the same name";
    assert_eq!(
        portals,
        serde_json::json!([{
            "portalId": "62515",
            "numbers": [
                {"name": "Customer success Europe", "number": "+18005550101", "selectable": true,
                 "notes": ["cut: \" and Africa\" is lost"]},
                {"name": "Desk", "number": "+18005550102", "extension": "7", "selectable": false,
                 "notes": [extension, number, name]},
                {"name": "Desk", "number": "+18005550102", "extension": "8", "selectable": false,
                 "users": ["41", "42"], "notes": [extension, number, name]},
                {"name": "+18005550103", "number": "+18005550103", "selectable": true,
                 "notes": ["no name: the number is shown"]},
            ],
            "omitted": [["0800 CALL", "number is not an E.164 number: a plus sign, then 2 to 15 digits, the first not 0"]],
        }])
    );
}

#[tokio::test]
async fn whatever_is_checked_is_one_array() {
    let portals = async |portal: &[&str]| {
        let ran = checked(&[&["check", "--json"], portal].concat()).await;
        let portals: serde_json::Value = serde_json::from_str(&ran.output).unwrap();
        portals.as_array().map(Vec::len)
    };
    assert_eq!(portals(&[]).await, Some(2));
    assert_eq!(portals(&["--portal", "8"]).await, Some(0));
}

#[tokio::test]
async fn all_portals_are_checked_and_only_what_is_worth_a_look_is_shown() {
    let Ran { code, output, .. } = checked(&["check"]).await;
    assert_eq!(code, Some(3));
    assert!(
        output.contains("Portal 62515") && !output.contains("Portal 7\n"),
        "{output}"
    );
    assert!(output.contains("left out \"0800 CALL\""), "{output}");
    assert!(
        output.contains("5 numbers in 2 portals: 4 with notes, 1 left out"),
        "{output}"
    );
}

#[tokio::test]
async fn a_list_has_the_rows_as_they_are_stored() {
    let Ran { code, output, .. } = checked(&["list", "--portal", "62515"]).await;
    assert_eq!(code, Some(0));
    assert!(
        output.contains("Customer success Europe and Africa"),
        "{output}"
    );
    assert!(
        output.contains("0800 CALL") && output.contains("5 numbers in portal 62515"),
        "{output}"
    );
}

#[tokio::test]
async fn users_that_nobody_can_tell_are_not_exported_as_everyone() {
    let table = NumbersTable::start().await;
    let users = AttributeValue::S("41".into());
    table.put("+18005550101", "userIds", users).await;
    let ran = async |arguments: &[&str]| run(on(&table.endpoint, arguments), "").await.output;
    let listed = ran(&["list", "--portal", "62515"]).await;
    assert!(listed.contains("unreadable"), "{listed}");
    let exported = ran(&["export"]).await;
    let again = import(&table, exported, &["--replace"]).await;
    assert_eq!(again.code, Some(3), "{}", again.output);
    assert!(
        again
            .errors
            .contains("\"unreadable\" is not a list of user ids"),
        "{}",
        again.errors
    );
}

#[tokio::test]
async fn what_is_exported_is_imported_again_as_itself() {
    for format in ["csv", "json", "jsonl"] {
        let table = NumbersTable::start().await;
        import(&table, FILE, &[]).await;
        let exported = run(on(&table.endpoint, &["export", "--format", format]), "")
            .await
            .output;
        let again = import(&table, exported.as_str(), &["--replace"]).await;
        assert!(
            again
                .output
                .contains("0 to add, 0 to change, 0 to remove, 5 as they are"),
            "{format}: {}",
            again.output
        );
        let other = NumbersTable::start().await;
        assert_eq!(import(&other, exported, &[]).await.code, Some(0));
        assert_eq!(
            crate::support::rows(&other).await,
            crate::support::rows(&table).await
        );
    }
}

#[tokio::test]
async fn an_export_whose_reader_has_read_enough_has_not_failed() {
    let table = NumbersTable::start().await;
    let row = |at| format!("62515,+1800555{at:04},Line {at}\n");
    let file = (0..400).fold("portal,number,name\n".to_owned(), |file, at| {
        file + &row(at)
    });
    assert_eq!(import(&table, file, &[]).await.code, Some(0));
    for format in ["csv", "json", "jsonl"] {
        let mut export = on(&table.endpoint, &["export", "--format", format]);
        let ran = tokio::task::spawn_blocking(move || {
            let mut child = export.spawn().unwrap();
            drop(child.stdout.take());
            child.wait_with_output().unwrap()
        });
        let ran = Ran::from(ran.await.unwrap());
        assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{format}");
    }
}

#[tokio::test]
async fn an_empty_table_is_exported_as_no_rows() {
    let table = NumbersTable::start().await;
    let exported = async |format| {
        run(on(&table.endpoint, &["export", "--format", format]), "")
            .await
            .output
    };
    assert_eq!(
        exported("csv").await,
        "portalId,number,extension,friendlyName,userIds\n"
    );
    assert_eq!(exported("json").await, "[]\n");
    assert_eq!(exported("jsonl").await, "");
}
