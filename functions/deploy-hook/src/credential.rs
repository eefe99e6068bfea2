//! What the vendor's developer account is entered with.

use std::fmt;

use reqwest::RequestBuilder;
use serde::Deserialize;

/// A credential for HubSpot's settings API; its `Debug` names only its kind.
///
/// Kept as JSON: `{"developerApiKey":"…"}`, `{"accessToken":"…"}`, or
/// `{"clientId":"…","clientSecret":"…"}` for OAuth client credentials.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// The developer account's API key, which goes into the query.
    DeveloperApiKey(String),
    /// An access token, which goes into a header.
    AccessToken(String),
    /// An OAuth client, which gets an access token at each event.
    ClientCredentials {
        /// The client's id.
        id: String,
        /// The client's secret.
        secret: String,
    },
}

/// What a call of HubSpot's API is let in by; its `Debug` names only its kind.
#[derive(Clone)]
pub(crate) enum Access {
    /// The developer API key.
    Key(String),
    /// An access token that was given to us.
    Token(String),
    /// An access token that OAuth client credentials were exchanged for.
    ClientToken(String),
    /// The secret of OAuth client credentials, which the call that exchanges them has in its body.
    Exchange(String),
}

/// The reason a stored credential cannot be used; it never repeats the stored text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The secret is still as empty as the stack created it.
    #[error("the HubSpot credential is not set yet")]
    NotSet,
    /// The secret is not the JSON it should be.
    #[error(r#"the stored HubSpot credential must be JSON of one kind, with no spaces in it: {{"developerApiKey":"…"}}, {{"accessToken":"…"}} or {{"clientId":"…","clientSecret":"…"}}"#)]
    Invalid,
}

impl Credential {
    /// Reads the credential from the JSON that Secrets Manager keeps.
    pub(crate) fn from_json(json: &str) -> Result<Self, CredentialError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Stored {
            developer_api_key: Option<String>,
            access_token: Option<String>,
            client_id: Option<String>,
            client_secret: Option<String>,
        }
        let stored: Stored = serde_json::from_str(json).map_err(|_| CredentialError::Invalid)?;
        let texts = [
            stored.developer_api_key,
            stored.access_token,
            stored.client_id,
            stored.client_secret,
        ];
        let set = texts.map(|text| text.filter(|text| !text.is_empty()));
        if set
            .iter()
            .flatten()
            .any(|text| text.contains(char::is_whitespace))
        {
            return Err(CredentialError::Invalid);
        }
        match set {
            [Some(key), None, None, None] => Ok(Self::DeveloperApiKey(key)),
            [None, Some(token), None, None] => Ok(Self::AccessToken(token)),
            [None, None, Some(id), Some(secret)] => Ok(Self::ClientCredentials { id, secret }),
            [None, None, None, None] => Err(CredentialError::NotSet),
            _ => Err(CredentialError::Invalid),
        }
    }
}

impl Access {
    /// Adds what lets a request in; from then on the request's URL may hold a key.
    pub(crate) fn enter(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Key(key) => request.query(&[("hapikey", key)]),
            Self::Token(token) | Self::ClientToken(token) => request.bearer_auth(token),
            Self::Exchange(_) => request,
        }
    }

    /// Removes the secret from a text of HubSpot's.
    pub(crate) fn redact(&self, text: &str) -> String {
        let (Self::Key(secret)
        | Self::Token(secret)
        | Self::ClientToken(secret)
        | Self::Exchange(secret)) = self;
        text.replace(secret.as_str(), "…")
    }

    /// Returns the kind of credential, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Key(_) => "developer API key",
            Self::Token(_) => "access token",
            Self::ClientToken(_) | Self::Exchange(_) => "OAuth client credentials",
        }
    }

    /// Returns what to check when HubSpot refuses it.
    ///
    /// Which kind an API version takes, HubSpot's own documents do not agree on.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Key(_) => {
                "check that it is the key of the app's developer account, \
                 or store an access token or OAuth client credentials in its place"
            }
            Self::Token(_) => {
                "check that it has not expired, belongs to the app's developer account and has the \
                 scopes developers-read and developers-write, or store the developer API key in its place"
            }
            Self::ClientToken(_) | Self::Exchange(_) => {
                "check that client id and secret belong to the app's developer account and that it may have the \
                 scopes developers-read and developers-write, or store the developer API key in their place"
            }
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DeveloperApiKey(_) => "Credential(developer API key)",
            Self::AccessToken(_) => "Credential(access token)",
            Self::ClientCredentials { .. } => "Credential(OAuth client credentials)",
        })
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Access({})", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_tell_the_kind_and_debug_shows_no_more() {
        for (json, kind) in [
            (r#"{"developerApiKey":"marked"}"#, "developer API key"),
            (r#"{"accessToken":"marked"}"#, "access token"),
            (
                r#"{"clientId":"marked","clientSecret":"marked"}"#,
                "OAuth client credentials",
            ),
        ] {
            let credential = Credential::from_json(json).unwrap();
            assert_eq!(format!("{credential:?}"), format!("Credential({kind})"));
        }
        assert_eq!(
            format!("{:?}", Access::Key("marked".into())),
            "Access(developer API key)"
        );
    }

    #[test]
    fn an_empty_secret_is_told_from_a_wrong_one() {
        for json in ["{}", r#"{"developerApiKey":""}"#] {
            assert_eq!(
                Credential::from_json(json),
                Err(CredentialError::NotSet),
                "{json}"
            );
        }
        for json in [
            "",
            "marked",
            "[]",
            r#"{"developerApiKey":"a","accessToken":"b"}"#,
            r#"{"accessToken":"a\n"}"#,
            r#"{"clientId":"a"}"#,
            r#"{"clientSecret":"the webhook's, in the wrong place"}"#,
        ] {
            assert_eq!(
                Credential::from_json(json),
                Err(CredentialError::Invalid),
                "{json}"
            );
        }
    }
}
