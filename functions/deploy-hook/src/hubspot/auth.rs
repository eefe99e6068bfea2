//! The vendor's credential for HubSpot's API, and how a call carries it.

use std::fmt;

use reqwest::RequestBuilder;
use serde::Deserialize;

/// HubSpot specifies one token endpoint for all versions of the settings.
pub(crate) const TOKEN_PATH: &str = "/oauth/2026-03/token";
/// HubSpot's specification asks for these to read and to write the settings.
const SCOPES: &str = "developers-read developers-write";

/// The reason a stored credential cannot be used; it never repeats the stored text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(r#"the stored HubSpot credential must be JSON of one kind, with no spaces in it: {{"developerApiKey":"…"}}, {{"accessToken":"…"}} or {{"clientId":"…","clientSecret":"…"}}"#)]
pub struct InvalidCredential;

/// The authentication of a call; `Debug` shows only its kind.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Auth {
    method: AuthMethod,
    secret: String,
}

#[derive(Clone, PartialEq, Eq)]
enum AuthMethod {
    /// The developer API key, in the query.
    Key,
    /// A stored access token, in a header.
    Token,
    /// OAuth client credentials, which are exchanged for an access token.
    Client { id: String },
    /// An access token for OAuth client credentials, in a header.
    ClientToken,
}

impl Auth {
    /// Parses the JSON that Secrets Manager keeps: `{"developerApiKey":"…"}`, `{"accessToken":"…"}`, or
    /// `{"clientId":"…","clientSecret":"…"}`. Returns `None` if it is not set yet.
    pub(crate) fn from_json(json: &str) -> Result<Option<Self>, InvalidCredential> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Stored {
            developer_api_key: Option<String>,
            access_token: Option<String>,
            client_id: Option<String>,
            client_secret: Option<String>,
        }
        let stored: Stored = serde_json::from_str(json).map_err(|_| InvalidCredential)?;
        let texts = [
            stored.developer_api_key,
            stored.access_token,
            stored.client_id,
            stored.client_secret,
        ];
        let texts = texts.map(|text| text.filter(|text| !text.is_empty()));
        let has_space = |text: &String| text.contains(char::is_whitespace);
        if texts.iter().flatten().any(has_space) {
            return Err(InvalidCredential);
        }
        let (method, secret) = match texts {
            [Some(key), None, None, None] => (AuthMethod::Key, key),
            [None, Some(token), None, None] => (AuthMethod::Token, token),
            [None, None, Some(id), Some(secret)] => (AuthMethod::Client { id }, secret),
            [None, None, None, None] => return Ok(None),
            _ => return Err(InvalidCredential),
        };
        Ok(Some(Self { method, secret }))
    }

    /// Returns the form that asks for an access token; `None` if the calls carry the secret itself.
    pub(crate) fn token_request(&self) -> Option<[(&'static str, String); 4]> {
        let AuthMethod::Client { id } = &self.method else {
            return None;
        };
        Some([
            ("grant_type", "client_credentials".into()),
            ("client_id", id.clone()),
            ("client_secret", self.secret.clone()),
            ("scope", SCOPES.into()),
        ])
    }

    /// Returns the authentication by the token that HubSpot gave for OAuth client credentials.
    pub(crate) fn exchanged(token: String) -> Self {
        Self {
            method: AuthMethod::ClientToken,
            secret: token,
        }
    }

    /// Adds the authentication; from then on the request's URL may hold a key.
    pub(crate) fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        match self.method {
            AuthMethod::Key => request.query(&[("hapikey", &self.secret)]),
            AuthMethod::Token | AuthMethod::ClientToken => request.bearer_auth(&self.secret),
            AuthMethod::Client { .. } => request,
        }
    }

    /// Removes the secret from a text of HubSpot's.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(self.secret.as_str(), "…")
    }

    /// Returns the kind of credential, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self.method {
            AuthMethod::Key => "developer API key",
            AuthMethod::Token => "access token",
            AuthMethod::ClientToken | AuthMethod::Client { .. } => "OAuth client credentials",
        }
    }

    /// Returns what to check if HubSpot rejects it.
    ///
    /// HubSpot's documents disagree on the kind that an API version takes.
    pub(crate) fn advice(&self) -> &'static str {
        match self.method {
            AuthMethod::Key => {
                "check that it is the key of the app's developer account, \
                 or store an access token or OAuth client credentials in its place"
            }
            AuthMethod::Token => {
                "check that it has not expired, belongs to the app's developer account and has the \
                 scopes developers-read and developers-write, or store the developer API key in its place"
            }
            AuthMethod::ClientToken | AuthMethod::Client { .. } => {
                "check that client id and secret belong to the app's developer account and that it may have the \
                 scopes developers-read and developers-write, or store the developer API key in their place"
            }
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Auth({})", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_kind_only() {
        for (json, kind) in [
            (r#"{"developerApiKey":"marked"}"#, "developer API key"),
            (r#"{"accessToken":"marked"}"#, "access token"),
            (
                r#"{"clientId":"marked","clientSecret":"marked"}"#,
                "OAuth client credentials",
            ),
        ] {
            let auth = Auth::from_json(json).unwrap().unwrap();
            assert_eq!(format!("{auth:?}"), format!("Auth({kind})"));
        }
    }

    #[test]
    fn tells_an_empty_secret_from_an_invalid_one() {
        for json in ["{}", r#"{"developerApiKey":""}"#] {
            let parsed = Auth::from_json(json);
            assert_eq!(parsed, Ok(None), "{json}");
        }
        for (case, json) in [
            ("empty", ""),
            ("plain text", "marked"),
            ("array", "[]"),
            ("two kinds", r#"{"developerApiKey":"a","accessToken":"b"}"#),
            ("line end", r#"{"accessToken":"a\n"}"#),
            ("id without secret", r#"{"clientId":"a"}"#),
            ("the webhook's secret", r#"{"clientSecret":"a"}"#),
        ] {
            let parsed = Auth::from_json(json);
            assert_eq!(parsed, Err(InvalidCredential), "{case}");
        }
    }
}
