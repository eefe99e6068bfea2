//! What a column can hold, and the names it goes by.

use std::fmt;

use serde::Serialize;

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Column {
    /// The customer's account.
    Portal,
    /// The number, maybe with an extension.
    Number,
    /// The extension.
    Extension,
    /// The name that users see.
    Name,
    /// The only users who see the number.
    Users,
}

impl Column {
    /// Every column.
    pub const ALL: [Self; 5] = [
        Self::Portal,
        Self::Number,
        Self::Extension,
        Self::Name,
        Self::Users,
    ];

    /// Returns the names that it goes by, in small letters and without anything but letters and digits.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Portal => &[
                "portalid",
                "portal",
                "hubid",
                "hubspotportalid",
                "hubspotid",
                "hubspotaccountid",
            ],
            Self::Number => &[
                "number",
                "phonenumber",
                "phone",
                "e164",
                "e164phonenumber",
                "e164number",
                "telephone",
                "telephonenumber",
                "tel",
                "did",
                "msisdn",
            ],
            Self::Extension => &["extension", "ext", "extn", "phoneextension"],
            Self::Name => &[
                "friendlyname",
                "name",
                "label",
                "displayname",
                "description",
                "title",
            ],
            Self::Users => &[
                "userids",
                "userid",
                "users",
                "user",
                "hubspotuserids",
                "hubspotuserid",
            ],
        }
    }

    /// Tells what a header looks like.
    pub fn guess(header: &str) -> Option<Self> {
        let letters: String = header
            .chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        Self::ALL
            .into_iter()
            .find(|column| column.names().contains(&letters.as_str()))
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Portal => "portal",
            Self::Number => "number",
            Self::Extension => "extension",
            Self::Name => "name",
            Self::Users => "users",
        })
    }
}
