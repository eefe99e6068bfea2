//! The stack's secrets: typed or piped in, never arguments; and the client secret to sign with.

mod new;

use anstream::eprintln;
use aws_sdk_secretsmanager::Client;
use channel_connection::{
    client_secrets::{ClientSecrets, SigningSecret},
    secret_store,
};
use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use self::new::{Credential, NewSecrets, Secret};
use crate::{
    aws::{self, AwsError},
    outcome::{self, Failure, Outcome},
    stack::Stack,
    terminal,
};

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
    let request = Client::new(&stack.target.aws)
        .describe_secret()
        .secret_id(arn);
    let secret = request.send().await.ok()?;
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
        Change::Set => NewSecrets::read()?,
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
    let request = client
        .put_secret_value()
        .secret_id(arn)
        .secret_string(stored.to_string());
    let response = terminal::wait("Secrets Manager", request.send()).await;
    response
        .map(drop)
        .map_err(|error| AwsError::new("store the secret", &error))
}
