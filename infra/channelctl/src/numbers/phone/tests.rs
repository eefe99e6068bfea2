use proptest::prelude::*;

use super::*;

fn read(number: &str) -> Result<String, PhoneError> {
    parse(number, "", None).map(|key| key.to_string())
}

fn of(country: &str, number: &str) -> Result<String, PhoneError> {
    parse(number, "", Some(country.parse().unwrap())).map(|key| key.to_string())
}

#[test]
fn reads_numbers_as_people_write_them() {
    for text in [
        "+18001231234",
        "+1 800 123 1234",
        "+1 (800) 123-1234",
        "+1.800.123.1234",
        "+1.8001231234",
        "(+1) 800 123\u{2011}1234",
        "+1\u{a0}800\u{2009}123 – 1234",
        "\u{202a}+18001231234\u{202c}",
        "=\"+18001231234\"",
        "'+18001231234",
        "\u{feff}\u{2019} +18001231234",
    ] {
        assert_eq!(read(text).as_deref(), Ok("+18001231234"), "{text:?}");
    }
    for (country, text, number) in [
        ("us", "(800) 123-1234", "+18001231234"),
        ("US", "1-800-123.1234", "+18001231234"),
        ("US", "+1 800 123.0000", "+18001230000"),
        ("DE", "030 12345678", "+493012345678"),
        ("DE", "030/123 45 678", "+493012345678"),
        ("DE", "030.123.45.67", "+49301234567"),
        ("DE", "030.1234567", "+49301234567"),
        ("DE", "(0)30 1234567", "+49301234567"),
        ("DE", "30 12345678", "+493012345678"),
        ("DE", "030 12345-0", "+4930123450"),
        ("IT", "06 1234 5678", "+390612345678"),
        ("FR", "01.23.45.67.00", "+33123456700"),
        ("FR", "01.12.11.10.09", "+33112111009"),
        ("PL", "601.234.567", "+48601234567"),
        ("CH", "+41 44/668 18 00", "+41446681800"),
    ] {
        assert_eq!(of(country, text).as_deref(), Ok(number), "{text}");
    }
}

#[test]
fn reads_extensions_of_eight_languages() {
    for text in [
        "+18001231234;ext=12",
        "+18001231234 x12",
        "+18001231234X12",
        "+1 800 123 1234 ext. 12",
        "+1 800 123 1234, Extn: 12",
        "+1 800 123 1234 (ext. 12)",
        "+18001231234 #12",
        "+18001231234 DW 12",
        "+18001231234 - DW-12",
        "+18001231234 Durchwahl 12",
        "+18001231234 Nebenstelle 12",
        "+18001231234 NSt. 12",
        "+18001231234 App. 12",
        "+18001231234 Apparat 12",
        "+18001231234 poste 12",
        "+18001231234 Extensión: 12",
        "+18001231234 extensio\u{301}n 12",
        "+18001231234 anexo 12",
        "+18001231234 int. 12",
        "+18001231234 interno 12",
        "+18001231234 ramal 12",
        "+18001231234 toestel 12",
        "+18001231234 tst. 12",
        "+18001231234 wew. 12",
        "+18001231234 WEWNĘTRZNY 12",
    ] {
        assert_eq!(read(text).as_deref(), Ok("+18001231234;ext=12"), "{text}");
    }
    assert_eq!(
        of("DE", "030 1234524 DW 9").as_deref(),
        Ok("+49301234524;ext=9")
    );
}

#[test]
fn an_extension_in_its_own_cell_must_agree() {
    let beside = |number, extension| parse(number, extension, None).map(|key| key.to_string());
    let extended = "+18001231234;ext=12";
    for (number, extension, read) in [
        ("+18001231234", "12", Ok(extended)),
        ("+18001231234", "DW 12", Ok(extended)),
        ("+18001231234 x12", "12", Ok(extended)),
        ("+18001231234 x12", "13", Err(PhoneError::TwoExtensions)),
        ("+18001231234", "twelve", Err(PhoneError::Extension)),
        ("+18001231234", "12.0", Err(PhoneError::Extension)),
    ] {
        assert_eq!(
            beside(number, extension),
            read.map(str::to_owned),
            "{number} {extension}"
        );
    }
}

#[test]
fn names_why_a_text_is_no_number() {
    for (text, error) in [
        ("' ", PhoneError::Empty),
        ("1.80012E+10", PhoneError::Exponent),
        ("+1,80012e10", PhoneError::Exponent),
        ("27.11.2026", PhoneError::Date),
        ("27. 11. 2026", PhoneError::Date),
        ("2026-11-27", PhoneError::Date),
        ("2026-11-27T10:30:00", PhoneError::Date),
        ("27/11/2026", PhoneError::Date),
        ("11/27/26", PhoneError::Date),
        ("+27.11.2026", PhoneError::Date),
        ("030 27-11-2026", PhoneError::Date),
        ("301234567.0", PhoneError::Decimal),
        ("+49301234599.0", PhoneError::Decimal),
        ("+49301234599,0", PhoneError::Decimal),
        ("301234567,50", PhoneError::Decimal),
        ("8,001,231,234", PhoneError::Decimal),
        ("301.234.567,00", PhoneError::Decimal),
        ("301.234.567.0", PhoneError::Decimal),
        ("030 1234567.0", PhoneError::Decimal),
        ("0.301234567", PhoneError::Decimal),
        ("1-800-FLOWERS", PhoneError::Letters),
        ("0301234521abc", PhoneError::Letters),
        ("Zimmer 12 030 1234517", PhoneError::Letters),
        ("Hauptstraße 12", PhoneError::Letters),
        ("Tel. +49 30 1234567", PhoneError::Letters),
        ("(800) 123-1234 доб. 7", PhoneError::Letters),
        ("22833", PhoneError::ShortCode),
        ("116117", PhoneError::ShortCode),
        ("110", PhoneError::ShortCode),
        ("+4922833", PhoneError::ShortCode),
        ("+", PhoneError::NotANumber),
        ("-18001231234", PhoneError::NotANumber),
        ("+18001231234;7", PhoneError::NotANumber),
        ("+18001231234~7", PhoneError::NotANumber),
        ("+1 800 123 1234 / +1 800 123 1235", PhoneError::NotANumber),
        ("030 1234567/68", PhoneError::NotANumber),
        ("+1800123\n1234", PhoneError::NotANumber),
        ("+١٨٠٠١٢٣١٢٣٤", PhoneError::NotANumber),
        ("+1 800 123--1234", PhoneError::NotANumber),
        ("+1 (800 123 1234", PhoneError::NotANumber),
        ("+18001231234 (5)", PhoneError::NotANumber),
    ] {
        for country in [None, Some("DE")] {
            let country = country.map(|country| country.parse().unwrap());
            assert_eq!(parse(text, "", country), Err(error), "{text} {country:?}");
        }
    }
    assert_eq!(read("(800) 123-1234"), Err(PhoneError::National));
    assert_eq!(of("DE", "492112345"), Err(PhoneError::Ambiguous));
    assert_eq!(of("DE", "493012345678"), Err(PhoneError::Ambiguous));
    assert_eq!(of("US", "62262"), Err(PhoneError::ShortCode));
    for text in [
        "+1800123123",
        "+180012312345",
        "+99912345678",
        "+49 030 12345678",
    ] {
        assert_eq!(read(text), Err(PhoneError::NotPossible), "{text}");
    }
    assert!("USA".parse::<Country>().is_err());
}

#[test]
fn leaves_the_trunk_zero_out() {
    for (text, number) in [
        ("+49 (0)30 12345678", "+493012345678"),
        ("(+49) (0)30 12345678", "+493012345678"),
        ("+31(0)20-1234567", "+31201234567"),
        ("+44 (0) 20 7946 0123", "+442079460123"),
        ("+39 (0)6 1234 5678", "+390612345678"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(number), "{text}");
        assert_eq!(of("DE", text).as_deref(), Ok(number), "{text}");
    }
    for text in ["+390612345678", "+810012345678", "+25006123456"] {
        assert_eq!(
            read(text).as_deref(),
            Ok(text),
            "a zero that is the number's own"
        );
    }
}

#[test]
fn a_country_code_outranks_the_country() {
    for country in ["US", "DE", "RU", "HU"] {
        for number in ["+78001234567", "+4910123456789"] {
            assert_eq!(of(country, number).as_deref(), Ok(number));
        }
    }
}

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
            .prop_filter("an extension's word", |(_, word, _)| !is_extension_word(
                word
            ))
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
        for country in [None, Some("DE"), Some("US")] {
            let country = country.map(|country| country.parse().unwrap());
            prop_assert_eq!(parse(&text, "", country).err().map(drop), Some(()), "{:?}", country);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn a_number_has_the_digits_of_its_text(text in digits_and_separators()) {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        for country in ["DE", "FR", "US"] {
            if let Ok(key) = parse(&text, "", Some(country.parse().unwrap())) {
                let number = key.number.as_str().trim_start_matches('+');
                let national = split_code(number).unwrap().1;
                prop_assert!(digits.ends_with(national) || text.contains("(0)"), "{} {}", country, number);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(number in ".{0,40}", extension in ".{0,10}") {
        for country in [None, "US".parse().ok()] {
            let _ = parse(&number, &extension, country);
        }
    }

    #[test]
    fn a_key_reads_back_as_itself(digits in "1[2-9][0-9]{9}", extension in "[0-9]{0,20}") {
        let key = parse(&format!("+{digits}"), &extension, None).unwrap();
        prop_assert_eq!(parse(&key.to_string(), "", None), Ok(key));
    }
}
