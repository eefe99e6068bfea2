//! The documents that `--json` prints of numbers, held to the schema that scripts are written against.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use crate::support::{self, NumbersTable, Ran, import, rows, run_on};

/// Reads the one document of a run, which must be valid.
pub fn document(command: &str, ran: &Ran) -> Value {
    support::document("numbers", command, &ran.output)
}

/// Compares the document of a command line with the one that was looked at.
fn assert_snapshot(name: &str, line: &str, ran: &Ran) {
    let command = line.split(' ').next().unwrap();
    document(command, ran);
    insta::with_settings!({filters => vec![(r"\+1800555(\d{4})", "[number $1]")]}, {
        insta::assert_snapshot!(format!("numbers-{name}"), ran.output);
    });
}

#[tokio::test]
async fn every_write_has_one_shape() {
    const FILE: &str = "portal,number,name\n62515,+18005550101 x7,Sales\n62515,+18005550102,Desk\n";
    const OTHER: &str =
        r#"[{"portal":62515,"number":"+18005550102","name":"Front","users":[9,7]}]"#;
    let table = NumbersTable::start().await;
    let one = "--portal 62515 --yes";
    let bad_row = "portal,number\n62515,27.11.2026\n";
    for (name, line, input, code) in [
        ("dry-run", "import - --yes --dry-run", FILE, 0),
        ("unconfirmed", "import -", FILE, 4),
        ("import", "import - --yes", FILE, 0),
        ("import-again", "import - --yes", FILE, 0),
        ("replace", "import - --yes --replace", OTHER, 0),
        ("bad-row", "import - --yes", bad_row, 5),
        ("set", &format!("set {one}"), "+18005550103\n", 0),
        ("remove", &format!("remove {one}"), "+18005550103\n", 0),
        ("bad-number", &format!("set {one}"), "110\n", 5),
    ] {
        let ran = run_on(&table, &format!("{line} --json"), input).await;
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.errors);
        assert_snapshot(name, line, &ran);
        let is_written = !["dry-run", "unconfirmed"].contains(&name);
        assert_eq!(rows(&table).await.is_empty(), !is_written, "{name}");
    }
}

#[tokio::test]
async fn every_reading_has_its_shape() {
    let table = NumbersTable::start().await;
    let file = "portal,number,extension,name,users\n\
        62515,+18005550101,,Customer success Europe and Africa,\n\
        62515,+18005550102,7,Desk,\n62515,+18005550102,8,Desk,42 41\n62515,+18005550103,,,\n";
    import(&table, file, "").await;
    let bad = AttributeValue::S("Bad".into());
    table.put("0800 CALL", "friendlyName", bad).await;
    let users = AttributeValue::S("41".into());
    table.put("+18005550104", "userIds", users).await;
    for (line, code) in [("list --portal 62515", 0), ("export", 3), ("check", 3)] {
        let ran = run_on(&table, &format!("{line} --json"), "").await;
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.errors);
        assert_snapshot(line.split(' ').next().unwrap(), line, &ran);
    }
}
