//! The stack's client secret: whether it is set, how old it is, and its value to sign with.

use aws_sdk_secretsmanager::Client;
use channel_connection::{
    client_secrets::{ClientSecrets, InvalidClientSecrets, SigningSecret},
    secret_store::{self, SecretError},
};
use jiff::Timestamp;

use crate::stack::{Stack, StackError};

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

/// Reads the client secret that the stack verifies with.
pub async fn client_secret(stack: &Stack) -> Result<SigningSecret, SecretsError> {
    let arn = stack.output("ClientSecretArn")?;
    let text = secret_store::read(&Client::new(&stack.target.aws), arn).await?;
    let secrets = ClientSecrets::from_json(&text)?;
    let current = secrets.current().cloned();
    current.ok_or_else(|| SecretsError::NotSet(stack.make("secrets")))
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

#[cfg(test)]
mod tests {
    use channel_connection::aws_error::AwsError;

    use super::*;

    #[test]
    fn a_permission_is_asked_for_where_it_lacks_and_nowhere_else() {
        let told = |code: &str| {
            let (arn, error) = ("arn:client-secret".into(), AwsError::Service(code.into()));
            SecretsError::from(SecretError::Unreadable { arn, error }).to_string()
        };
        let needed = "You need secretsmanager:GetSecretValue on it.";
        assert!(told("AccessDeniedException").ends_with(needed));
        assert!(!told("ResourceNotFoundException").contains(needed));
    }
}
