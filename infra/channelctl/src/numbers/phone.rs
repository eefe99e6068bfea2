//! From a cell's text to a number, or to the reason it is none.
//!
//! A cell is a number only if nothing but ASCII digits and one leading `+` is left of it once the
//! separators that people use and a known word for an extension are taken away.

use std::sync::LazyLock;

use channel_connection::phone_number::{E164, Extension, NumberKey};
use regex::Regex;

use crate::numbers::{
    columns::is_extension_word,
    country::{Country, MIN_NATIONAL, SHORT_CODE, check_possible, drops_zero, international},
    row::CellError,
};

const EMPTY: CellError = CellError::new("is empty", "fill it in, or delete the row");
const EXPONENT: CellError = CellError::new(
    "was turned into a quantity by a spreadsheet, which lost digits",
    "format the column as text, enter the number again, and export",
);
const DATE: CellError = CellError::new(
    "is a date",
    "format the column as text, enter the number again, and export",
);
const DECIMAL: CellError = CellError::new(
    "is a decimal",
    "format the column as text, and export again without the decimals",
);
const LETTERS: CellError = CellError::new(
    "has letters",
    "write only digits, and an extension as x12 or in its own column",
);
const NOT_A_NUMBER: CellError = CellError::new(
    "is not a phone number",
    "write one number like +18001231234, with blanks or - . ( ) / between its digits at most",
);
const NATIONAL: CellError = CellError::new(
    "has no country code",
    "write it like +18001231234, or name the country: --country US",
);
const BAD_EXTENSION: CellError = CellError::new(
    "has an extension that is not 1 to 20 digits",
    "write its digits alone",
);
const TWO_EXTENSIONS: CellError = CellError::new(
    "has an extension that differs from the extension column's",
    "delete the wrong one",
);

/// A number, then an extension's word and digits, maybe in brackets, and what stands between them.
static EXTENSION_PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let word = r"(#|[\p{Alphabetic}\u{300}-\u{36f}]+)";
    pattern(&format!(
        r"(?s)^(.*?) *[,;/-]? *(\(?){word} *[.:=-]? *([0-9]+)(\)?)$"
    ))
});

/// A date of digits: `27.11.2026`, `2026-11-27`, `11/27/26`, alone or in a longer text.
static DATE_PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let (day, month) = ("(0?[1-9]|[12][0-9]|3[01])", "(0?[1-9]|1[0-2])");
    let day_month = format!("({day}[-./]{month}|{month}[-./]{day})");
    let date = |year| format!("({day_month}[-./]{year}|{year}[-./]{day_month})");
    // A year of two digits says something only where nothing stands beside the date:
    // `01.12.11.10.09` is a number of France.
    let (long, short) = (date("(19|20)[0-9]{2}"), date("[0-9]{1,2}"));
    let beside = "[^-./0-9]";
    pattern(&format!(
        "(^|[^0-9]){long}([^0-9]|$)|(^|{beside}){short}({beside}|$)"
    ))
});

/// A number in scientific notation: `1.80012E+10`.
static EXPONENT_PATTERN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[+-]?[0-9]+([.,][0-9]*)?[eE][+-]?[0-9]+$"));

/// A country code, an area code with a slash behind it, and groups of digits, of which only the last
/// may have no brackets, with one separator between two at most.
static NUMBER_PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let code = r"(\(\+[0-9]{1,3}\)|\+ ?([0-9]{1,3}|\([0-9]{1,3}\)))[-. ]?";
    let area = r"([0-9]{1,6}|\([0-9]{1,6}\))/";
    let group = r"([0-9]+|\([0-9 ]+\))[-. ]?";
    pattern(&format!(r"^({code})?(\(0\) ?)?({area})?({group})*[0-9]+$"))
});

#[expect(clippy::unwrap_used, reason = "every test compiles the patterns")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// Reads a number, and the extension that is written behind it or in a cell of its own.
pub fn parse(
    number: &str,
    extension: &str,
    country: Option<Country>,
) -> Result<NumberKey, CellError> {
    let (number, extension) = (plain(number), plain(extension));
    if number.is_empty() {
        return Err(EMPTY);
    }
    let (number, behind) = split_extension(&number);
    let beside = match split_extension(&extension) {
        ("", Some(digits)) => digits,
        _ => &extension,
    };
    let extension = match (behind, beside) {
        (Some(behind), "") => Some(behind),
        (Some(behind), beside) if behind != beside => return Err(TWO_EXTENSIONS),
        (_, "") => None,
        (_, beside) => Some(beside),
    };
    let number = e164(number, country)?;
    let extension = extension.map(|extension| Extension::try_from(extension.to_owned()));
    Ok(NumberKey {
        number,
        extension: extension.transpose().map_err(|_| BAD_EXTENSION)?,
    })
}

/// Writes blanks and hyphens of every kind as one, and takes off what spreadsheets put around a text
/// to keep it one: `'+1…` and `="+1…"`.
///
/// Byte order marks and directional marks come along with numbers that were copied. What ends a line
/// is no blank: two numbers may stand there.
fn plain(text: &str) -> String {
    let plain = text.chars().map(|character| match character {
        '\u{a0}'
        | '\u{2000}'..='\u{200f}'
        | '\u{202a}'..='\u{202f}'
        | '\u{205f}'..='\u{2069}'
        | '\u{3000}'
        | '\u{feff}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
        other => other,
    });
    let plain: String = plain.collect();
    let text = plain.trim_matches(' ');
    let formula = text.strip_prefix("=\"");
    let text = formula
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let text = text.trim_start_matches(['\'', '\u{2019}']);
    text.trim_matches(' ').to_owned()
}

/// Splits a number from the extension behind it; neither is checked.
fn split_extension(text: &str) -> (&str, Option<&str>) {
    let whole = (text, None);
    let Some(found) = EXTENSION_PATTERN.captures(text) else {
        return whole;
    };
    let (_, [number, opening, word, digits, closing]) = found.extract();
    // `(ext. 12)` is an extension, while `(030) 12` is none.
    let is_enclosed = (opening.is_empty(), closing.is_empty());
    if matches!(is_enclosed, (true, true) | (false, false)) && is_extension_word(word) {
        (number, Some(digits))
    } else {
        whole
    }
}

fn e164(text: &str, country: Option<Country>) -> Result<E164, CellError> {
    let text = compact(text);
    if EXPONENT_PATTERN.is_match(&text) {
        return Err(EXPONENT);
    }
    if DATE_PATTERN.is_match(&text) {
        return Err(DATE);
    }
    if text.contains(char::is_alphabetic) {
        return Err(LETTERS);
    }
    if has_decimal(&text) {
        return Err(DECIMAL);
    }
    let number = without_separators(&text).ok_or(NOT_A_NUMBER)?;
    let number = match (number.starts_with('+'), country) {
        (true, _) => number,
        (false, Some(country)) => international(&number, country)?,
        (false, None) if number.len() < MIN_NATIONAL => return Err(SHORT_CODE),
        (false, None) => return Err(NATIONAL),
    };
    check_possible(&number)?;
    E164::try_from(number).map_err(|_| NOT_A_NUMBER)
}

/// Takes out the blanks around `-`, `.` and `/`, and all but one elsewhere.
fn compact(text: &str) -> String {
    let words = text.split(' ').filter(|word| !word.is_empty());
    let compact = words.collect::<Vec<_>>().join(" ");
    ["-", ".", "/"].iter().fold(compact, |text, sign| {
        let text = text.replace(&format!(" {sign}"), sign);
        text.replace(&format!("{sign} "), sign)
    })
}

/// Tells the point of a decimal from one that separates groups of digits.
fn has_decimal(text: &str) -> bool {
    let is_of_digits = |character: char| character.is_ascii_digit() || character == '.';
    let mut words = text.split(|character| !is_of_digits(character));
    text.contains(',')
        || words.any(|word| match word.split('.').collect::<Vec<_>>()[..] {
            [whole, fraction] => {
                // No spreadsheet writes a zero before another digit.
                let has_zero = whole.starts_with('0') && whole.len() > 1;
                // As domain registrars write numbers: RFC 5733, section 2.5.
                let is_registrars = text.strip_prefix('+') == Some(word)
                    && (1..=3).contains(&whole.len())
                    && fraction.len() >= MIN_NATIONAL - 1;
                let is_alone = text.trim_start_matches('+') == word;
                let is_area_code = (1..=6).contains(&whole.len());
                let is_decimal = !is_area_code
                    || is_alone && !has_zero
                    || fraction.len() < 3
                    || fraction == "000";
                is_decimal && !is_registrars
            }
            [.., before, last] => {
                let is_zero = last.bytes().all(|digit| digit == b'0');
                last.len() < 2 || is_zero && last.len() < before.len()
            }
            [] | [_] => false,
        })
}

/// Returns the digits, and the `+` before them; `None` where anything else is left, or a separator
/// stands where nobody writes one.
///
/// In `+49 (0)30 …` the zero is dialled inside the country only: it is left out.
fn without_separators(text: &str) -> Option<String> {
    if !NUMBER_PATTERN.is_match(text) {
        return None;
    }
    let number = |text: &str| text.replace(['(', ')', ' ', '-', '.', '/'], "");
    if let Some((code, national)) = text.split_once("(0)")
        && drops_zero(&number(code))
    {
        return Some(number(code) + &number(national));
    }
    Some(number(text))
}

#[cfg(test)]
mod tests;
