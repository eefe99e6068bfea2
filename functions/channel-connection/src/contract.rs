//! HubSpot's contract for a webhook's response, and where a response violates it.

use serde_json::Value;

use crate::{
    friendly_name,
    phone_number::{E164, Extension},
};

/// Lists a response's violations of the contract; without any, HubSpot can use it.
///
/// They name the field, like `phoneNumbers[3].extension`, and never repeat the response.
pub fn violations(status: u16, body: &[u8]) -> Vec<String> {
    if status != 200 {
        return vec![format!("the response's status is {status}, not 200")];
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return vec!["the response is not JSON".into()];
    };
    let problem = match body.get("phoneNumbers") {
        Some(Value::Array(numbers)) => {
            let of_number = |(at, number)| of_number(at, number);
            return numbers.iter().enumerate().flat_map(of_number).collect();
        }
        Some(_) => "phoneNumbers is not an array",
        None if body.is_array() => {
            "the response is a bare array; it must be an object with phoneNumbers"
        }
        None => "the response has no phoneNumbers",
    };
    vec![problem.into()]
}

/// Counts the numbers of a response without violations.
pub fn count(body: &[u8]) -> usize {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["phoneNumbers"].as_array().map_or(0, Vec::len)
}

fn of_number(at: usize, number: &Value) -> impl Iterator<Item = String> {
    let problems = [
        in_the_number(number),
        in_the_name(number).map(|problem| ("friendlyName", problem)),
        in_the_extension(number).map(|problem| ("extension", problem)),
    ];
    let problems = problems.into_iter().flatten();
    problems.map(move |(field, problem)| format!("phoneNumbers[{at}].{field}: {problem}"))
}

fn in_the_number(number: &Value) -> Option<(&'static str, &'static str)> {
    match (number.get("e164PhoneNumber"), number.get("e164Number")) {
        (None, Some(_)) => Some(("e164Number", "the field must be named e164PhoneNumber")),
        (Some(Value::String(text)), _) if E164::try_from(text.clone()).is_ok() => None,
        _ => {
            let problem = "must be an E.164 number like +18001231234";
            Some(("e164PhoneNumber", problem))
        }
    }
}

fn in_the_name(number: &Value) -> Option<&'static str> {
    match number.get("friendlyName") {
        Some(Value::String(text)) if text.contains(friendly_name::is_unsafe) => {
            Some("must have no control characters and no marks that reorder text")
        }
        Some(Value::String(text)) if friendly_name::is_shown_whole(text) => None,
        Some(Value::String(_)) => Some("must have at most 24 characters: HubSpot cuts the rest"),
        _ => Some("must be a text"),
    }
}

fn in_the_extension(number: &Value) -> Option<&'static str> {
    match number.get("extension") {
        None => None,
        Some(Value::String(text)) if text.is_empty() => {
            Some("must be left out where there is none, not be an empty text")
        }
        Some(Value::String(text)) if Extension::try_from(text.clone()).is_ok() => None,
        Some(_) => Some("must be digits, or be left out"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_a_violation_of_the_whole() {
        for (case, status, body, violation) in [
            ("status", 503, "{}", "the response's status is 503, not 200"),
            ("empty", 200, "", "the response is not JSON"),
            ("no list", 200, "{}", "the response has no phoneNumbers"),
            (
                "bare array",
                200,
                "[]",
                "the response is a bare array; it must be an object with phoneNumbers",
            ),
            (
                "object",
                200,
                r#"{"phoneNumbers":{}}"#,
                "phoneNumbers is not an array",
            ),
        ] {
            let violations = violations(status, body.as_bytes());
            assert_eq!(violations, [violation], "{case}");
        }
    }

    #[test]
    fn names_every_violation_of_a_number() {
        let not_e164 = "must be an E.164 number like +18001231234";
        let too_long = "must have at most 24 characters: HubSpot cuts the rest";
        let not_digits = "must be digits, or be left out";
        let reordered = "must have no control characters and no marks that reorder text";
        let empty = "must be left out where there is none, not be an empty text";
        let good = json!({"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"});
        let listed = |number: &Value| json!({"phoneNumbers": [number]}).to_string();
        for (field, value, problem) in [
            ("e164PhoneNumber", json!("(800) 123-1234"), not_e164),
            ("e164PhoneNumber", json!(null), not_e164),
            ("friendlyName", json!("n".repeat(25)), too_long),
            ("friendlyName", json!("a\u{202e}b"), reordered),
            ("friendlyName", json!(null), "must be a text"),
            ("extension", json!(""), empty),
            ("extension", json!(1), not_digits),
            ("extension", json!("x1"), not_digits),
        ] {
            let mut number = good.clone();
            number[field] = value;
            let path = format!("phoneNumbers[0].{field}: {problem}");
            let violations = violations(200, listed(&number).as_bytes());
            assert_eq!(violations, [path], "{number}");
        }
        let mut extended = good;
        extended["extension"] = "1".into();
        assert_eq!(violations(200, listed(&extended).as_bytes()), [""; 0]);
        assert_eq!(count(listed(&extended).as_bytes()), 1);
        let old = json!({"e164Number": "0", "friendlyName": 7, "extension": ""});
        let old = violations(200, listed(&old).as_bytes());
        let renamed = "phoneNumbers[0].e164Number: the field must be named e164PhoneNumber";
        assert_eq!((old.len(), old[0].as_str()), (3, renamed));
    }
}
