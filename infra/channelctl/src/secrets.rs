//! The stack's secrets: typed or piped in, never arguments; and the client secret to sign with.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, BufRead, IsTerminal, Read, Write},
};

use anstream::{eprint, eprintln};
use aws_sdk_secretsmanager::Client;
use channel_connection::{
    client_secrets::{ClientSecrets, SigningSecret},
    secret_store,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    aws::{self, AwsError},
    ending::{self, Ending, Failure},
    stack::Stack,
    terminal,
};

/// Maximum size of the JSON on standard input.
const MAX_BYTES: u64 = 64 * 1024;
const NOT_JSON: &str = r#"Standard input must be JSON like {"clientSecret":"…","hubSpotCredential":{"developerApiKey":"…"}}. Nothing was changed."#;
const NOT_WHOLE: &str =
    "A secret must not be empty or have spaces and line ends in it. Nothing was changed.";

/// A secret without spaces and line ends; its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(String);

/// A credential for HubSpot's API: its fields, as the deploy-hook reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Secret>")]
pub struct Credential(BTreeMap<String, Secret>);

/// The kinds of credentials, as HubSpot names them, and the fields of each.
const CREDENTIALS: [(&str, &[&str]); 3] = [
    ("developer API key", &["developerApiKey"]),
    ("access token", &["accessToken"]),
    ("OAuth client credentials", &["clientId", "clientSecret"]),
];

/// The secrets that are to change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSecrets {
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

impl Credential {
    fn kind(&self) -> Option<&'static str> {
        let is_kind = |fields: &[&str]| self.0.keys().eq(fields);
        let found = CREDENTIALS.iter().find(|(_, fields)| is_kind(fields));
        found.map(|(kind, _)| *kind)
    }
}

impl TryFrom<BTreeMap<String, Secret>> for Credential {
    type Error = &'static str;

    fn try_from(fields: BTreeMap<String, Secret>) -> Result<Self, Self::Error> {
        let credential = Self(fields);
        credential.kind().ok_or(NOT_JSON)?;
        Ok(credential)
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

/// Asks for new secrets and stores them; the previous client secret stays accepted.
pub async fn set(stack: &Stack, as_json: bool) -> Result<Ending, Failure> {
    let client_secret_arn = stack.output("ClientSecretArn")?;
    let credential_arn = stack.output("HubSpotCredentialArn")?;
    let target = &stack.target;
    let account = terminal::wait("AWS STS", aws::account(&target.aws)).await?;
    eprintln!("secrets of {}", target.place(&account));
    let client = Client::new(&target.aws);
    let current = terminal::wait("Secrets Manager", read(&client, client_secret_arn)).await?;
    let current = usable(&current);
    let NewSecrets {
        client_secret,
        hub_spot_credential: credential,
    } = new_secrets()?;
    let show = stack.command("status");
    ending::if_stopped(format!("Stopped. A secret may be stored already: {show}"));
    let stored = client_secret
        .as_ref()
        .map(|secret| with_previous(secret, current.as_deref()));
    // First what can be stored again without a loss: the same client secret ends a rotation.
    if let Some(credential) = &credential {
        put(&client, credential_arn, &json!(credential)).await?;
    }
    if let Some(stored) = &stored {
        put(&client, client_secret_arn, stored).await?;
    }
    // Until the client secret is set, a deploy registers nothing.
    let next = stack.command(if current.is_some() {
        "status"
    } else {
        "deploy"
    });
    let is_kept = stored
        .as_ref()
        .is_some_and(|stored| !stored["previousClientSecret"].is_null());
    let kind = credential.as_ref().and_then(Credential::kind);
    if as_json {
        terminal::print_json(&json!({
            "stack": target.stack, "clientSecretChanged": stored.is_some(),
            "previousClientSecretKept": is_kept, "hubSpotCredential": kind, "next": next,
        }))?;
    } else if stored.is_none() && kind.is_none() {
        writeln!(terminal::output(), "Nothing was changed.")?;
    } else {
        let secret = match (stored.is_some(), is_kept) {
            (false, _) => "unchanged",
            (true, false) => "set",
            (true, true) => "set; the previous one stays accepted",
        };
        terminal::print_pairs([
            ("secret", secret.into()),
            ("credential", kind.unwrap_or("unchanged").into()),
            ("next", next),
        ])?;
    }
    Ok(Ending::Done)
}

/// Returns the client secret that is stored, if it is one.
fn usable(stored: &str) -> Option<String> {
    let stored: Value = serde_json::from_str(stored).unwrap_or_default();
    let secret = stored["clientSecret"].as_str()?.to_owned();
    Secret::try_from(secret).ok().map(|secret| secret.0)
}

/// Keeps the previous secret beside the new one, until the same one is set again.
fn with_previous(secret: &Secret, current: Option<&str>) -> Value {
    let mut stored = json!({"clientSecret": secret});
    if let Some(current) = current.filter(|current| secret.0 != *current) {
        stored["previousClientSecret"] = current.into();
    }
    stored
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
        let mut text = String::new();
        let read = io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text);
        read.map_err(|error| unreadable(&error))?;
        return parse(&text);
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

fn unreadable(error: &io::Error) -> Failure {
    Failure::bad_input(format!(
        "Cannot read the secrets: {error}. Nothing was changed."
    ))
}

fn credential() -> Result<Option<Credential>, Failure> {
    let kinds = "1 developer API key, 2 access token, 3 OAuth client credentials";
    loop {
        eprint!("HubSpot credential ({kinds}): ");
        let mut choice = String::new();
        let read = io::stdin().lock().read_line(&mut choice);
        let length = read.map_err(|error| unreadable(&error))?;
        let (kind, fields) = match choice.trim() {
            "1" => CREDENTIALS[0],
            "2" => CREDENTIALS[1],
            "3" => CREDENTIALS[2],
            "" if length > 0 => return Ok(None),
            "" => return Err(unreadable(&io::ErrorKind::UnexpectedEof.into())),
            _ => {
                eprintln!("Type 1, 2, 3 or Enter.");
                continue;
            }
        };
        let mut credential = BTreeMap::new();
        for field in fields {
            match hidden(&format!("{kind}, {field}: "))? {
                Some(secret) => credential.insert((*field).to_owned(), secret),
                None => return Ok(None),
            };
        }
        return Ok(Some(Credential(credential)));
    }
}

/// Asks without echo; `None` for Enter alone.
fn hidden(question: &str) -> Result<Option<Secret>, Failure> {
    let typed = rpassword::prompt_password(question).map_err(|error| unreadable(&error))?;
    match typed.trim() {
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
            assert_eq!(credential.kind(), Some(kind));
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
