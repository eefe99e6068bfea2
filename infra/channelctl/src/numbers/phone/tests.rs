use proptest::prelude::*;

use super::*;
use crate::numbers::country::{self, split_code};

/// What people and machines leave in a cell beside digits.
fn digits_and_separators() -> impl Strategy<Value = String> {
    r"(\+|0|00|\()?[0-9]{1,6}([ ./()-]{0,2}[0-9]{1,7}){0,4}"
}

/// A text without a number's meaning: with a letter, or a date, or a decimal in it.
fn no_number() -> impl Strategy<Value = String> {
    let around = digits_and_separators;
    let date = prop_oneof![
        r"(0?[1-9]|[12][0-9]|3[01])[-./](0?[1-9]|1[0-2])[-./](19|20)[0-9]{2}",
        r"(0?[1-9]|1[0-2])[-./](0?[1-9]|[12][0-9]|3[01])[-./](19|20)[0-9]{2}",
        r"(19|20)[0-9]{2}[-./](0[1-9]|1[0-2])[-./](0[1-9]|[12][0-9]|3[01])",
    ];
    let short_date = r"(\+|)(0?[1-9]|[12][0-9]|3[01])[-./](0?[1-9]|1[0-2])[-./][0-9]{2}";
    let letter = prop_oneof![r"[a-zA-Z]", r"\p{L}", r"[a-z]{2,8}"];
    prop_oneof![
        (around(), letter, around())
            .prop_filter("no extension", |(_, word, _)| !is_extension_word(word))
            .prop_map(|(before, letter, behind)| before + &letter + &behind),
        (around(), date.clone()).prop_map(|(before, date)| format!("{before} {date}")),
        date,
        short_date,
        r"[+]?[1-9][0-9]{4,12}[.,][0-9]{1,4}",
        r"[+]?[0-9]{1,13}[.,]([0-9]{1,2}|000)",
        r"[+]?[0-9]{1,3}(\.[0-9]{3}){2,3},[0-9]{2}",
        r"[1-9]\.[0-9]{1,9}[eE]\+?[0-9]{1,2}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100_000) })]

    #[test]
    fn letters_dates_and_decimals_are_never_numbers(text in no_number()) {
        for country in [None, country::parse("DE").ok(), country::parse("US").ok()] {
            prop_assert!(parse(&text, "", country).is_err(), "{:?}", country);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn a_number_has_the_digits_of_its_text(text in digits_and_separators()) {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        for letters in ["DE", "FR", "US"] {
            if let Ok(key) = parse(&text, "", country::parse(letters).ok()) {
                let (_, national) = split_code(key.number.as_str()).unwrap();
                prop_assert!(digits.ends_with(national) || text.contains("(0)"), "{} {:?}", letters, text);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(number in ".{0,40}", extension in ".{0,10}") {
        for country in [None, country::parse("US").ok()] {
            let _ = parse(&number, &extension, country);
        }
    }

    #[test]
    fn a_key_reads_back_as_itself(digits in "1[2-9][0-9]{9}", extension in "[0-9]{0,20}") {
        let key = parse(&format!("+{digits}"), &extension, None).unwrap();
        prop_assert_eq!(parse(&key.to_string(), "", None), Ok(key));
    }
}
