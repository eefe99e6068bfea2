//! HubSpot's contract for a webhook's response, and where a response violates it.

use std::fmt;

use serde_json::Value;

use crate::{
    friendly_name,
    phone_number::{E164, Extension},
};

/// A violation of HubSpot's contract; it never repeats the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where in the response: `phoneNumbers[3].extension`, empty for the whole.
    pub path: String,
    /// The rule that it violates.
    pub problem: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => formatter.write_str(self.problem),
            path => write!(formatter, "{path}: {}", self.problem),
        }
    }
}

/// Lists a response body's violations of the contract; without any, HubSpot can use it.
pub fn violations(body: &[u8]) -> Vec<Violation> {
    let whole = |problem| {
        vec![Violation {
            path: String::new(),
            problem,
        }]
    };
    let body: Value = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(_) => return whole("the answer is not JSON"),
    };
    if body.is_array() {
        return whole("the answer is a bare array; it must be an object with phoneNumbers");
    }
    match body.get("phoneNumbers") {
        None => whole("the answer has no phoneNumbers"),
        Some(Value::Array(numbers)) => numbers
            .iter()
            .enumerate()
            .flat_map(|(at, number)| of_number(at, number))
            .collect(),
        Some(_) => whole("phoneNumbers is not an array"),
    }
}

/// Lists a response's violations in words, a wrong status first.
pub fn response_violations(status: u16, body: &[u8]) -> Vec<String> {
    if status != 200 {
        return vec![format!("the answer's status is {status}, not 200")];
    }
    violations(body).iter().map(ToString::to_string).collect()
}

/// Counts the numbers of a response without violations.
pub fn count(body: &[u8]) -> usize {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["phoneNumbers"].as_array().map_or(0, Vec::len)
}

fn of_number(at: usize, number: &Value) -> impl Iterator<Item = Violation> {
    let problems = [
        in_the_number(number),
        in_the_name(number).map(|problem| ("friendlyName", problem)),
        in_the_extension(number).map(|problem| ("extension", problem)),
    ];
    let problems = problems.into_iter().flatten();
    problems.map(move |(field, problem)| Violation {
        path: format!("phoneNumbers[{at}].{field}"),
        problem,
    })
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
    use super::*;

    fn told(body: &str) -> Vec<String> {
        violations(body.as_bytes())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn rejects_a_wrong_status_or_body() {
        let good = br#"{"phoneNumbers":[]}"#;
        assert_eq!(response_violations(200, good), [""; 0]);
        assert_eq!(
            response_violations(200, b"{}"),
            ["the answer has no phoneNumbers"]
        );
        assert_eq!(
            response_violations(503, good),
            ["the answer's status is 503, not 200"]
        );
    }

    #[test]
    fn accepts_valid_responses() {
        for body in [
            r#"{"phoneNumbers":[]}"#,
            r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","extension":"1","friendlyName":"Sales"}]}"#,
            r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","friendlyName":"Sales"}]}"#,
        ] {
            assert_eq!(told(body), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn counts_numbers() {
        assert_eq!(count(br#"{"phoneNumbers":[{},{}]}"#), 2);
        assert_eq!(count(b"[]"), 0);
    }

    #[test]
    fn names_every_violation_of_a_number() {
        let body = r#"{"phoneNumbers":[{"e164Number":"0","friendlyName":7,"extension":""}]}"#;
        assert_eq!(told(body).len(), 3);
    }

    #[test]
    fn names_path_and_problem() {
        let cases = [
            ("", "the answer is not JSON"),
            (
                "[]",
                "the answer is a bare array; it must be an object with phoneNumbers",
            ),
            ("{}", "the answer has no phoneNumbers"),
            (r#"{"phoneNumbers":{}}"#, "phoneNumbers is not an array"),
            (
                r#"{"phoneNumbers":[{"e164Number":"+18001231234","friendlyName":"Sales"}]}"#,
                "phoneNumbers[0].e164Number: the field must be named e164PhoneNumber",
            ),
            (
                r#"{"phoneNumbers":[{"e164PhoneNumber":"(800) 123-1234","friendlyName":"Sales"}]}"#,
                "phoneNumbers[0].e164PhoneNumber: must be an E.164 number like +18001231234",
            ),
            (
                r#"{"phoneNumbers":[{"friendlyName":"Sales"}]}"#,
                "phoneNumbers[0].e164PhoneNumber: must be an E.164 number like +18001231234",
            ),
            (
                r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","friendlyName":"Customer success in Europe"}]}"#,
                "phoneNumbers[0].friendlyName: must have at most 24 characters: HubSpot cuts the rest",
            ),
            (
                r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","friendlyName":"a\u202eb"}]}"#,
                "phoneNumbers[0].friendlyName: must have no control characters and no marks that reorder text",
            ),
            (
                r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234"}]}"#,
                "phoneNumbers[0].friendlyName: must be a text",
            ),
            (
                r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","extension":"","friendlyName":"Sales"}]}"#,
                "phoneNumbers[0].extension: must be left out where there is none, not be an empty text",
            ),
            (
                r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","extension":1,"friendlyName":"Sales"}]}"#,
                "phoneNumbers[0].extension: must be digits, or be left out",
            ),
            (
                r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","extension":"x1","friendlyName":"Sales"}]}"#,
                "phoneNumbers[0].extension: must be digits, or be left out",
            ),
        ];
        for (body, violation) in cases {
            assert_eq!(told(body), [violation], "{body}");
        }
    }
}
