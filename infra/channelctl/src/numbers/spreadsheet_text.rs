//! What spreadsheets and copying leave in a cell besides its text.

/// Takes off what spreadsheets put around a text to keep it one: `'+1…` and `="+1…"`.
pub(super) fn plain(text: &str) -> &str {
    let text = text.trim_matches(is_blank);
    let text = text
        .strip_prefix("=\"")
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    text.trim_start_matches(['\'', '\u{2019}'])
        .trim_matches(is_blank)
}

/// Tells blanks, those that show and those that do not.
///
/// Byte order marks and directional marks come along with numbers that were copied.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Tells `1.80012E+10` from a number.
pub(super) fn is_quantity(text: &str) -> bool {
    let is_written_so = text.contains(['e', 'E'])
        && text
            .chars()
            .all(|character| "0123456789.,+-eE".contains(character));
    is_written_so && text.replace(',', ".").parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_text_from_being_a_quantity_is_taken_off() {
        for text in [
            "'+18001231234",
            "\u{2019}+18001231234",
            "=\"+18001231234\"",
            " ' +18001231234 ",
            "\u{feff}\u{202a}+18001231234\u{202c}\u{a0}",
        ] {
            assert_eq!(plain(text), "+18001231234", "{text:?}");
        }
    }

    #[test]
    fn a_quantity_has_an_exponent_and_nothing_but_what_quantities_have() {
        for text in [
            "1.80012E+10",
            "1,80012E+10",
            "1.8E10",
            "1.80012e+10",
            "+1.80012E+10",
        ] {
            assert!(is_quantity(text), "{text}");
        }
        for text in ["+18001231234", "18001231234", "1e", "Sales 1e5"] {
            assert!(!is_quantity(text), "{text}");
        }
    }
}
