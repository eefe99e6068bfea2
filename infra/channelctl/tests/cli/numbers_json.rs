//! The documents that `--json` prints of numbers, held to the schema that scripts are written against.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::support::{NumbersTable, Ran, import, on, rows, run};

/// Reads the one document of a run, which must be valid.
pub fn document(command: &str, ran: &Ran) -> Value {
    let schema = include_str!("../../schema/numbers.json");
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    schema["$ref"] = format!("#/$defs/{command}").into();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let document = serde_json::from_str(&ran.output).expect(&ran.errors);
    let errors: Vec<_> = validator.iter_errors(&document).collect();
    assert!(errors.is_empty(), "{errors:?} in {}", ran.output);
    document
}

#[tokio::test]
async fn an_import_has_one_shape() {
    let table = NumbersTable::start().await;
    let json = async |file: &str, options: &[&str], code| {
        let ran = import(&table, file, &[options, &["--json"]].concat()).await;
        assert_eq!(ran.code, Some(code), "{}", ran.errors);
        document("import", &ran)
    };
    let file = "portal,number,name\n62515,+18005550101 x7,Sales\n62515,+18005550102,Desk\n";
    let expected = |result: Value| {
        json!({
            "plan": {"portals": 1, "add": 2, "change": 0, "keep": 0, "remove": 0, "rows": [
                {"line": 2, "change": "add", "portalId": 62515, "number": "+18005550101",
                 "extension": "7", "friendlyName": "Sales", "userIds": []},
                {"line": 3, "change": "add", "portalId": 62515, "number": "+18005550102",
                 "friendlyName": "Desk", "userIds": []},
            ]},
            "badRows": [],
            "warnings": [{
                "line": 2, "column": "number", "value": "+18005550101 x7",
                "problem": "will be shown, but not selected",
                "advice": "HubSpot lets no user select a number with an extension.",
            }],
            "result": result,
        })
    };
    let all = |written, removed| json!({"written": written, "removed": removed, "complete": true});
    assert_eq!(json(file, &["--dry-run"], 0).await, expected(Value::Null));
    assert!(rows(&table).await.is_empty(), "a dry run outranks --yes");
    let unconfirmed = run(on(&table.endpoint, &["import", "-", "--json"]), file).await;
    assert_eq!(unconfirmed.code, Some(4));
    assert_eq!(document("import", &unconfirmed), expected(Value::Null));
    assert_eq!(json(file, &[], 0).await, expected(all(2, 0)));
    let again = json(file, &[], 0).await;
    assert_eq!(
        (&again["plan"]["keep"], &again["result"]),
        (&json!(2), &all(0, 0))
    );
    let other =
        "[{\"portal\":62515,\"number\":\"+18005550102\",\"name\":\"Front\",\"users\":[9,7]}]";
    let replaced = json(other, &["--replace"], 0).await;
    assert_eq!(
        replaced["plan"]["rows"],
        json!([
            {"change": "remove", "portalId": 62515, "number": "+18005550101", "extension": "7",
             "friendlyName": "Sales", "userIds": []},
            {"line": 1, "item": 1, "change": "change", "portalId": 62515, "number": "+18005550102",
             "friendlyName": "Front", "userIds": [7, 9],
             "previous": {"portalId": 62515, "number": "+18005550102", "friendlyName": "Desk",
                "userIds": []}},
        ])
    );
    assert_eq!(replaced["result"], all(1, 1));
    let bad = json("portal,number\n62515,27.11.2026\n", &[], 5).await;
    assert_eq!(
        bad,
        json!({
            "plan": {"portals": 0, "add": 0, "change": 0, "keep": 0, "remove": 0, "rows": []},
            "badRows": [{
                "line": 2, "column": "number", "value": "27.11.2026", "problem": "is a date",
                "advice": "format the column as text, enter the number again, and export",
            }],
            "warnings": [],
            "result": null,
        })
    );
}

#[tokio::test]
async fn set_and_remove_report_as_an_import() {
    let table = NumbersTable::start().await;
    let one = ["--portal", "62515", "--yes", "--json"];
    for (command, change, result) in [
        (
            "set",
            "add",
            json!({"written": 1, "removed": 0, "complete": true}),
        ),
        (
            "set",
            "keep",
            json!({"written": 0, "removed": 0, "complete": true}),
        ),
        (
            "remove",
            "remove",
            json!({"written": 0, "removed": 1, "complete": true}),
        ),
    ] {
        let command_line = [&[command], &one[..]].concat();
        let ran = run(on(&table.endpoint, &command_line), "+18005550101\n").await;
        assert_eq!(ran.code, Some(0), "{}", ran.errors);
        let document = document(command, &ran);
        assert_eq!(
            document["plan"]["rows"],
            json!([{"change": change, "portalId": 62515, "number": "+18005550101", "userIds": []}])
        );
        assert_eq!(document["result"], result);
    }
    let ran = run(on(&table.endpoint, &[&["set"], &one[..]].concat()), "110\n").await;
    assert_eq!(ran.code, Some(5));
    assert_eq!(
        document("set", &ran)["badRows"][0]["problem"],
        "is too short"
    );
}

#[tokio::test]
async fn every_reading_names_a_number_alike() {
    let table = NumbersTable::start().await;
    let file = "portal,number,extension,name,users\n\
        62515,+18005550101,,Customer success Europe and Africa,\n\
        62515,+18005550102,7,Desk,\n62515,+18005550102,8,Desk,42 41\n62515,+18005550103,,,\n";
    import(&table, file, &[]).await;
    let bad = AttributeValue::S("Bad".into());
    table.put("0800 CALL", "friendlyName", bad).await;
    let users = AttributeValue::S("41".into());
    table.put("+18005550104", "userIds", users).await;
    let desk = |extension, users| {
        json!({"portalId": 62515, "number": "+18005550102", "extension": extension,
            "friendlyName": "Desk", "userIds": users})
    };
    let long = json!({"portalId": 62515, "number": "+18005550101",
        "friendlyName": "Customer success Europe and Africa", "userIds": []});
    let nameless = json!({"portalId": 62515, "number": "+18005550103", "userIds": []});
    let hidden = json!({"portalId": 62515, "number": "+18005550104"});
    let invalid = json!({"portalId": 62515, "number": "0800 CALL", "friendlyName": "Bad",
        "userIds": []});
    let (seven, eight) = (desk("7", json!([])), desk("8", json!([41, 42])));
    let read = async |command, arguments: &[&str], code| {
        let arguments = [&[command], arguments, &["--json"]].concat();
        let ran = run(on(&table.endpoint, &arguments), "").await;
        assert_eq!(ran.code, Some(code), "{command}: {}", ran.errors);
        document(command, &ran)
    };
    assert_eq!(
        read("list", &["--portal", "62515"], 0).await,
        json!({"numbers": [long, seven, eight, nameless, hidden, invalid]})
    );
    assert_eq!(
        read("export", &["--format", "json"], 3).await,
        json!([long, seven, eight, nameless, invalid])
    );
    let checked = read("check", &[], 3).await;
    let with = |number: &Value, more: Value| {
        let mut number = number.as_object().unwrap().clone();
        number.extend(more.as_object().unwrap().clone());
        Value::from(number)
    };
    let shown = |number, name: Option<&str>, selectable: bool| {
        with(number, json!({"shownName": name, "selectable": selectable}))
    };
    assert_eq!(
        checked["numbers"],
        json!([
            shown(&long, Some("Customer success Europe"), true),
            shown(&seven, Some("Desk"), false),
            shown(&eight, Some("Desk"), false),
            shown(&nameless, Some("+18005550103"), true),
            shown(&hidden, None, false),
            shown(&invalid, None, false),
        ])
    );
    let found = |severity: &'static str, problem: &'static str| {
        move |number: &Value| with(number, json!({"severity": severity, "message": problem}))
    };
    let extension = found(
        "warning",
        "HubSpot lets no user select a number with an extension.",
    );
    let twice = found(
        "warning",
        "the number is listed more than once, with other extensions",
    );
    let same = found("warning", "another number shows the same name");
    assert_eq!(
        checked["findings"],
        json!([
            found("warning", "cut: \" and Africa\" is lost")(&long),
            extension(&seven),
            twice(&seven),
            same(&seven),
            extension(&eight),
            twice(&eight),
            same(&eight),
            found("warning", "no name: the number is shown")(&nameless),
            found("error", "omitted: userIds is not a set of user ids")(&hidden),
            found(
                "error",
                "omitted: number is not an E.164 number: a plus sign, then 2 to 15 digits, the first not 0"
            )(&invalid),
        ])
    );
}

#[tokio::test]
async fn json_refuses_other_formats() {
    let table = NumbersTable::start().await;
    for format in ["csv", "jsonl"] {
        let ran = run(
            on(&table.endpoint, &["export", "--format", format, "--json"]),
            "",
        )
        .await;
        assert_eq!((ran.code, ran.output.as_str()), (Some(2), ""), "{format}");
    }
}
