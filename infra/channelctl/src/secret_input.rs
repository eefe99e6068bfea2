//! New secrets, asked for at a terminal or read as JSON; never arguments.

use std::{
    fmt,
    io::{self, BufRead, IsTerminal, Read},
};

use serde::{Deserialize, Serialize};

/// Maximum size of the JSON on standard input.
const MAX_BYTES: u64 = 64 * 1024;
const SHAPE: &str = r#"{"clientSecret":"…","hubSpotCredential":{"developerApiKey":"…"}}"#;

/// A secret without spaces and line ends; its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(String);

/// What opens HubSpot's API, as the deploy-hook reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Credential {
    /// The developer account's API key.
    DeveloperApiKey(DeveloperApiKey),
    /// A token with the scopes for developers.
    AccessToken(AccessToken),
    /// Exchanged for a token at each event.
    OAuth(OAuthClient),
}

/// `{"developerApiKey":"…"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeveloperApiKey {
    developer_api_key: Secret,
}

/// `{"accessToken":"…"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessToken {
    access_token: Secret,
}

/// `{"clientId":"…","clientSecret":"…"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OAuthClient {
    client_id: Secret,
    client_secret: Secret,
}

/// The secrets that are to change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSecrets {
    /// The app's client secret.
    pub client_secret: Option<Secret>,
    /// What opens HubSpot's API.
    pub hub_spot_credential: Option<Credential>,
}

/// The reason there are no new secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretInputError {
    /// A secret has spaces or is empty.
    #[error("A secret must not be empty or have spaces and line ends in it. Nothing was changed.")]
    NotWhole,
    /// A typing mistake would push the previous secret out at the next try.
    #[error("The two client secrets differ. Nothing was changed.")]
    Different,
    /// What is piped in is something else.
    #[error("Standard input must be JSON like {SHAPE}. Nothing was changed.")]
    NotJson,
    /// Nobody types any more.
    #[error("Cannot read the secrets: {0}. Nothing was changed.")]
    Unreadable(#[from] io::Error),
}

impl TryFrom<String> for Secret {
    type Error = SecretInputError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_whole = !text.is_empty()
            && !text
                .contains(|character: char| character.is_whitespace() || character.is_control());
        is_whole
            .then_some(Self(text))
            .ok_or(SecretInputError::NotWhole)
    }
}

impl Secret {
    /// Tells whether it is this text.
    pub fn is(&self, text: &str) -> bool {
        self.0 == text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl Credential {
    /// Returns its kind, as HubSpot names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::DeveloperApiKey(_) => "developer API key",
            Self::AccessToken(_) => "access token",
            Self::OAuth(_) => "OAuth client credentials",
        }
    }
}

/// Reads the new secrets: typed without echo at a terminal, or as JSON from a pipe.
pub fn read() -> Result<NewSecrets, SecretInputError> {
    if io::stdin().is_terminal() {
        return ask();
    }
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(MAX_BYTES)
        .read_to_string(&mut text)?;
    parse(&text)
}

fn parse(json: &str) -> Result<NewSecrets, SecretInputError> {
    // serde's own words would repeat a secret that stands in the wrong place.
    let secrets: NewSecrets = serde_json::from_str(json).map_err(|_| SecretInputError::NotJson)?;
    if secrets == NewSecrets::default() {
        return Err(SecretInputError::NotJson);
    }
    Ok(secrets)
}

fn ask() -> Result<NewSecrets, SecretInputError> {
    anstream::eprintln!("Nothing that you type is shown. Enter alone leaves a secret unchanged.");
    Ok(NewSecrets {
        client_secret: client_secret()?,
        hub_spot_credential: credential()?,
    })
}

fn client_secret() -> Result<Option<Secret>, SecretInputError> {
    let Some(secret) = hidden("Client secret (HubSpot: your app, Auth): ")? else {
        return Ok(None);
    };
    if hidden("Once more: ")?.as_ref() == Some(&secret) {
        Ok(Some(secret))
    } else {
        Err(SecretInputError::Different)
    }
}

fn credential() -> Result<Option<Credential>, SecretInputError> {
    let kinds = "1 developer API key, 2 access token, 3 OAuth client credentials";
    loop {
        anstream::eprint!("HubSpot credential ({kinds}): ");
        let mut kind = String::new();
        let length = io::stdin().lock().read_line(&mut kind)?;
        return Ok(match kind.trim() {
            "1" => hidden("Developer API key: ")?.map(|developer_api_key| {
                Credential::DeveloperApiKey(DeveloperApiKey { developer_api_key })
            }),
            "2" => hidden("Access token: ")?
                .map(|access_token| Credential::AccessToken(AccessToken { access_token })),
            "3" => hidden("Client id: ")?.zip(hidden("Client secret: ")?).map(
                |(client_id, client_secret)| {
                    Credential::OAuth(OAuthClient {
                        client_id,
                        client_secret,
                    })
                },
            ),
            "" if length > 0 => None,
            "" => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            _ => {
                anstream::eprintln!("Type 1, 2, 3 or Enter.");
                continue;
            }
        });
    }
}

/// Asks without echo; `None` for Enter alone.
fn hidden(question: &str) -> Result<Option<Secret>, SecretInputError> {
    let typed = rpassword::prompt_password(question)?;
    match typed.trim() {
        "" => Ok(None),
        text => Secret::try_from(text.to_owned()).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_kind_of_credential() {
        for (json, kind) in [
            (r#"{"developerApiKey":"k"}"#, "developer API key"),
            (r#"{"accessToken":"t"}"#, "access token"),
            (
                r#"{"clientId":"i","clientSecret":"s"}"#,
                "OAuth client credentials",
            ),
        ] {
            let read = parse(&format!(r#"{{"hubSpotCredential":{json}}}"#)).unwrap();
            let credential = read.hub_spot_credential.unwrap();
            assert_eq!(credential.kind(), kind);
            assert_eq!(serde_json::to_string(&credential).unwrap(), json);
        }
    }

    #[test]
    fn bad_input_is_refused_and_never_repeated() {
        for json in [
            "",
            "{}",
            "marked-secret",
            r#"{"clientSecret":"marked secret"}"#,
            r#"{"clientSecret":""}"#,
            r#"{"clientSecret":"marked\nsecret"}"#,
            r#"{"clientsecret":"marked-secret"}"#,
            r#"{"hubSpotCredential":"marked-secret"}"#,
            r#"{"hubSpotCredential":{"apiKey":"marked-secret"}}"#,
            r#"{"hubSpotCredential":{"accessToken":"marked-secret","clientId":"marked"}}"#,
        ] {
            let error = parse(json).unwrap_err().to_string();
            assert!(error.contains("Nothing was changed."), "{json}: {error}");
            assert!(!error.contains("marked"), "{json}: {error}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let read =
            parse(r#"{"clientSecret":"marked","hubSpotCredential":{"accessToken":"marked"}}"#);
        assert!(!format!("{read:?}").contains("marked"));
    }
}
