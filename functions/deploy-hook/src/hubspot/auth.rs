//! The vendor's credential for HubSpot's API, and how a call carries it.

use std::fmt;

use reqwest::{Method, RequestBuilder};
use serde::Deserialize;

use crate::{
    config::Retries,
    hubspot::{client::HubSpot, error::ApiError},
};

/// HubSpot specifies one token endpoint for all versions of the settings.
const TOKEN_PATH: &str = "/oauth/2026-03/token";
/// HubSpot's specification asks for these to read and to write the settings.
const SCOPES: &str = "developers-read developers-write";
const EXCHANGE: &str = "exchange the OAuth client credentials";

/// A credential for HubSpot's settings API; `Debug` shows only its kind.
///
/// Stored as JSON: `{"developerApiKey":"…"}`, `{"accessToken":"…"}`, or
/// `{"clientId":"…","clientSecret":"…"}` for OAuth client credentials.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    DeveloperApiKey(String),
    AccessToken(String),
    ClientCredentials { id: String, secret: String },
}

/// The reason a stored credential cannot be used; it never repeats the stored text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The secret is still as empty as the stack created it.
    #[error("the HubSpot credential is not set yet")]
    NotSet,
    /// The secret is not the JSON that it must be.
    #[error(r#"the stored HubSpot credential must be JSON of one kind, with no spaces in it: {{"developerApiKey":"…"}}, {{"accessToken":"…"}} or {{"clientId":"…","clientSecret":"…"}}"#)]
    Invalid,
}

/// The authentication of a call; `Debug` shows only its kind.
#[derive(Clone)]
pub(crate) struct Auth {
    method: AuthMethod,
    secret: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum AuthMethod {
    /// The developer API key, in the query.
    Key,
    /// A stored access token, in a header.
    Token,
    /// An access token for OAuth client credentials, in a header.
    ClientToken,
    /// The request for such a token, with the client secret in its body.
    TokenRequest,
}

impl Credential {
    /// Parses the JSON that Secrets Manager keeps.
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
        let texts = texts.map(|text| text.filter(|text| !text.is_empty()));
        let has_space = |text: &String| text.contains(char::is_whitespace);
        if texts.iter().flatten().any(has_space) {
            return Err(CredentialError::Invalid);
        }
        match texts {
            [Some(key), None, None, None] => Ok(Self::DeveloperApiKey(key)),
            [None, Some(token), None, None] => Ok(Self::AccessToken(token)),
            [None, None, Some(id), Some(secret)] => Ok(Self::ClientCredentials { id, secret }),
            [None, None, None, None] => Err(CredentialError::NotSet),
            _ => Err(CredentialError::Invalid),
        }
    }
}

impl Auth {
    /// Returns the authentication for a credential, after a token exchange if it needs one.
    pub(crate) async fn authorize(
        hubspot: &HubSpot,
        credential: &Credential,
        retries: Retries,
    ) -> Result<Self, ApiError> {
        match Self::of(credential) {
            Some(auth) => Ok(auth),
            None => {
                retries
                    .run(async || exchange(hubspot, credential).await)
                    .await
            }
        }
    }

    /// Returns the authentication that needs no exchange.
    pub(crate) fn of(credential: &Credential) -> Option<Self> {
        let (method, secret) = match credential {
            Credential::DeveloperApiKey(key) => (AuthMethod::Key, key),
            Credential::AccessToken(token) => (AuthMethod::Token, token),
            Credential::ClientCredentials { .. } => return None,
        };
        Some(Self {
            method,
            secret: secret.clone(),
        })
    }

    /// Returns the authentication of a token request.
    pub(crate) fn token_request(credential: &Credential) -> Self {
        let (Credential::DeveloperApiKey(secret)
        | Credential::AccessToken(secret)
        | Credential::ClientCredentials { secret, .. }) = credential;
        Self {
            method: AuthMethod::TokenRequest,
            secret: secret.clone(),
        }
    }

    /// Adds the authentication; from then on the request's URL may hold a key.
    pub(crate) fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        match self.method {
            AuthMethod::Key => request.query(&[("hapikey", &self.secret)]),
            AuthMethod::Token | AuthMethod::ClientToken => request.bearer_auth(&self.secret),
            AuthMethod::TokenRequest => request,
        }
    }

    /// Removes the secret from a text of HubSpot's.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(self.secret.as_str(), "…")
    }

    pub(crate) fn is_token_request(&self) -> bool {
        self.method == AuthMethod::TokenRequest
    }

    /// Returns the kind of credential, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self.method {
            AuthMethod::Key => "developer API key",
            AuthMethod::Token => "access token",
            AuthMethod::ClientToken | AuthMethod::TokenRequest => "OAuth client credentials",
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
            AuthMethod::ClientToken | AuthMethod::TokenRequest => {
                "check that client id and secret belong to the app's developer account and that it may have the \
                 scopes developers-read and developers-write, or store the developer API key in their place"
            }
        }
    }
}

async fn exchange(hubspot: &HubSpot, credential: &Credential) -> Result<Auth, ApiError> {
    #[derive(Deserialize)]
    struct Token {
        access_token: String,
    }
    let auth = Auth::token_request(credential);
    let id = match credential {
        Credential::ClientCredentials { id, .. } => id.as_str(),
        Credential::DeveloperApiKey(_) | Credential::AccessToken(_) => "",
    };
    let request = hubspot.request(Method::POST, TOKEN_PATH).form(&[
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", &auth.secret),
        ("scope", SCOPES),
    ]);
    let response = hubspot.send(EXCHANGE, &auth, request).await?;
    let token: Token =
        serde_json::from_slice(&response.body).map_err(|_| ApiError::InvalidResponse(EXCHANGE))?;
    Ok(Auth {
        method: AuthMethod::ClientToken,
        secret: token.access_token,
    })
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
            let credential = Credential::from_json(json).unwrap();
            assert_eq!(format!("{credential:?}"), format!("Credential({kind})"));
            let auth = Auth::of(&credential).unwrap_or_else(|| Auth::token_request(&credential));
            assert_eq!(format!("{auth:?}"), format!("Auth({kind})"));
        }
    }

    #[test]
    fn tells_an_empty_secret_from_an_invalid_one() {
        for json in ["{}", r#"{"developerApiKey":""}"#] {
            let parsed = Credential::from_json(json);
            assert_eq!(parsed, Err(CredentialError::NotSet), "{json}");
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
            let parsed = Credential::from_json(json);
            assert_eq!(parsed, Err(CredentialError::Invalid), "{case}");
        }
    }
}
