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

#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(Debug))]
#[serde(rename_all = "camelCase")]
pub struct ShownNumber {
    /// The number, empty where the response has none.
    pub number: String,
    pub extension: Option<String>,
    pub name: String,
    /// What HubSpot cuts off the name.
    pub name_lost: String,
    /// The reason the user cannot select the number.
    pub not_selectable: Option<&'static str>,
}

/// Lists a response's numbers in their order; none where the response has no list.
pub fn shown_numbers(response: &[u8]) -> Vec<ShownNumber> {
    let response: Value = serde_json::from_slice(response).unwrap_or_default();
    let numbers = response.get("phoneNumbers").and_then(Value::as_array);
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
    use serde_json::json;

    use super::*;

    #[test]
    fn shows_a_number_as_hubspot_does() {
        let number = "+18001231234";
        let name = "Customer success, Europe and Africa";
        let response = json!({"phoneNumbers": [{"e164PhoneNumber": number, "friendlyName": name}]});
        let shown = ShownNumber {
            number: number.into(),
            extension: None,
            name: "Customer success, Europe".into(),
            name_lost: " and Africa".into(),
            not_selectable: None,
        };
        assert_eq!(shown_numbers(response.to_string().as_bytes()), [shown]);
    }

    #[test]
    fn tells_which_numbers_cannot_be_selected() {
        let extended =
            |extension: Value| json!({"e164PhoneNumber": "+18001231234", "extension": extension});
        for (case, listed, reason) in [
            ("extension", extended("1".into()), WITH_EXTENSION),
            ("extension as number", extended(1.into()), WITH_EXTENSION),
            ("null as extension", extended(Value::Null), WITH_EXTENSION),
            ("empty extension", extended("".into()), WITH_EMPTY_EXTENSION),
            (
                "local number",
                json!({"e164PhoneNumber": "(800) 123-1234"}),
                WITHOUT_NUMBER,
            ),
            ("old field", json!({"e164Number": "+1800"}), WITHOUT_NUMBER),
            ("no object", json!(7), WITHOUT_NUMBER),
        ] {
            let response = json!({"phoneNumbers": [listed]}).to_string();
            let shown = shown_numbers(response.as_bytes());
            assert_eq!(shown[0].not_selectable, Some(reason), "{case}");
        }
    }

    #[test]
    fn a_response_without_a_list_shows_none() {
        for response in ["", "[]", "{}", r#"{"phoneNumbers":7}"#] {
            assert_eq!(shown_numbers(response.as_bytes()), [], "{response}");
        }
    }
}
