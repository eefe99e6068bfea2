//! The webhook's response: `{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","friendlyName":"Sales"}]}`.

use serde::Serialize;

use crate::{
    friendly_name::FriendlyName,
    phone_number::{E164, Extension},
};

/// The most bytes that a Lambda function can return: the response with its status and headers.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const MAX_RESPONSE: usize = 6 * 1024 * 1024;
/// The largest body of a response, with room for status and headers.
pub const MAX_BODY: usize = MAX_RESPONSE - 1024;

/// One number of HubSpot's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedNumber {
    #[serde(rename = "e164PhoneNumber")]
    pub number: E164,
    /// The extension; HubSpot shows a number that has one, but does not let a user select it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    pub friendly_name: FriendlyName,
}

impl ListedNumber {
    /// Writes the number as an element of HubSpot's list.
    pub(crate) fn to_json(&self) -> String {
        // A struct of texts serialises always.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A response's body, with as many numbers as fit.
#[derive(Clone, PartialEq, Eq)]
pub struct NumbersResponse {
    pub body: String,
    pub count: usize,
    /// How many numbers did not fit.
    pub omitted: usize,
}

impl NumbersResponse {
    /// Lists numbers, given as JSON, in order, as long as the body fits into `limit` bytes.
    ///
    /// The limit counts the body as a JSON text within Lambda's own JSON, where every quotation mark
    /// and backslash takes two bytes.
    pub fn within<'a>(limit: usize, numbers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut response = Self {
            body: String::from(OPENING),
            count: 0,
            omitted: 0,
        };
        let mut size = quoted_size(OPENING) + quoted_size(CLOSING);
        for json in numbers {
            size += element_size(json);
            if size > limit {
                response.omitted += 1;
                continue;
            }
            if response.count > 0 {
                response.body.push_str(COMMA);
            }
            response.body.push_str(json);
            response.count += 1;
        }
        response.body.push_str(CLOSING);
        response
    }
}

const OPENING: &str = r#"{"phoneNumbers":["#;
const COMMA: &str = ",";
const CLOSING: &str = "]}";

/// Returns what a number takes in a response, as [`NumbersResponse::within`] counts it.
pub(crate) fn element_size(json: &str) -> usize {
    quoted_size(json) + COMMA.len()
}

/// Returns the size of a JSON text once it is itself quoted as a JSON text.
fn quoted_size(json: &str) -> usize {
    json.len()
        + json
            .bytes()
            .filter(|byte| matches!(byte, b'"' | b'\\'))
            .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn listed(name: &str) -> ListedNumber {
        ListedNumber {
            number: String::from("+18001231234").try_into().unwrap(),
            extension: None,
            friendly_name: FriendlyName::truncate(name).unwrap(),
        }
    }

    fn within(limit: usize, numbers: &[ListedNumber]) -> NumbersResponse {
        let numbers: Vec<_> = numbers.iter().map(ListedNumber::to_json).collect();
        NumbersResponse::within(limit, numbers.iter().map(String::as_str))
    }

    #[test]
    fn lambda_carries_74_000_numbers_or_more() {
        for (name, carried) in [("Sales", 95_000), ("a name of 24 characters.", 74_000)] {
            let response = within(MAX_BODY, &vec![listed(name); 100_000]);
            assert_eq!(response.count / 1_000 * 1_000, carried, "{name}");
            let quoted = serde_json::to_string(&response.body).unwrap();
            assert!(quoted.len() < MAX_RESPONSE, "{name}");
        }
    }

    proptest! {
        #[test]
        fn lists_as_many_as_fit_in_order(
            names in proptest::collection::vec(r#"[a-z"\\é]{1,30}"#, 0..30),
            limit in 50_usize..3_000,
        ) {
            let numbers: Vec<_> = names.iter().map(|name| listed(name)).collect();
            let response = within(limit, &numbers);
            let quoted = serde_json::to_string(&response.body).unwrap().len() - 2;
            prop_assert!(quoted <= limit);
            prop_assert_eq!(response.count + response.omitted, numbers.len());

            let body: Value = serde_json::from_str(&response.body).unwrap();
            let expected = serde_json::to_value(&numbers[..response.count]).unwrap();
            prop_assert_eq!(&body["phoneNumbers"], &expected);

            let roomy = within(usize::MAX, &numbers[..numbers.len().min(response.count + 1)]);
            let one_more = serde_json::to_string(&roomy.body).unwrap().len() - 2;
            // One comma is counted for each number, though the last has none.
            prop_assert!(response.omitted == 0 || one_more + 1 > limit, "one more would have fitted");
        }
    }
}
