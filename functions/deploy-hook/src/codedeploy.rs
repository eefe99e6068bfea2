//! CodeDeploy's lifecycle event: verifies the webhook's new version before it gets traffic.

use aws_sdk_codedeploy::{Client as CodeDeploy, types::LifecycleEventStatus};
use channel_connection::aws_error::AwsError;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use tracing::{error, info, warn};

use crate::{
    handler::{Handler, HookError},
    probe::Transport,
};

/// The event before CodeDeploy shifts traffic; `aws_lambda_events` has only that of `EventBridge`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LifecycleEvent {
    deployment_id: String,
    lifecycle_event_hook_execution_id: String,
}

impl Handler {
    /// Verifies the webhook's new version, and reports the outcome to CodeDeploy.
    pub(crate) async fn before_traffic(
        &self,
        event: LifecycleEvent,
        deadline: Instant,
    ) -> Result<(), HookError> {
        let verified = timeout_at(deadline, self.verify_version(deadline)).await;
        let verified = verified
            .unwrap_or(Err(HookError::OutOfTime))
            .inspect_err(|error| error!(error = error as &dyn std::error::Error, "before traffic"));
        event.report(&self.codedeploy, verified.is_ok()).await?;
        verified
    }

    async fn verify_version(&self, deadline: Instant) -> Result<(), HookError> {
        let version = self.config.webhook_version.clone();
        let transport = Transport::Function {
            lambda: self.lambda.clone(),
            version: version.ok_or(HookError::NoVersion)?,
        };
        let target = &self.config.target;
        match self.probe(target, transport, deadline).await {
            // Without its secret, the webhook answers nobody.
            Err(error) if error.is_not_set_yet() => {
                warn!(%error, "the new version is not verified");
            }
            probe => {
                let verified = probe?.verify(&target.url, deadline).await?;
                info!(?verified, "the new version is verified");
            }
        }
        Ok(())
    }
}

impl LifecycleEvent {
    /// Without a report CodeDeploy waits for an hour.
    async fn report(&self, codedeploy: &CodeDeploy, is_verified: bool) -> Result<(), HookError> {
        let status = if is_verified {
            LifecycleEventStatus::Succeeded
        } else {
            LifecycleEventStatus::Failed
        };
        let report = codedeploy
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(&self.deployment_id)
            .lifecycle_event_hook_execution_id(&self.lifecycle_event_hook_execution_id)
            .status(status);
        report.send().await.map(drop).map_err(|error| {
            let error = AwsError::from(&error);
            HookError::Report(format!("CodeDeploy did not accept the outcome: {error}"))
        })
    }
}
