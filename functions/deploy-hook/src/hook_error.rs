//! Why an event came to nothing.

use channel_connection::{client_secrets::InvalidClientSecrets, secret_store::SecretError};

use crate::{
    api_error::ApiError,
    credential::CredentialError,
    custom_resource::EventError,
    lifecycle::TellError,
    probe::ProbeError,
    register_error::{Cause, RegisterError},
    response_url::AnswerError,
};

/// The reason an event came to nothing; its text goes to CloudFormation or to the operator.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The event is of no kind that the hook takes.
    #[error(
        r#"this event is neither CloudFormation's nor CodeDeploy's nor an action; try {{"action":"status"}}, or probe, release, hold, register, remove"#
    )]
    UnknownEvent,
    /// CloudFormation's event is not understood.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The client secret is not kept in the form it should be.
    #[error(transparent)]
    ClientSecret(#[from] InvalidClientSecrets),
    /// There is no usable credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The client secret is still as empty as the stack created it.
    #[error("the client secret is not set yet")]
    NoClientSecret,
    /// HubSpot did not let us in, or did not tell what it holds.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The webhook is not proved.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The registration failed.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The settings could not be withdrawn.
    #[error("{0}. The settings may still stand in HubSpot.")]
    Withdraw(#[source] Cause),
    /// HubSpot holds nothing of this stack's.
    #[error("{0}")]
    NothingOfOurs(&'static str),
    /// The stack has no version of the webhook function to prove.
    #[error("the variable NUMBERS_WEBHOOK_VERSION does not name the version to prove")]
    NoVersion,
    /// There was no time left.
    #[error("there was no time left. See what HubSpot holds with the action status.")]
    OutOfTime,
    /// CloudFormation could not be told.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// CodeDeploy could not be told.
    #[error(transparent)]
    Tell(#[from] TellError),
}

impl HookError {
    /// Tells whether a secret is still to be set.
    pub(crate) fn is_not_set_yet(&self) -> bool {
        matches!(
            self,
            Self::NoClientSecret | Self::Credential(CredentialError::NotSet)
        )
    }

    /// Tells whether the credential is missing, unusable or refused.
    pub(crate) fn is_of_credential(&self) -> bool {
        matches!(
            self,
            Self::Credential(_) | Self::Api(ApiError::Unauthorized { .. })
        )
    }
}
