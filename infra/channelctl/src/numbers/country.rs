//! What the countries' own plans say of a number.

pub use phonenumber::country::Id as Country;
use phonenumber::{
    Metadata, Mode, Type,
    metadata::{DATABASE, Descriptor},
};

use crate::numbers::row::CellError;

/// The fewest digits of a number that is not checked against its country's own patterns: what is
/// shorter is a short code nearly everywhere.
pub(super) const MIN_NATIONAL: usize = 7;
/// What a caller from abroad can reach; for a country as a whole, the metadata has no lengths.
const KINDS: [Type; 10] = [
    Type::FixedLine,
    Type::Mobile,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::PersonalNumber,
    Type::Voip,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
];

pub(super) const SHORT_CODE: CellError = CellError::new(
    "is too short",
    "expected a whole number like +18001231234, not a short code",
);
const AMBIGUOUS: CellError = CellError::new(
    "begins like a country code",
    "write + before it, or the 0 that is dialled inside the country",
);
const NOT_POSSIBLE: CellError = CellError::new(
    "is not a possible number",
    "no country has numbers of that code and length, check the digits",
);

/// Reads a country's two letters.
pub fn parse(text: &str) -> Result<Country, &'static str> {
    let country = text.to_uppercase().parse();
    country.map_err(|_| "expected a country by its two letters, like US or DE")
}

/// Tells whether numbers behind this country code, `+49`, lack the zero that is dialled inside.
pub(super) fn drops_zero(code: &str) -> bool {
    match split_code(code) {
        Some((countries, "")) => countries[0].national_prefix() == Some("0"),
        _ => false,
    }
}

/// Splits an international number into the countries of its code, and what is dialled inside them; no
/// country's code begins with another's.
pub(super) fn split_code(number: &str) -> Option<(Vec<&'static Metadata>, &str)> {
    let digits = number.strip_prefix('+')?;
    (1..=digits.len().min(3)).find_map(|length| {
        let (code, national) = digits.split_at(length);
        let countries = DATABASE.by_code(&code.parse::<u16>().ok()?)?;
        (!countries.is_empty()).then_some((countries, national))
    })
}

/// Reads digits as somebody in the country dials them.
pub(super) fn international(digits: &str, country: Country) -> Result<String, CellError> {
    let parsed = phonenumber::parse(Some(country), digits).map_err(|_| match digits.len() {
        ..MIN_NATIONAL => SHORT_CODE,
        _ => NOT_POSSIBLE,
    })?;
    let code = parsed.code().value().to_string();
    let number = parsed.format().mode(Mode::E164).to_string();
    let is_possible = |number: &str| check_possible(number).is_ok();
    let (as_written, behind_code) = (format!("+{digits}"), format!("+{code}{digits}"));
    let is_ambiguous = digits.starts_with(&code)
        && is_possible(&as_written)
        && (number != as_written || is_possible(&behind_code));
    if is_ambiguous {
        return Err(AMBIGUOUS);
    }
    Ok(number)
}

/// Refuses a number whose country has none of that beginning and length, and a short code.
///
/// The beginning tells the zero that is dialled inside the country only: with it, `+49 030 12345678`
/// would be another number. libphonenumber's stricter question, whether the number has been assigned,
/// would refuse some of HubSpot's own examples. It is asked only where a number is short enough for a
/// short code.
pub(super) fn check_possible(number: &str) -> Result<(), CellError> {
    let (countries, national) = split_code(number).ok_or(NOT_POSSIBLE)?;
    let is_assigned = || phonenumber::parse(None, number).is_ok_and(|number| number.is_valid());
    if national.len() < MIN_NATIONAL && !is_assigned() {
        return Err(SHORT_CODE);
    }
    let is_possible = |country: &&Metadata| {
        let of_country = country.descriptors();
        let kinds = KINDS.into_iter().filter_map(|kind| of_country.get(kind));
        of_country.general().is_match(national)
            && kinds
                .flat_map(Descriptor::possible_length)
                .any(|length| usize::from(*length) == national.len())
    };
    if countries.iter().any(is_possible) {
        Ok(())
    } else {
        Err(NOT_POSSIBLE)
    }
}
