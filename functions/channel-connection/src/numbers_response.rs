//! What the webhook answers: `{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","friendlyName":"Sales"}]}`.

use serde::Serialize;

use crate::phone_number::{E164, Extension};

/// The numbers that HubSpot shows in its list, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NumbersResponse {
    /// The numbers; none is an empty list, never a missing field.
    pub phone_numbers: Vec<ListedNumber>,
}

/// One number of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedNumber {
    /// The number to connect.
    #[serde(rename = "e164PhoneNumber")]
    pub number: E164,
    /// The extension; HubSpot shows a number that has one, but does not let a user select it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// The name that the user sees.
    pub friendly_name: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone_number::NumberKey;

    fn listed(key: &str, name: &str) -> ListedNumber {
        let NumberKey { number, extension } = key.parse().unwrap();
        ListedNumber {
            number,
            extension,
            friendly_name: name.into(),
        }
    }

    #[test]
    fn is_an_object_whose_numbers_name_an_extension_only_where_there_is_one() {
        let response = NumbersResponse {
            phone_numbers: vec![
                listed("+18001231234", "Sales"),
                listed("+18001231235;ext=1", "Desk"),
            ],
        };
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            concat!(
                r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","friendlyName":"Sales"},"#,
                r#"{"e164PhoneNumber":"+18001231235","extension":"1","friendlyName":"Desk"}]}"#
            )
        );
    }
}
