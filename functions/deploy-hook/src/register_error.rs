//! Why a registration failed, and what that left in HubSpot.

use channel_connection::webhook_url::WebhookUrl;

use crate::{api_error::ApiError, probe::ProbeError, readiness::NotOurs, settings_api::Settings};

/// What went wrong while HubSpot was being told.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// A call of HubSpot's API failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The URL could not be proved.
    #[error("{url} is not proved: {error}")]
    NotProved {
        /// The URL.
        url: WebhookUrl,
        /// What kept it from being proved.
        #[source]
        error: ProbeError,
    },
    /// What HubSpot holds is not this stack's to replace.
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
    /// What HubSpot holds is neither what it held nor what it was told.
    #[error(
        "somebody else is changing the settings at the same time; try again when they are done"
    )]
    Moved(Settings),
    /// There was no time left.
    #[error("there was no time left")]
    OutOfTime,
}

/// The reason a registration failed, and what became of the settings that stood before.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// HubSpot holds what it held before.
    #[error("{0}. HubSpot holds what it held before.")]
    Unchanged(#[source] Cause),
    /// The former settings were put back.
    #[error("{0}. The former settings stand again in HubSpot.")]
    Restored(#[source] Cause),
    /// The former settings could not be put back.
    #[error(
        "{cause}. The former settings could NOT be put back ({restore}): see what HubSpot holds with the action status."
    )]
    NotRestored {
        /// Why the registration failed.
        #[source]
        cause: Cause,
        /// Why the restoration failed.
        restore: Cause,
    },
}
