//! The numbers table's schema against the code that reads the table.
#![allow(clippy::unwrap_used, reason = "a test's set-up may fail loudly")]

use channel_connection::number_row::{Audience, NumberRow, RowError};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

fn schema() -> Validator {
    let schema: Value = serde_json::from_str(include_str!("../numbers-table.schema.json")).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap()
}

fn item(number: &str, user_ids: Option<&[String]>) -> Value {
    let mut item = json!({
        "portalId": {"N": "62515"},
        "number": {"S": number},
        "friendlyName": {"S": "Sales"},
        "updatedAt": {"S": "2026-11-23T00:37:16Z"},
    });
    if let Some(ids) = user_ids {
        item["userIds"] = json!({"NS": ids});
    }
    item
}

fn read(number: &str, user_ids: Option<&[String]>) -> Result<(), RowError> {
    let row = NumberRow {
        number: Some(number.into()),
        friendly_name: Some("Sales".into()),
        audience: user_ids.map_or(Ok(Audience::Everyone), Audience::only),
    };
    row.parse().map(drop)
}

#[test]
fn the_schema_refuses_wrong_types() {
    let schema = schema();
    let mut with_another = item("+18001231234", None);
    with_another["note"] = json!({"S": "a backend's own"});
    assert!(schema.is_valid(&with_another));
    for (name, value) in [
        ("portalId", json!({"S": "62515"})),
        ("number", json!({"N": "18001231234"})),
        ("userIds", json!({"SS": ["7"]})),
        ("userIds", json!({"NS": []})),
        ("updatedAt", json!({"S": "yesterday"})),
    ] {
        let mut item = item("+18001231234", None);
        item[name] = value;
        assert!(!schema.is_valid(&item), "{item}");
    }
}

proptest! {
    #[test]
    fn schema_and_code_accept_the_same_numbers(
        number in r"\+?[0-9]{0,17}(;ext=[0-9]{0,22})?|.{0,8}",
    ) {
        let is_valid = schema().is_valid(&item(&number, None));
        prop_assert_eq!(read(&number, None).is_ok(), is_valid);
    }

    #[test]
    fn code_accepts_users_that_the_schema_allows(
        ids in prop::collection::hash_set("-?[0-9]{0,20}", 1..4),
    ) {
        let ids: Vec<_> = ids.into_iter().collect();
        let number = "+18001231234";
        if schema().is_valid(&item(number, Some(&ids))) {
            prop_assert_eq!(read(number, Some(&ids)), Ok(()));
        }
    }
}
