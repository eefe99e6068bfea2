//! The stack's secrets: set anew, and the client secret to sign with.

use std::io::Write;

use aws_sdk_secretsmanager::Client;
use channel_connection::{
    client_secrets::{ClientSecrets, InvalidClientSecrets, SigningSecret},
    secret_store::{self, SecretError},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    account,
    aws_error::AwsError,
    ending::{Ending, Failure},
    secret_input::{self, Credential, NewSecrets, Secret},
    stack::{Stack, StackError},
    terminal,
};

/// The reason there is no client secret to sign with.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The stack does not name it.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// Secrets Manager does not show it to you.
    #[error("{0}. You need secretsmanager:GetSecretValue on it.")]
    Denied(SecretError),
    /// Secrets Manager did not answer with it.
    #[error("{0}")]
    Unreadable(SecretError),
    /// It holds something else.
    #[error(transparent)]
    Invalid(#[from] InvalidClientSecrets),
    /// It has never been set.
    #[error("The client secret is not set. Set it: {0}")]
    NotSet(String),
}

impl From<SecretError> for SecretsError {
    fn from(error: SecretError) -> Self {
        if error.is_access_denied() {
            Self::Denied(error)
        } else {
            Self::Unreadable(error)
        }
    }
}

/// Writes the command that sets the stack's secrets.
pub fn set_command(stack: &Stack) -> String {
    stack.command("secrets set")
}

/// Reads the client secret that the stack verifies with.
pub async fn client_secret(stack: &Stack) -> Result<SigningSecret, SecretsError> {
    let arn = stack.output("ClientSecretArn")?;
    let text = secret_store::read(&Client::new(&stack.target.aws), arn).await?;
    let secrets = ClientSecrets::from_json(&text)?;
    let current = secrets.current().cloned();
    current.ok_or_else(|| SecretsError::NotSet(set_command(stack)))
}

/// Asks when the client secret was last changed; `None` where Secrets Manager does not say.
pub async fn client_secret_changed(stack: &Stack) -> Option<Timestamp> {
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
    anstream::eprintln!("secrets of {}", account::place(&stack.target).await?);
    let client = Client::new(&stack.target.aws);
    let current = current(&client, client_secret_arn).await?;
    let NewSecrets {
        client_secret,
        hub_spot_credential: credential,
    } = secret_input::read()?;
    if let Some(secret) = &client_secret {
        let stored = with_previous(secret, current.as_deref());
        put(&client, client_secret_arn, &stored).await?;
    }
    if let Some(credential) = &credential {
        put(&client, credential_arn, &json!(credential)).await?;
    }
    // Until the client secret is set, a deploy registers nothing.
    let next = stack.command(if current.is_some() {
        "status"
    } else {
        "deploy"
    });
    let client_secret =
        client_secret.map(|secret| current.is_some_and(|former| !secret.is(&former)));
    show(client_secret, credential.as_ref(), &next, as_json)?;
    Ok(Ending::Done)
}

/// Says what was stored, and whether a previous client secret stays beside the new one.
fn show(
    client_secret: Option<bool>,
    credential: Option<&Credential>,
    next: &str,
    as_json: bool,
) -> std::io::Result<()> {
    let kind = credential.map(Credential::kind);
    if as_json {
        return terminal::print_json(&json!({
            "clientSecretChanged": client_secret.is_some(),
            "previousClientSecretKept": client_secret.unwrap_or_default(),
            "hubSpotCredential": kind, "next": next,
        }));
    }
    if client_secret.is_none() && kind.is_none() {
        return writeln!(terminal::output(), "Nothing was changed.");
    }
    let client_secret = match client_secret {
        None => "unchanged",
        Some(false) => "set",
        Some(true) => "set; the previous one stays accepted",
    };
    terminal::print_pairs([
        ("secret", client_secret.into()),
        ("credential", kind.unwrap_or("unchanged").into()),
        ("next", next.into()),
    ])
}

/// Returns the client secret that is stored, if it is one.
async fn current(client: &Client, arn: &str) -> Result<Option<String>, SecretsError> {
    let text = secret_store::read(client, arn).await?;
    let stored: Value = serde_json::from_str(&text).unwrap_or_default();
    let current = stored["clientSecret"].as_str().unwrap_or_default();
    let is_secret = !current.is_empty() && !current.contains(char::is_whitespace);
    Ok(is_secret.then(|| current.to_owned()))
}

/// Keeps the previous secret beside the new one, until the same one is set again.
fn with_previous(secret: &Secret, current: Option<&str>) -> Value {
    let mut stored = json!({"clientSecret": secret});
    if let Some(current) = current.filter(|current| !secret.is(current)) {
        stored["previousClientSecret"] = current.into();
    }
    stored
}

async fn put(client: &Client, arn: &str, stored: &Value) -> Result<(), AwsError> {
    let asked = client
        .put_secret_value()
        .secret_id(arn)
        .secret_string(stored.to_string());
    let answer = asked.send().await;
    answer
        .map(drop)
        .map_err(|error| AwsError::new("store the secret", &error))
}

#[cfg(test)]
mod tests {
    use channel_connection::aws_error::AwsError;

    use super::*;

    #[test]
    fn a_permission_is_asked_for_where_it_lacks_and_nowhere_else() {
        let told = |code: &str| {
            let (arn, error) = ("arn:client-secret".into(), AwsError::Service(code.into()));
            SecretsError::from(SecretError { arn, error }).to_string()
        };
        let needed = "You need secretsmanager:GetSecretValue on it.";
        assert!(told("AccessDeniedException").ends_with(needed));
        assert!(!told("ResourceNotFoundException").contains(needed));
    }

    #[test]
    fn the_previous_secret_stays_until_the_new_one_is_set_again() {
        let new = Secret::try_from("new".to_owned()).unwrap();
        assert_eq!(with_previous(&new, None), json!({"clientSecret": "new"}));
        assert_eq!(
            with_previous(&new, Some("old")),
            json!({"clientSecret": "new", "previousClientSecret": "old"})
        );
        assert_eq!(
            with_previous(&new, Some("new")),
            json!({"clientSecret": "new"})
        );
    }
}
