//! The name under which a user sees a number.

use std::{borrow::Cow, fmt};

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use crate::phone_number::E164;

/// The longest name that HubSpot shows whole.
pub const MAX_NAME: usize = 24;

/// A name as HubSpot shows it: not empty, and of at most [`MAX_NAME`] characters.
///
/// HubSpot does not say what it counts. UTF-16 code units are taken, of which a text never has fewer
/// than of anything else that may be meant, so that HubSpot has nothing left to cut. Its `Debug`
/// shows nothing of it: it may be a person's name.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct FriendlyName(String);

impl FriendlyName {
    /// Cuts a text to what HubSpot shows, between what a reader takes for characters, and takes out
    /// what is [unsafe to show](is_unsafe).
    ///
    /// `None` where nothing would be left.
    pub fn truncate(text: &str) -> Option<Self> {
        let text = printable(text);
        let text = text.trim();
        if is_shown_whole(text) {
            return (!text.is_empty()).then(|| Self(text.to_owned()));
        }
        let mut units = 0;
        let fits = |grapheme: &&str| {
            units += grapheme.encode_utf16().count();
            units <= MAX_NAME
        };
        let bytes = text.graphemes(true).take_while(fits).map(str::len).sum();
        let name = text[..bytes].trim_end();
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Tells whether a character acts on its surroundings instead of being shown: a control character,
/// a line separator, or a mark that reorders the text around it.
///
/// Source of the marks: <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Takes out marks of direction, and puts a space for every other character that is unsafe.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return text.into();
    }
    let is_break =
        |character: char| character.is_control() || "\u{2028}\u{2029}".contains(character);
    text.chars()
        .filter(|character| !is_unsafe(*character) || is_break(*character))
        .map(|character| if is_break(character) { ' ' } else { character })
        .collect::<String>()
        .into()
}

/// Tells whether HubSpot shows all of a text.
pub(crate) fn is_shown_whole(text: &str) -> bool {
    text.encode_utf16().count() <= MAX_NAME
}

impl From<&E164> for FriendlyName {
    /// A number serves as name where there is no other; its 16 characters are shown whole.
    fn from(number: &E164) -> Self {
        Self(number.as_str().to_owned())
    }
}

impl fmt::Debug for FriendlyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FriendlyName(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn truncates_to_24_safe_characters() {
        let name = "Customer success, Europe";
        let longer = format!("{name} and Africa");
        let family = "👩‍👩‍👧‍👦";
        let (families, two) = (family.repeat(3), family.repeat(2));
        let accented = format!("{}e\u{301}", "n".repeat(23));
        for (case, text, shown) in [
            ("24 characters", name, name),
            ("more characters", &longer, name),
            ("11 code units each", &families, &two),
            ("accent", &accented, &accented[..23]),
            ("spaces at the ends", "  Sales \n", "Sales"),
            (
                "space at the cut",
                "123456789012345678901234 6",
                "123456789012345678901234",
            ),
            ("no text", "\t\n", ""),
            ("one endless character", &"\u{301}".repeat(25), ""),
            ("terminal escape", "\u{1b}[31mSales", "[31mSales"),
            ("line feed", "Sales\nBerlin", "Sales Berlin"),
            ("C1 control", "\u{9b}31mSales", "31mSales"),
            ("line separator", "Sales\u{2028}Berlin", "Sales Berlin"),
            ("bidi override", "Sales\u{202e}nilreB", "SalesnilreB"),
            ("bidi isolate", "\u{2066}Sales\u{2069}", "Sales"),
            ("direction marks", "\u{61c}Sa\u{200e}les\u{200f}", "Sales"),
            ("emoji joiner", "👩‍👧", "👩‍👧"),
        ] {
            let truncated = FriendlyName::truncate(text);
            let truncated = truncated.as_ref().map(FriendlyName::as_str);
            assert_eq!(truncated.unwrap_or_default(), shown, "{case}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let name = FriendlyName::truncate("marked");
        assert_eq!(format!("{name:?}"), "Some(FriendlyName(…))");
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_short_part_of_it(text in any::<String>()) {
            if let Some(FriendlyName(name)) = FriendlyName::truncate(&text) {
                prop_assert!(printable(&text).contains(&name));
                prop_assert!(!name.contains(is_unsafe));
                prop_assert!((1..=MAX_NAME).contains(&name.encode_utf16().count()));
                let again = FriendlyName::truncate(&name);
                prop_assert_eq!(again, Some(FriendlyName(name)), "cutting again changes nothing");
            }
        }
    }
}
