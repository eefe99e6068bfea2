//! One number put or removed.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::{NumbersTable, import, named, rows, run_on};

const SET: &str = "set --portal 62515 --yes";
const REMOVE: &str = "remove --portal 62515 --yes";

#[tokio::test]
async fn puts_changes_and_removes_a_number() {
    let table = NumbersTable::start().await;
    let put = async |options: &str, number: &str| {
        let ran = run_on(&table, &format!("{SET} {options}"), number).await;
        assert_eq!(ran.code, Some(0), "{}", ran.errors);
    };
    put("--name Sales", "+1 800 555 0101\n").await;
    put("--name Desk --country US", "(800) 555-0102 x7\n").await;
    let both = [
        (62515, "+18005550101", "Sales"),
        (62515, "+18005550102;ext=7", "Desk"),
    ];
    assert_eq!(rows(&table).await, named(both));
    put("--name 'Front desk' --user 7", "+18005550102;ext=7\n").await;
    let key = (62515, "+18005550102;ext=7".to_owned());
    let row = ("Front desk".to_owned(), vec!["7".to_owned()]);
    assert_eq!(rows(&table).await[&key], row);
    let removed = run_on(&table, REMOVE, "+18005550101\n").await;
    assert_eq!(removed.code, Some(0), "{}", removed.errors);
    assert_eq!(rows(&table).await.into_keys().collect::<Vec<_>>(), [key]);
}

#[tokio::test]
async fn removes_all_of_one_portal_only() {
    let table = NumbersTable::start().await;
    let file = "portal,number,name\n7,+18005550101,Kept\n62515,+18005550101,Gone\n62515,+18005550102,Gone\n";
    import(&table, file, "").await;
    let shown = run_on(&table, "remove --portal 62515 --all --dry-run", "").await;
    assert!(shown.output.contains("2 to delete"), "{}", shown.output);
    assert_eq!(rows(&table).await.len(), 3);
    run_on(&table, "remove --portal 62515 --all --yes", "").await;
    assert_eq!(rows(&table).await, named([(7, "+18005550101", "Kept")]));
}

#[tokio::test]
async fn removes_an_invalid_key_as_typed() {
    let table = NumbersTable::start().await;
    import(&table, "portal,number,name\n62515,+18005550101,Kept\n", "").await;
    let name = AttributeValue::S("Wrong".into());
    for key in ["0800 CALL", "+1 800 555 0101"] {
        table.put(key, "friendlyName", name.clone()).await;
        let ran = run_on(&table, REMOVE, format!("{key}\n")).await;
        assert_eq!(ran.code, Some(0), "{key}: {}", ran.errors);
        assert_eq!(rows(&table).await, named([(62515, "+18005550101", "Kept")]));
    }
}

#[tokio::test]
async fn warns_of_a_put_as_of_an_import() {
    let table = NumbersTable::start().await;
    let put = async |more: &str| {
        let put = format!("{SET} --name 'Customer success Europe and Africa' {more}");
        run_on(&table, &put, "+18005550101 x7\n").await
    };
    let ran = put("").await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    for text in [
        "HubSpot will show \"Customer success Europe\"",
        "warning number \"+18005550101 x7\" will be shown, but not selected: HubSpot",
    ] {
        assert!(ran.errors.contains(text), "{text} in {}", ran.errors);
    }
    let document = crate::numbers_json::document("set", &put("--json").await);
    assert_eq!(document["warnings"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_bad_put_ends_as_a_bad_import() {
    let table = NumbersTable::start().await;
    let long = "x".repeat(1_025);
    for (case, name, number, reason) in [
        (
            "long name",
            long.as_str(),
            "+18005550101",
            "is longer than 1024 bytes",
        ),
        (
            "escape in the name",
            "\u{1b}[2J",
            "+18005550101",
            "name \"\\u{1b}[2J\" has the character U+001B",
        ),
        (
            "national number",
            "Desk",
            "8005550101",
            "number \"8005550101\" has no country code",
        ),
        ("date", "Desk", "27.11.2026", "is a date"),
        (
            "endless",
            "Desk",
            &"1".repeat(100_000),
            "has no country code",
        ),
    ] {
        let put = format!("{SET} --name '{name}'");
        let put = run_on(&table, &put, format!("{number}\n")).await;
        assert_eq!(put.code, Some(5), "{case}: {}", put.errors);
        assert!(put.errors.contains(reason), "{case}: {}", put.errors);
        assert!(
            put.errors
                .contains("Nothing was written: fix the bad rows first."),
            "{case}"
        );
        let file = serde_json::json!([{"portal": 62515, "number": number, "name": name}]);
        let imported = import(&table, file.to_string(), "").await;
        assert_eq!(imported.code, put.code, "{case}");
    }
    assert!(rows(&table).await.is_empty());
}

#[tokio::test]
async fn says_why_there_is_nothing_to_do() {
    let table = NumbersTable::start().await;
    let spaces = format!("{}+18005550101\n", " ".repeat(1_024));
    for (case, line, input, code, error) in [
        (
            "absent number",
            REMOVE,
            &b"+18005550101\n"[..],
            1,
            "Portal 62515 has no such number.",
        ),
        ("no number", REMOVE, b"Sales\n", 5, "The number has letters"),
        (
            "empty portal",
            "remove --portal 62515 --yes --all",
            b"",
            1,
            "Portal 62515 has no numbers.",
        ),
        (
            "no input",
            SET,
            b"",
            5,
            "No number given. Type it at the prompt",
        ),
        (
            "behind what is read",
            SET,
            spaces.as_bytes(),
            5,
            "No number given",
        ),
        (
            "two numbers",
            SET,
            b"+18005550101\n+18005550102\n",
            5,
            "Expected one number, got more lines.",
        ),
        (
            "number as an argument",
            "set --portal 62515 --yes +18005550101",
            b"",
            2,
            "Type the number at the prompt, or pipe it in",
        ),
        ("no text", SET, b"\xff\n", 5, "cannot read the number"),
    ] {
        let ran = run_on(&table, line, input).await;
        assert_eq!(ran.code, Some(code), "{case}");
        assert!(ran.errors.contains(error), "{case}: {}", ran.errors);
        assert!(!ran.errors.contains("+1800555"), "{case}: {}", ran.errors);
    }
}
