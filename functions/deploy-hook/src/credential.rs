//! What the vendor's developer account is entered with.

use std::fmt;

use reqwest::RequestBuilder;
use serde::Deserialize;

/// A credential for HubSpot's settings API; its `Debug` and `Display` name only its kind.
///
/// Kept as JSON with one field: `{"developerApiKey":"…"}` or `{"accessToken":"…"}`.
#[derive(Clone)]
pub enum Credential {
    /// The developer account's API key, which goes into the query.
    DeveloperApiKey(String),
    /// An OAuth access token, which goes into a header.
    AccessToken(String),
}

/// The reason a stored credential cannot be used; it never repeats the stored text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The secret is still as empty as the stack created it.
    #[error("the HubSpot credential is not set yet")]
    NotSet,
    /// The secret is not the JSON it should be.
    #[error(r#"the stored HubSpot credential must be JSON with one field and no spaces: {{"developerApiKey":"…"}} or {{"accessToken":"…"}}"#)]
    Invalid,
}

impl Credential {
    /// Reads the credential from the JSON that Secrets Manager keeps.
    pub fn from_json(json: &str) -> Result<Self, CredentialError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Stored {
            developer_api_key: Option<String>,
            access_token: Option<String>,
        }
        let stored: Stored = serde_json::from_str(json).map_err(|_| CredentialError::Invalid)?;
        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        match (set(stored.developer_api_key), set(stored.access_token)) {
            (Some(text), None) | (None, Some(text)) if text.contains(char::is_whitespace) => {
                Err(CredentialError::Invalid)
            }
            (Some(key), None) => Ok(Self::DeveloperApiKey(key)),
            (None, Some(token)) => Ok(Self::AccessToken(token)),
            (None, None) => Err(CredentialError::NotSet),
            (Some(_), Some(_)) => Err(CredentialError::Invalid),
        }
    }

    /// Adds the credential to a request; from then on the request's URL may hold a key.
    pub fn enter(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::DeveloperApiKey(key) => request.query(&[("hapikey", key)]),
            Self::AccessToken(token) => request.bearer_auth(token),
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DeveloperApiKey(_) => "developer API key",
            Self::AccessToken(_) => "access token",
        })
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_tells_the_kind_and_debug_shows_no_more() {
        let key = Credential::from_json(r#"{"developerApiKey":"marked"}"#).unwrap();
        assert_eq!(format!("{key:?}"), "Credential(developer API key)");
        let token = Credential::from_json(r#"{"accessToken":"marked"}"#).unwrap();
        assert_eq!(format!("{token:?}"), "Credential(access token)");
    }

    #[test]
    fn an_empty_secret_is_told_from_a_wrong_one() {
        for json in ["{}", r#"{"developerApiKey":""}"#] {
            assert_eq!(
                Credential::from_json(json).unwrap_err(),
                CredentialError::NotSet,
                "{json}"
            );
        }
        for json in [
            "",
            "marked",
            "[]",
            r#"{"developerApiKey":"a","accessToken":"b"}"#,
            r#"{"accessToken":"a\n"}"#,
        ] {
            assert_eq!(
                Credential::from_json(json).unwrap_err(),
                CredentialError::Invalid,
                "{json}"
            );
        }
    }
}
