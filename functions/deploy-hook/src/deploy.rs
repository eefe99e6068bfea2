//! A deploy: `CloudFormation`'s request for the registration, and `CodeDeploy`'s for a new version of the
//! webhook. Each gets the outcome by a call of its own.

use std::error::Error;

use aws_sdk_codedeploy::types::LifecycleEventStatus;
use channel_connection::aws_error::AwsError;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::{error, info, warn};

use crate::{
    Handler, HookError,
    cloudformation::StackRequest,
    desired_state::Operation,
    hubspot::client::Audit,
    probe::Transport,
    registration::{self, AfterFailure},
    retries::Retries,
};

/// The event before CodeDeploy shifts traffic; `aws_lambda_events` has only that of `EventBridge`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LifecycleEvent {
    deployment_id: String,
    lifecycle_event_hook_execution_id: String,
}

impl Handler {
    /// Executes the request of a stack, and sends CloudFormation the outcome.
    pub(crate) async fn deploy(&self, event: Value, deadline: Instant) -> Result<(), HookError> {
        let request = StackRequest::new(event, self.config.url_policy)?;
        let result = timeout_at(deadline, Box::pin(self.execute(&request, deadline))).await;
        let result = result.unwrap_or(Err(HookError::Interrupted));
        match &result {
            Ok(done) => info!(done, "deploy"),
            Err(error) => error!(error = error as &dyn Error, "deploy"),
        }
        let until = deadline + self.budget.response_reserve;
        let retries = Retries::new(self.budget.response, self.budget.call, until);
        request.respond(&self.http, &result, retries).await?;
        // Lambda counts a failure, and an alarm watches that.
        result.map(drop)
    }

    async fn execute(
        &self,
        request: &StackRequest,
        deadline: Instant,
    ) -> Result<String, HookError> {
        let operation = request.operation(self.config.url_policy)?;
        let audit = Audit::new(request.stack_id(), &request.reason());
        let done = self.run(&operation, audit, deadline).await;
        done.or_else(|error| allowed(request, error))
    }

    /// Runs an operation; returns a sentence for people.
    pub(crate) async fn run(
        &self,
        operation: &Operation,
        audit: Audit,
        deadline: Instant,
    ) -> Result<String, HookError> {
        match operation {
            Operation::NoOp(reason) => Ok((*reason).into()),
            Operation::Register(desired) => {
                // The last part of the time is kept for a rollback.
                let until = deadline.checked_sub(self.budget.rollback_reserve);
                let until = until.unwrap_or(deadline);
                let api = self.settings_api(&desired.target, audit, until).await?;
                let probe = self.public_probe(&desired.target, until).await?;
                registration::register(&api, &probe, desired, until, deadline).await
            }
            Operation::Hold(target) | Operation::Remove(target) => {
                let api = self.settings_api(target, audit, deadline).await?;
                let withdrawn = if matches!(operation, Operation::Hold(_)) {
                    registration::hold(&api, deadline).await
                } else {
                    registration::remove(&api, deadline).await
                };
                withdrawn.map_err(|error| match error {
                    HookError::NoSettings | HookError::OtherUrl => error,
                    error => HookError::failed(error, AfterFailure::NotWithdrawn),
                })
            }
        }
    }

    /// Verifies the webhook's new version, and reports the outcome to CodeDeploy.
    pub(crate) async fn before_traffic(
        &self,
        event: LifecycleEvent,
        deadline: Instant,
    ) -> Result<(), HookError> {
        let verified = timeout_at(deadline, self.verify_version(deadline)).await;
        let verified = verified
            .unwrap_or(Err(HookError::OutOfTime))
            .inspect_err(|error| error!(error = error as &dyn Error, "before traffic"));
        self.report(&event, verified.is_ok()).await?;
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
                let verified = probe?.verify(deadline).await?;
                info!(?verified, "the new version is verified");
            }
        }
        Ok(())
    }

    /// Without a report CodeDeploy waits for an hour.
    async fn report(&self, event: &LifecycleEvent, is_verified: bool) -> Result<(), HookError> {
        let status = if is_verified {
            LifecycleEventStatus::Succeeded
        } else {
            LifecycleEventStatus::Failed
        };
        let report = self
            .codedeploy
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(&event.deployment_id)
            .lifecycle_event_hook_execution_id(&event.lifecycle_event_hook_execution_id)
            .status(status);
        report.send().await.map(drop).map_err(|error| {
            let error = AwsError::from(&error);
            HookError::Report(format!("CodeDeploy did not accept the outcome: {error}"))
        })
    }
}

/// Returns the explanation of a failure that must not fail the stack.
///
/// A delete leaves another stack's settings alone. A stack that creates its secrets comes before they
/// are set. A stack whose rollback fails can no longer be updated, so a rollback that has nothing to
/// bring back succeeds: without secrets the deploy that failed wrote nothing either, or it asks for the
/// same, or HubSpot has it already, and only the webhook could not be verified.
fn allowed(request: &StackRequest, error: HookError) -> Result<String, HookError> {
    match &error {
        HookError::NoSettings | HookError::OtherUrl if request.is_delete() => {
            return Ok(error.to_string());
        }
        error if error.is_not_set_yet() && request.is_delete() => {
            return Ok(format!("Nothing was removed from HubSpot: {error}."));
        }
        _ => {}
    }
    if error.is_not_set_yet() && (request.may_precede_secrets() || request.is_rollback()) {
        return Ok(format!(
            "Nothing was sent to HubSpot: {error}. Set it, then deploy again."
        ));
    }
    let brings_nothing_back = request.changes_nothing() || error.left_the_desired_state();
    if request.is_rollback_in_place() && brings_nothing_back {
        warn!(error = &error as &dyn Error, "rollback");
        return Ok(format!("Rolled back, with one thing to look at: {error}"));
    }
    Err(error)
}
