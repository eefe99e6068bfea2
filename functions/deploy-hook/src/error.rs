//! The reasons an event fails; their texts go to CloudFormation or to the operator.

use channel_connection::{
    client_secrets::InvalidClientSecrets, secret_store::SecretError, settings::RegisteredUrl,
    webhook_url::WebhookUrl,
};

use crate::{
    hubspot::{auth::InvalidCredential, error::ApiError},
    probe::ProbeError,
};

/// The reason an event failed.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    #[error(
        r#"this event is neither CloudFormation's nor CodeDeploy's nor an action; try {{"action":"status"}}, or verify, release, hold, register, unregister, check"#
    )]
    UnknownEvent,
    #[error("ResponseURL must be an https URL of CloudFormation's own bucket; nothing was done")]
    ResponseUrl,
    #[error("{name} {reason}")]
    Property { name: &'static str, reason: String },
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    ClientSecret(#[from] InvalidClientSecrets),
    #[error("the client secret is not set yet")]
    NoClientSecret,
    #[error(transparent)]
    Credential(#[from] InvalidCredential),
    #[error("the HubSpot credential is not set yet")]
    NoCredential,
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error("the variable NUMBERS_WEBHOOK_VERSION does not name the version to verify")]
    NoVersion,
    #[error("{url} is not verified: {error}")]
    NotVerified {
        url: WebhookUrl,
        #[source]
        error: ProbeError,
    },
    #[error(
        "HubSpot has another URL ({0}), released to customers. \
         It may be another stage's: each needs an app of its own. \
         To replace it, say true or false for IsReady, not keep"
    )]
    ReleasedElsewhere(RegisteredUrl),
    #[error(
        "HubSpot does not have this stack's URL. Register it first: deploy, or the action register"
    )]
    NotRegistered,
    #[error(
        "the settings may have been held or changed meanwhile; see the action status, and start again"
    )]
    Conflict,
    #[error("HubSpot answered so late that a hold may have come in between; start again")]
    Late,
    #[error(
        "HubSpot has isReady=false now, but a release that was already running may still set it \
         ({0}). Repeat hold, and see with the action status (channelctl status) whether it stays"
    )]
    HoldUnconfirmed(String),
    #[error("HubSpot had no settings.")]
    NoSettings,
    #[error("HubSpot has another URL, which was left alone.")]
    OtherUrl,
    #[error("there was no time left")]
    OutOfTime,
    #[error("there was no time left. See what HubSpot has with the action status.")]
    Interrupted,
    #[error("{cause}. {}", .after.explain())]
    Failed {
        #[source]
        cause: Box<HookError>,
        after: After,
    },
    #[error("{0}")]
    Report(String),
}

/// The settings in HubSpot after a failure.
#[derive(Debug)]
pub enum After {
    /// As before, or as somebody else wrote them.
    Unchanged,
    /// Unchanged, and the desired ones: only the webhook could not be verified.
    Desired,
    /// The previous settings again.
    Restored,
    /// Perhaps not the previous settings.
    NotRestored(Box<HookError>),
    /// Perhaps not withdrawn.
    NotWithdrawn,
}

impl HookError {
    pub(crate) fn failed(cause: impl Into<Self>, after: After) -> Self {
        let cause = Box::new(cause.into());
        Self::Failed { cause, after }
    }

    /// Returns whether a secret is still to be set.
    pub(crate) fn is_not_set_yet(&self) -> bool {
        matches!(self, Self::NoClientSecret | Self::NoCredential)
    }

    /// Returns whether the credential is missing, invalid or rejected.
    pub(crate) fn rejects_credential(&self) -> bool {
        match self {
            Self::NoCredential | Self::Credential(_) => true,
            Self::Api(error) => error.rejects_credential(),
            _ => false,
        }
    }

    /// Returns whether HubSpot may have a part of what the event asked for.
    pub(crate) fn is_partial(&self) -> bool {
        match self {
            Self::Failed { after, .. } => {
                matches!(after, After::NotRestored(_) | After::NotWithdrawn)
            }
            Self::Interrupted => true,
            _ => false,
        }
    }

    /// Returns whether HubSpot has what the event asked for, although it failed.
    pub(crate) fn left_the_desired_state(&self) -> bool {
        matches!(
            self,
            Self::Failed {
                after: After::Desired,
                ..
            }
        )
    }
}

impl After {
    fn explain(&self) -> String {
        match self {
            Self::Unchanged | Self::Desired => "This event left no change in HubSpot.".into(),
            Self::Restored => "The previous HubSpot settings were restored.".into(),
            Self::NotRestored(error) => format!(
                "The previous settings were NOT restored ({error}): \
                 see what HubSpot has with the action status."
            ),
            Self::NotWithdrawn => "HubSpot may still have the settings".into(),
        }
    }
}
