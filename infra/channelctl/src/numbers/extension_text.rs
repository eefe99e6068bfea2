//! How people write an extension behind a number.

use channel_connection::phone_number::EXTENSION_SEPARATOR;

/// The forms in which an extension is written behind a number, in small letters; longer ones first.
const EXTENSION_MARKS: [&str; 6] = [EXTENSION_SEPARATOR, "extension", "ext.", "ext", "x", "#"];

/// Splits a number from the extension behind it; neither is checked.
pub(super) fn split_extension(number: &str) -> (&str, Option<&str>) {
    // Of ASCII alone, so that every byte stays in its place.
    let small = number.to_ascii_lowercase();
    let marked = EXTENSION_MARKS.iter().find_map(|mark| {
        let at = small.find(mark)?;
        let (number, extension) = (&number[..at], &number[at + mark.len()..]);
        Some((number.trim_end(), Some(extension.trim_start())))
    });
    marked.unwrap_or((number, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_before_an_extension_is_taken_away() {
        for text in [
            "+1800;ext=12",
            "+1800 x12",
            "+1800X12",
            "+1800 ext. 12",
            "+1800 Ext 12",
            "+1800 EXTENSION 12",
            "+1800 #12",
        ] {
            assert_eq!(split_extension(text), ("+1800", Some("12")), "{text}");
        }
    }

    #[test]
    fn a_number_alone_has_none() {
        assert_eq!(split_extension("+1 800 Ä"), ("+1 800 Ä", None));
    }
}
