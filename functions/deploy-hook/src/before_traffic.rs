//! A new version of the webhook, proved before CodeDeploy sends traffic to it.

use std::error::Error;

use tokio::time::{Instant, timeout_at};
use tracing::{error, info, warn};

use crate::{hook::Hook, hook_error::HookError, lifecycle::LifecycleEvent, transport::Transport};

impl Hook {
    /// Proves the webhook's new version before CodeDeploy sends traffic to it, and tells CodeDeploy.
    pub(crate) async fn before_traffic(
        &self,
        event: LifecycleEvent,
        deadline: Instant,
    ) -> Result<(), HookError> {
        let proved = timeout_at(deadline, self.prove_version(deadline)).await;
        let proved = proved
            .unwrap_or(Err(HookError::OutOfTime))
            .inspect_err(|error| error!(error = error as &dyn Error, "before traffic"));
        // Logged before: whether CodeDeploy can be told is another matter.
        event.tell(&self.codedeploy, proved.is_ok()).await?;
        proved
    }

    async fn prove_version(&self, deadline: Instant) -> Result<(), HookError> {
        let version = self.config.webhook_version.clone();
        let transport = Transport::Function {
            lambda: self.lambda.clone(),
            version: version.ok_or(HookError::NoVersion)?,
            limit: self.budget.call,
        };
        let target = &self.config.target;
        match self.probe(target, transport).await {
            // Nothing to prove with, and nobody is answered with a number yet.
            Err(error) if error.is_not_set_yet() => {
                warn!(%error, "the new version is not proved");
                Ok(())
            }
            probe => {
                let proof = probe?.prove(&target.url, deadline).await?;
                info!(?proof, "the new version is proved");
                Ok(())
            }
        }
    }
}
