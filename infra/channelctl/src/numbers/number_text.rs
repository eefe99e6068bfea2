//! From a cell's text to a number, or to the reason it is none.

use std::str::FromStr;

use channel_connection::phone_number::{E164, Extension, NumberKey};
use phonenumber::{Mode, country};

use crate::numbers::{
    extension_text::split_extension,
    number_problem::NumberProblem,
    possible_number::is_possible,
    spreadsheet_text::{is_blank, is_quantity, plain},
};

/// The region whose national numbers a file has, like `US`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NationalRegion(country::Id);

/// The reason a text names no region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no region; write two letters, like US or DE")]
pub struct UnknownRegion;

impl FromStr for NationalRegion {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        let region = text.to_uppercase().parse().map_err(|_| UnknownRegion)?;
        Ok(Self(region))
    }
}

/// Reads a number, and the extension that is written behind it or in a cell of its own.
pub fn parse(
    number: &str,
    extension: &str,
    region: Option<NationalRegion>,
) -> Result<NumberKey, NumberProblem> {
    let (number, extension) = (plain(number), plain(extension));
    if number.is_empty() {
        return Err(NumberProblem::Empty);
    }
    if is_quantity(number) {
        return Err(NumberProblem::Exponent);
    }
    let (number, behind) = split_extension(number);
    let extension = match (behind, extension) {
        (Some(behind), "") => Some(behind),
        (Some(behind), beside) if behind != beside => return Err(NumberProblem::TwoExtensions),
        (_, "") => None,
        (_, beside) => Some(beside),
    };
    let extension = extension
        .map(|extension| Extension::try_from(extension.to_owned()))
        .transpose()
        .map_err(|_| NumberProblem::Extension)?;
    Ok(NumberKey {
        number: e164(number, region)?,
        extension,
    })
}

fn e164(number: &str, region: Option<NationalRegion>) -> Result<E164, NumberProblem> {
    let number = match (number.strip_prefix('+'), region) {
        (Some(digits), _) => format!("+{}", without_separators(digits)),
        (None, Some(NationalRegion(region))) => {
            let number = phonenumber::parse(Some(region), number);
            let number = number.map_err(|_| NumberProblem::NotE164)?;
            // Written in yet another form; dropped, the number would be another one.
            if number.extension().is_some() {
                return Err(NumberProblem::Extension);
            }
            number.format().mode(Mode::E164).to_string()
        }
        (None, None) if number.chars().any(|character| character.is_ascii_digit()) => {
            return Err(NumberProblem::National);
        }
        (None, None) => return Err(NumberProblem::NotE164),
    };
    let number = E164::try_from(number).map_err(|_| NumberProblem::NotE164)?;
    if is_possible(&number) {
        Ok(number)
    } else {
        Err(NumberProblem::NotPossible)
    }
}

fn without_separators(digits: &str) -> String {
    digits
        .chars()
        .filter(|character| {
            !(is_blank(*character) || "-.()/\u{2010}\u{2011}\u{2013}".contains(*character))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(number: &str) -> Result<String, NumberProblem> {
        parse(number, "", None).map(|key| key.to_string())
    }

    fn of(region: &str, number: &str) -> Result<String, NumberProblem> {
        parse(number, "", Some(region.parse().unwrap())).map(|key| key.to_string())
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for text in [
            "+18001231234",
            "+1 800 123 1234",
            "+1 (800) 123-1234",
            "+1.800.123.1234",
        ] {
            assert_eq!(read(text).as_deref(), Ok("+18001231234"), "{text:?}");
        }
    }

    #[test]
    fn an_extension_is_read_behind_the_number_or_in_its_own_cell() {
        for text in [
            "+18001231234;ext=12",
            "+18001231234 x12",
            "+1 800 123 1234 ext. 12",
            "+18001231234x12",
            "+18001231234 X12",
            "+1 800 123 1234 Ext 12",
            "+1 800 123 1234 EXTENSION 12",
            "+18001231234 #12",
        ] {
            assert_eq!(read(text).as_deref(), Ok("+18001231234;ext=12"), "{text}");
        }
        let beside = |number, extension| parse(number, extension, None).map(|key| key.to_string());
        assert_eq!(
            beside("+18001231234", "12").as_deref(),
            Ok("+18001231234;ext=12")
        );
        assert_eq!(
            beside("+18001231234 x12", "12").as_deref(),
            Ok("+18001231234;ext=12")
        );
        assert_eq!(
            beside("+18001231234 x12", "13"),
            Err(NumberProblem::TwoExtensions)
        );
        assert_eq!(
            beside("+18001231234", "twelve"),
            Err(NumberProblem::Extension)
        );
    }

    #[test]
    fn what_a_spreadsheet_did_to_a_number_is_undone_or_named() {
        assert_eq!(read("=\"+18001231234\"").as_deref(), Ok("+18001231234"));
        assert_eq!(read("'1.80012e+10"), Err(NumberProblem::Exponent));
    }

    #[test]
    fn a_national_number_needs_its_region() {
        assert_eq!(read("(800) 123-1234"), Err(NumberProblem::National));
        assert_eq!(of("us", "(800) 123-1234").as_deref(), Ok("+18001231234"));
        assert_eq!(of("DE", "030 12345678").as_deref(), Ok("+493012345678"));
        assert_eq!(of("IT", "06 1234 5678").as_deref(), Ok("+390612345678"));
        assert_eq!(
            of("GB", "020 7946 0123 ext. 7").as_deref(),
            Ok("+442079460123;ext=7")
        );
        for text in ["(800) 123-1234 #7", "(800) 123-1234 X7", "800 123 1234x7"] {
            assert_eq!(
                of("US", text).as_deref(),
                Ok("+18001231234;ext=7"),
                "{text}"
            );
        }
        assert!("USA".parse::<NationalRegion>().is_err());
    }

    #[test]
    fn an_extension_in_a_form_that_is_not_known_is_not_lost() {
        for text in [
            "(800) 123-1234;7",
            "(800) 123-1234~7",
            "(800) 123-1234,7",
            "(800) 123-1234 доб. 7",
        ] {
            let read = of("US", text);
            assert!(read.as_deref() != Ok("+18001231234"), "{text}: {read:?}");
        }
    }

    #[test]
    fn a_number_with_its_country_code_is_never_changed_for_a_region() {
        for region in ["US", "DE", "RU", "HU"] {
            assert_eq!(of(region, "+78001234567").as_deref(), Ok("+78001234567"));
            assert_eq!(
                of(region, "+4910123456789").as_deref(),
                Ok("+4910123456789")
            );
        }
    }

    #[test]
    fn a_number_that_no_country_has_is_not_possible() {
        for text in ["+1800123123", "+180012312345", "+99912345678"] {
            assert_eq!(read(text), Err(NumberProblem::NotPossible), "{text}");
        }
    }

    #[test]
    fn a_zero_that_is_dialled_inside_the_country_only_makes_no_other_number() {
        for text in [
            "+49 (0)30 12345678",
            "+31 (0)20 1234567",
            "+46 (0)8 123 456 78",
            "+61 (0)2 1234 5678",
            "+353 (0)1 234 5678",
            "+43 (0)1 2345678",
            "+44 (0)20 7946 0123",
        ] {
            assert_eq!(read(text), Err(NumberProblem::NotPossible), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_said_to_be_none() {
        for text in ["+", "+abc", "Sales", "+1800CALLNOW"] {
            assert_eq!(read(text), Err(NumberProblem::NotE164), "{text}");
        }
        assert_eq!(read(" '"), Err(NumberProblem::Empty));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(number in ".{0,40}", extension in ".{0,10}") {
            for region in [None, "US".parse().ok()] {
                let _ = parse(&number, &extension, region);
            }
        }

        #[test]
        fn what_was_read_is_read_again_as_itself(digits in "1[2-9][0-9]{9}", extension in "[0-9]{0,20}") {
            let key = parse(&format!("+{digits}"), &extension, None).unwrap();
            prop_assert_eq!(parse(&key.to_string(), "", None), Ok(key));
        }
    }
}
