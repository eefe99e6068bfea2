//! New secrets: typed without echo, or piped in as JSON.

use std::{
    fmt,
    io::{self, IsTerminal},
};

use anstream::eprintln;
use serde::{Deserialize, Serialize};

use crate::{outcome::Failure, terminal};

/// Maximum size of the JSON on standard input.
const MAX_BYTES: u64 = 64 * 1024;
const NOT_JSON: &str = r#"Standard input must be JSON like {"clientSecret":"…","hubSpotCredential":{"developerApiKey":"…"}}. Nothing was changed."#;
const NOT_WHOLE: &str =
    "A secret must not be empty or have spaces and line ends in it. Nothing was changed.";

/// A secret without spaces and line ends; its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Secret(String);

/// A credential for HubSpot's API, as the deploy-hook reads it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum Credential {
    DeveloperApiKey {
        developer_api_key: Secret,
    },
    AccessToken {
        access_token: Secret,
    },
    OAuth {
        client_id: Secret,
        client_secret: Secret,
    },
}

/// The secrets that are to change.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewSecrets {
    pub client_secret: Option<Secret>,
    pub hub_spot_credential: Option<Credential>,
}

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_bad = |character: char| character.is_whitespace() || character.is_control();
        if text.is_empty() || text.contains(is_bad) {
            return Err(NOT_WHOLE);
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl NewSecrets {
    /// Asks for both secrets at a terminal, or reads them from a pipe.
    pub(super) fn read() -> Result<Self, Failure> {
        if !io::stdin().is_terminal() {
            return parse(&terminal::read_hidden("", MAX_BYTES)?);
        }
        eprintln!("Nothing that you type is shown. Enter alone leaves a secret unchanged.");
        let client_secret = hidden("Client secret (HubSpot: your app, Auth): ")?;
        // A typing mistake would push the previous secret out at the next try.
        if client_secret.is_some() && hidden("Once more: ")? != client_secret {
            return Err(Failure::bad_input(
                "The two client secrets differ. Nothing was changed.",
            ));
        }
        Ok(Self {
            client_secret,
            hub_spot_credential: credential()?,
        })
    }
}

impl Credential {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::DeveloperApiKey { .. } => "developer API key",
            Self::AccessToken { .. } => "access token",
            Self::OAuth { .. } => "OAuth client credentials",
        }
    }
}

fn parse(json: &str) -> Result<NewSecrets, Failure> {
    // serde's own words would repeat a secret that stands in the wrong place.
    let secrets: Option<NewSecrets> = serde_json::from_str(json).ok();
    let secrets = secrets.filter(|secrets| *secrets != NewSecrets::default());
    secrets.ok_or_else(|| Failure::bad_input(NOT_JSON))
}

fn credential() -> Result<Option<Credential>, Failure> {
    let kinds = "1 developer API key, 2 access token, 3 OAuth client credentials";
    loop {
        // A key that is pasted here is no more shown than in its place.
        let choice = terminal::read_hidden(&format!("HubSpot credential ({kinds}): "), MAX_BYTES)?;
        return Ok(match choice.trim() {
            "" => None,
            "1" => hidden("Developer API key: ")?
                .map(|developer_api_key| Credential::DeveloperApiKey { developer_api_key }),
            "2" => hidden("Access token: ")?
                .map(|access_token| Credential::AccessToken { access_token }),
            "3" => match hidden("Client id: ")? {
                None => None,
                Some(client_id) => {
                    hidden("Client secret: ")?.map(|client_secret| Credential::OAuth {
                        client_id,
                        client_secret,
                    })
                }
            },
            _ => {
                eprintln!("Type 1, 2, 3 or Enter.");
                continue;
            }
        });
    }
}

/// Asks without echo; `None` for Enter alone.
fn hidden(question: &str) -> Result<Option<Secret>, Failure> {
    match terminal::read_hidden(question, MAX_BYTES)?.trim() {
        "" => Ok(None),
        text => Secret::try_from(text.to_owned())
            .map(Some)
            .map_err(Failure::bad_input),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_kind_of_credential() {
        for (kind, json) in [
            ("developer API key", r#"{"developerApiKey":"marked"}"#),
            ("access token", r#"{"accessToken":"marked"}"#),
            (
                "OAuth client credentials",
                r#"{"clientId":"marked","clientSecret":"marked"}"#,
            ),
        ] {
            let read = parse(&format!(r#"{{"hubSpotCredential":{json}}}"#)).unwrap();
            assert!(!format!("{read:?}").contains("marked"), "{kind}");
            let credential = read.hub_spot_credential.unwrap();
            assert_eq!(credential.kind(), kind);
            assert_eq!(serde_json::to_string(&credential).unwrap(), json);
        }
    }

    #[test]
    fn never_repeats_bad_input() {
        for (name, json) in [
            ("nothing", ""),
            ("no secret", "{}"),
            ("no JSON", "marked-secret"),
            ("space", r#"{"clientSecret":"marked secret"}"#),
            ("empty", r#"{"clientSecret":""}"#),
            ("mistyped", r#"{"clientsecret":"marked"}"#),
            ("no object", r#"{"hubSpotCredential":"marked"}"#),
            (
                "mistyped kind",
                r#"{"hubSpotCredential":{"apiKey":"marked"}}"#,
            ),
            (
                "two kinds",
                r#"{"hubSpotCredential":{"accessToken":"marked","clientId":"marked"}}"#,
            ),
        ] {
            assert_eq!(parse(json), Err(Failure::bad_input(NOT_JSON)), "{name}");
        }
    }
}
