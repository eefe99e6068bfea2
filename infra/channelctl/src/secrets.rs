//! The stack's secrets: typed or piped in, never arguments; and the client secret to sign with.

use std::{
    fmt,
    io::{self, IsTerminal},
};

use anstream::eprintln;
use aws_sdk_secretsmanager::Client;
use channel_connection::{
    client_secrets::{ClientSecrets, SigningSecret},
    secret_store,
};
use clap::Subcommand;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    aws::{self, AwsError},
    outcome::{self, Failure, Outcome},
    stack::Stack,
    terminal,
};

/// Maximum size of the JSON on standard input.
const MAX_BYTES: u64 = 64 * 1024;
const NOT_JSON: &str = r#"Standard input must be JSON like {"clientSecret":"…","hubSpotCredential":{"developerApiKey":"…"}}. Nothing was changed."#;
const NOT_WHOLE: &str =
    "A secret must not be empty or have spaces and line ends in it. Nothing was changed.";

const PIPED: &str = r#"From a pipe, as JSON, with one or both of the secrets:
  {"clientSecret":"...","hubSpotCredential":{"developerApiKey":"..."}}
The credential is developerApiKey, accessToken, or clientId and clientSecret.

Example: channelctl --stage dev secrets set < secrets.json"#;

/// A change of the stack's secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Change {
    /// Ask for both secrets, or read them from a pipe
    #[command(after_help = PIPED)]
    Set,
    /// Stop accepting the previous client secret
    #[command(after_help = "Example: channelctl --stage dev secrets end-rotation")]
    EndRotation,
}

/// A secret without spaces and line ends; its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Secret(String);

/// A credential for HubSpot's API, as the deploy-hook reads it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase", deny_unknown_fields)]
enum Credential {
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
struct NewSecrets {
    client_secret: Option<Secret>,
    hub_spot_credential: Option<Credential>,
}

/// The client secrets that are accepted; neither where none is set.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    client_secret: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_client_secret: Option<Secret>,
}

/// What was changed, as `set` and `end-rotation` print it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretsSet<'a> {
    client_secret_changed: bool,
    /// The kind that was stored, if any.
    hub_spot_credential: Option<&'static str>,
    next: &'a str,
    previous_client_secret_kept: bool,
    stack: &'a str,
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

impl Credential {
    fn kind(&self) -> &'static str {
        match self {
            Self::DeveloperApiKey { .. } => "developer API key",
            Self::AccessToken { .. } => "access token",
            Self::OAuth { .. } => "OAuth client credentials",
        }
    }
}

impl Accepted {
    /// Takes what is stored as far as it is usable.
    fn stored(stored: &Value) -> Self {
        let secret = |name: &str| Secret::try_from(stored[name].as_str()?.to_owned()).ok();
        Self {
            client_secret: secret("clientSecret"),
            previous_client_secret: secret("previousClientSecret"),
        }
    }
}

/// Reads the client secret that the stack verifies with.
pub async fn client_secret(stack: &Stack) -> Result<SigningSecret, Failure> {
    let arn = stack.output("ClientSecretArn")?;
    let text = read(&Client::new(&stack.target.aws), arn).await?;
    let set = || stack.command("secrets set");
    let secrets = ClientSecrets::from_json(&text)
        .map_err(|error| Failure::failed(error.to_string()).then(set()))?;
    let current = secrets.current().cloned();
    current.ok_or_else(|| Failure::failed("The client secret is not set.").then(set()))
}

async fn read(client: &Client, arn: &str) -> Result<String, Failure> {
    let read = secret_store::read(client, arn).await;
    read.map_err(|error| {
        if error.is_access_denied() {
            let needed = "You need secretsmanager:GetSecretValue on it.";
            Failure::refused(format!("{error}. {needed}"))
        } else {
            Failure::failed(error.to_string())
        }
    })
}

/// Asks when the client secret was last changed; `None` where Secrets Manager does not say.
pub async fn client_secret_changed_at(stack: &Stack) -> Option<Timestamp> {
    let arn = stack.output("ClientSecretArn").ok()?;
    let asked = Client::new(&stack.target.aws)
        .describe_secret()
        .secret_id(arn);
    let secret = asked.send().await.ok()?;
    let changed = secret.last_changed_date.or(secret.created_date)?;
    Timestamp::from_second(changed.secs()).ok()
}

/// Changes the secrets; until a rotation ends, the previous client secret stays accepted.
pub async fn change(stack: &Stack, change: Change, as_json: bool) -> Result<Outcome, Failure> {
    let client_secret_arn = stack.output("ClientSecretArn")?;
    let credential_arn = stack.output("HubSpotCredentialArn")?;
    let target = &stack.target;
    let account = terminal::wait("AWS STS", aws::account(&target.aws)).await?;
    eprintln!("secrets of {}", target.place(&account));
    let client = Client::new(&target.aws);
    let text = terminal::wait("Secrets Manager", read(&client, client_secret_arn)).await?;
    let text: Value = serde_json::from_str(&text).unwrap_or_default();
    let stored = Accepted::stored(&text);
    let new = match change {
        Change::Set => new_secrets()?,
        Change::EndRotation => NewSecrets::default(),
    };
    let show = stack.command("status");
    outcome::if_stopped(format!("Stopped. A secret may be stored already: {show}"));
    if let Some(credential) = &new.hub_spot_credential {
        put(&client, credential_arn, &json!(credential)).await?;
    }
    let mut accepted = stored.clone();
    let ends_rotation = change == Change::EndRotation;
    if ends_rotation {
        accepted.previous_client_secret = None;
    }
    let is_to_store = ends_rotation || new.client_secret.is_some();
    // The same one again pushes no previous one out.
    if new.client_secret.is_some() && new.client_secret != stored.client_secret {
        accepted.previous_client_secret = stored.client_secret.clone();
        accepted.client_secret = new.client_secret;
    }
    // What is stored may be damaged.
    if is_to_store && json!(accepted) != text {
        put(&client, client_secret_arn, &json!(accepted)).await?;
    }
    let is_set = accepted.client_secret != stored.client_secret;
    let is_kept = accepted.previous_client_secret.is_some();
    let kind = new.hub_spot_credential.as_ref().map(Credential::kind);
    // Until the client secret is set, a deploy registers nothing.
    let is_first = stored.client_secret.is_none();
    let next = stack.command(if is_first { "deploy" } else { "status" });
    let document = SecretsSet {
        client_secret_changed: is_set,
        hub_spot_credential: kind,
        next: &next,
        previous_client_secret_kept: is_kept,
        stack: &target.stack,
    };
    terminal::print(as_json, &document, || {
        let secret = if is_set { "set" } else { "unchanged" };
        let previous = match (is_kept, stored.previous_client_secret) {
            (true, _) => "; the previous one stays accepted",
            (false, Some(_)) => "; the previous one is no longer accepted",
            (false, None) => "",
        };
        terminal::print_pairs([
            ("secret", format!("{secret}{previous}")),
            ("credential", kind.unwrap_or("unchanged").into()),
            ("next", next.clone()),
        ])
    })?;
    Ok(Outcome::Done)
}

async fn put(client: &Client, arn: &str, stored: &Value) -> Result<(), AwsError> {
    let asked = client
        .put_secret_value()
        .secret_id(arn)
        .secret_string(stored.to_string());
    let answer = terminal::wait("Secrets Manager", asked.send()).await;
    answer
        .map(drop)
        .map_err(|error| AwsError::new("store the secret", &error))
}

/// Reads the new secrets: typed without echo at a terminal, or as JSON from a pipe.
fn new_secrets() -> Result<NewSecrets, Failure> {
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
    Ok(NewSecrets {
        client_secret,
        hub_spot_credential: credential()?,
    })
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
        let choice = terminal::prompt(&format!("HubSpot credential ({kinds}): "))?;
        return Ok(match choice.as_str() {
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
