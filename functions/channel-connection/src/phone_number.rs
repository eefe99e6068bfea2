//! Phone numbers as the numbers table keys them and as HubSpot takes them.

use std::{fmt, str::FromStr};

use serde::Serialize;

/// A number in E.164 form: `+`, a country code, at most 15 digits in all.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct E164(String);

/// The digits to dial once the number has answered: 1 to 20 of them.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Extension(String);

/// The table's sort key: `+18001231234`, or `+18001231234;ext=1` as RFC 3966 writes extensions.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberKey {
    pub number: E164,
    pub extension: Option<Extension>,
}

/// The reason a text is no phone number; it never repeats the text, which may be a customer's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumber {
    #[error("not an E.164 number: a plus sign, then 2 to 15 digits, the first not 0")]
    NotE164,
    #[error("not an extension: 1 to 20 digits")]
    NotAnExtension,
}

// libphonenumber, which HubSpot formats numbers with, knows no longer extension.
const MAX_EXTENSION: usize = 20;
/// What stands between a sort key's number and its extension, as RFC 3966 has it.
pub const EXTENSION_SEPARATOR: &str = ";ext=";

impl E164 {
    /// Returns the number with its leading plus sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Extension {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for E164 {
    type Error = InvalidNumber;

    fn try_from(text: String) -> Result<Self, InvalidNumber> {
        let digits = text.strip_prefix('+').ok_or(InvalidNumber::NotE164)?;
        let well_formed = (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if well_formed {
            Ok(Self(text))
        } else {
            Err(InvalidNumber::NotE164)
        }
    }
}

impl TryFrom<String> for Extension {
    type Error = InvalidNumber;

    fn try_from(text: String) -> Result<Self, InvalidNumber> {
        let well_formed = (1..=MAX_EXTENSION).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit());
        if well_formed {
            Ok(Self(text))
        } else {
            Err(InvalidNumber::NotAnExtension)
        }
    }
}

/// Splits a sort key into its number and what should be its extension; neither is checked.
pub fn split_key(key: &str) -> (&str, Option<&str>) {
    match key.split_once(EXTENSION_SEPARATOR) {
        Some((number, extension)) => (number, Some(extension)),
        None => (key, None),
    }
}

impl FromStr for NumberKey {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let (number, extension) = split_key(text);
        let extension = extension.map(|extension| extension.to_owned().try_into());
        Ok(Self {
            extension: extension.transpose()?,
            number: number.to_owned().try_into()?,
        })
    }
}

impl fmt::Display for NumberKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.number.0)?;
        match &self.extension {
            Some(extension) => write!(formatter, "{EXTENSION_SEPARATOR}{}", extension.0),
            None => Ok(()),
        }
    }
}

macro_rules! debug_without_digits {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
debug_without_digits!(E164, Extension, NumberKey);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_other_texts() {
        let (number, extension) = (InvalidNumber::NotE164, InvalidNumber::NotAnExtension);
        for (case, text, error) in [
            ("empty", "", number),
            ("one digit", "+1", number),
            ("no plus sign", "18001231234", number),
            ("leading 0", "+0800123", number),
            ("space", "+1 800", number),
            ("16 digits", "+1234567890123456", number),
            ("another parameter", "+1800;x=1", number),
            ("Arabic digits", "+١٢٣", number),
            ("empty extension", "+1800;ext=", extension),
            ("letter", "+1800;ext=a", extension),
            ("two extensions", "+1800;ext=1;ext=2", extension),
            ("21 digits", "+1800;ext=123456789012345678901", extension),
        ] {
            assert_eq!(text.parse::<NumberKey>(), Err(error), "{case}");
        }
    }

    #[test]
    fn debug_shows_no_digit() {
        let key: NumberKey = "+18001231234;ext=1".parse().unwrap();
        assert_eq!(format!("{key:?} {:?}", key.number), "NumberKey(…) E164(…)");
    }

    proptest! {
        #[test]
        fn a_key_reads_back_as_written(text in r"\+[1-9][0-9]{1,14}(;ext=[0-9]{1,20})?") {
            prop_assert_eq!(text.parse::<NumberKey>().unwrap().to_string(), text);
        }
    }
}
