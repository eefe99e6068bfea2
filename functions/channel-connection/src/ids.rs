//! HubSpot's identifiers: positive integers that must not be mixed up.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The reason a value is no HubSpot identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 9223372036854775807")]
pub struct InvalidId;

macro_rules! hubspot_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "i64")]
        pub struct $name(i64);

        impl $name {
            /// The largest identifier, which HubSpot will hardly come to give anyone.
            pub const MAX: Self = Self(i64::MAX);

            /// Returns the identifier as HubSpot's JSON carries it.
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = InvalidId;

            fn try_from(value: i64) -> Result<Self, InvalidId> {
                if value > 0 { Ok(Self(value)) } else { Err(InvalidId) }
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // `i64::from_str` takes a leading '+', which HubSpot never writes.
                if !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(InvalidId);
                }
                text.parse::<i64>().map_err(|_| InvalidId)?.try_into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

hubspot_id! {
    /// The vendor's app in HubSpot's developer account.
    AppId
}
hubspot_id! {
    /// One customer's HubSpot account.
    PortalId
}
hubspot_id! {
    /// A person in a portal.
    UserId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_positive_whole_numbers_up_to_i64() {
        assert_eq!("1".parse::<PortalId>().unwrap().get(), 1);
        assert_eq!(
            "9223372036854775807".parse::<PortalId>().unwrap().get(),
            i64::MAX
        );
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "1.0",
            "1e3",
            " 1",
            "9223372036854775808",
            "one",
        ] {
            assert_eq!(text.parse::<AppId>(), Err(InvalidId), "{text:?}");
        }
    }

    #[test]
    fn a_json_float_or_negative_is_refused() {
        for json in ["1.0", "-5", "0", "\"7\""] {
            assert!(serde_json::from_str::<UserId>(json).is_err(), "{json}");
        }
    }
}
