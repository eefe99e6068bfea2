//! CodeDeploy's lifecycle event: the webhook's new version, proved before traffic shifts to it.

use aws_sdk_codedeploy::{
    Client as CodeDeploy, error::ProvideErrorMetadata, types::LifecycleEventStatus,
};
use serde::Deserialize;

/// CodeDeploy's event, before it lets traffic through.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LifecycleEvent {
    deployment_id: String,
    lifecycle_event_hook_execution_id: String,
}

/// The reason CodeDeploy could not be told; it then waits for an hour and gives up.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// CodeDeploy's API did not answer.
    #[error("CodeDeploy cannot be told the outcome: it cannot be reached")]
    Unreachable,
    /// CodeDeploy did not take the outcome, as it says by this code.
    #[error("CodeDeploy cannot be told the outcome: {0}")]
    Refused(String),
}

impl LifecycleEvent {
    /// Tells CodeDeploy whether the version is proved.
    pub(crate) async fn tell(
        &self,
        codedeploy: &CodeDeploy,
        proved: bool,
    ) -> Result<(), TellError> {
        let status = if proved {
            LifecycleEventStatus::Succeeded
        } else {
            LifecycleEventStatus::Failed
        };
        let told = codedeploy
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(&self.deployment_id)
            .lifecycle_event_hook_execution_id(&self.lifecycle_event_hook_execution_id)
            .status(status)
            .send()
            .await;
        told.map(drop).map_err(|error| {
            let code = error.code().map(str::to_owned);
            code.map_or(TellError::Unreachable, TellError::Refused)
        })
    }
}
