//! The list of numbers as HubSpot's user gets to see it.

use serde::Serialize;
use serde_json::Value;

use crate::{
    friendly_name::{self, FriendlyName},
    phone_number::E164,
};

const WITH_EXTENSION: &str = "HubSpot lets no user select a number with an extension.";
const WITH_EMPTY_EXTENSION: &str =
    "Its extension is an empty text, and HubSpot lets no user select a number with an extension.";
const WITHOUT_NUMBER: &str = "It has no E.164 number that could be connected.";

/// One line of the list.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(Debug))]
#[serde(rename_all = "camelCase")]
pub struct ShownNumber {
    /// The number, empty where the answer has none.
    pub number: String,
    /// The extension, where there is one.
    pub extension: Option<String>,
    /// What HubSpot shows of the name.
    pub name: String,
    /// What HubSpot cuts off the name.
    pub name_lost: String,
    /// The reason the user cannot select the number.
    pub not_selectable: Option<&'static str>,
}

/// Lists an answer's numbers in their order; none where the answer has no list.
pub fn shown_numbers(answer: &[u8]) -> Vec<ShownNumber> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let numbers = answer.get("phoneNumbers").and_then(Value::as_array);
    numbers.into_iter().flatten().map(shown).collect()
}

fn shown(listed: &Value) -> ShownNumber {
    let number = listed["e164PhoneNumber"].as_str().unwrap_or_default();
    let (name, name_lost) = truncate(listed["friendlyName"].as_str().unwrap_or_default());
    let extension = extension(listed);
    ShownNumber {
        number: number.to_owned(),
        not_selectable: not_selectable(number, extension.as_deref()),
        extension,
        name,
        name_lost,
    }
}

/// Tells why HubSpot's user cannot select a number; `None` where they can.
pub fn not_selectable(number: &str, extension: Option<&str>) -> Option<&'static str> {
    match extension {
        Some("") => Some(WITH_EMPTY_EXTENSION),
        Some(_) => Some(WITH_EXTENSION),
        None if E164::try_from(number.to_owned()).is_err() => Some(WITHOUT_NUMBER),
        None => None,
    }
}

/// Splits a name into what HubSpot shows of it, and what it cuts off; neither is unsafe to show.
pub fn truncate(name: &str) -> (String, String) {
    let name = friendly_name::printable(name);
    let whole = name.trim();
    let shown = FriendlyName::truncate(whole);
    let shown = shown.as_ref().map_or("", FriendlyName::as_str);
    (shown.to_owned(), whole[shown.len()..].to_owned())
}

fn extension(listed: &Value) -> Option<String> {
    match listed.get("extension")? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(listed: &str) -> ShownNumber {
        let mut shown = shown_numbers(format!(r#"{{"phoneNumbers":[{listed}]}}"#).as_bytes());
        assert_eq!(shown.len(), 1);
        shown.remove(0)
    }

    #[test]
    fn a_number_of_the_contract_is_shown_whole_and_can_be_selected() {
        let shown = only(r#"{"e164PhoneNumber":"+18001231234","friendlyName":"Sales"}"#);
        assert_eq!(
            shown,
            ShownNumber {
                number: "+18001231234".into(),
                extension: None,
                name: "Sales".into(),
                name_lost: String::new(),
                not_selectable: None,
            }
        );
    }

    #[test]
    fn what_hubspot_cuts_off_a_name_is_told() {
        let shown = only(
            r#"{"e164PhoneNumber":"+18001231234","friendlyName":"Customer success, Europe and Africa"}"#,
        );
        assert_eq!(
            (shown.name.as_str(), shown.name_lost.as_str()),
            ("Customer success, Europe", " and Africa")
        );
        assert_eq!(shown.not_selectable, None);
    }

    #[test]
    fn a_number_with_an_extension_of_whatever_kind_cannot_be_selected() {
        for (extension, shown, reason) in [
            (r#""1""#, "1", WITH_EXTENSION),
            ("1", "1", WITH_EXTENSION),
            ("null", "null", WITH_EXTENSION),
            (r#""""#, "", WITH_EMPTY_EXTENSION),
        ] {
            let listed = format!(
                r#"{{"e164PhoneNumber":"+18001231234","friendlyName":"Desk","extension":{extension}}}"#
            );
            let listed = only(&listed);
            assert_eq!(
                (listed.extension.as_deref(), listed.not_selectable),
                (Some(shown), Some(reason))
            );
        }
    }

    #[test]
    fn a_number_of_the_table_can_be_selected_unless_it_has_an_extension() {
        let reason = |extension| not_selectable("+18001231234", extension);
        assert_eq!(reason(Some("7")), Some(WITH_EXTENSION));
        assert_eq!(reason(None), None);
    }

    #[test]
    fn what_is_no_number_cannot_be_selected_either() {
        for listed in [
            r#"{"e164PhoneNumber":"(800) 123-1234"}"#,
            r#"{"e164Number":"+18001231234"}"#,
            "7",
        ] {
            assert!(only(listed).not_selectable.is_some(), "{listed}");
        }
    }

    #[test]
    fn an_answer_that_is_no_list_shows_none() {
        for answer in ["", "[]", "{}", r#"{"phoneNumbers":7}"#] {
            assert_eq!(shown_numbers(answer.as_bytes()), [], "{answer}");
        }
    }
}
