//! A deploy: from CloudFormation's event to the registration, and back with the outcome.

use std::error::Error;

use tokio::time::{Instant, timeout_at};
use tracing::{error, info, warn};

use crate::{
    audit::Audit,
    config::Target,
    custom_resource::{ResourceEvent, Wish},
    hook::Hook,
    hook_error::HookError,
    outcome::Outcome,
    readiness::Wanted,
    registration::Deadlines,
    response_url,
    withdrawal::{Leaving, Withdrawal},
};

impl Hook {
    /// Does what a stack asks for, and tells it the outcome, whatever that is.
    pub(crate) async fn deploy(
        &self,
        event: ResourceEvent,
        deadline: Instant,
    ) -> Result<(), HookError> {
        let fulfilled = timeout_at(deadline, self.fulfil(&event, deadline)).await;
        let fulfilled = match fulfilled.unwrap_or(Err(HookError::OutOfTime)) {
            Err(error) if event.rolls_back_in_place() => {
                warn!(error = &error as &dyn Error, "roll-back");
                Ok(format!("Rolled back, with one thing to look at: {error}"))
            }
            fulfilled => fulfilled,
        };
        match &fulfilled {
            Ok(done) => info!(done, "deploy"),
            Err(error) => error!(error = error as &dyn Error, "deploy"),
        }
        let answer = Outcome::from(fulfilled.as_ref()).answer(&event);
        response_url::put(&self.http, event.response_url(), &answer).await?;
        // Told, a failure is still the invocation's: Lambda counts it, and an alarm watches that.
        fulfilled.map(drop)
    }

    async fn fulfil(&self, event: &ResourceEvent, deadline: Instant) -> Result<String, HookError> {
        let audit = Audit::new(event.stack(), &event.reason());
        match event.wish(self.config.reach)? {
            Wish::Nothing(explanation) => Ok(explanation.into()),
            Wish::Register {
                target,
                former_url,
                readiness,
            } => {
                let wanted = Wanted {
                    url: &target.url,
                    former_url: former_url.as_deref(),
                    readiness,
                    only_if_registered: event.rolls_back_in_place(),
                };
                match self.register(&target, wanted, audit, deadline).await {
                    Err(error) if error.is_not_set_yet() && event.may_precede_secrets() => Ok(
                        format!("Nothing was told to HubSpot: {error}. Set it, then deploy again."),
                    ),
                    registered => registered,
                }
            }
            Wish::Withdraw(target, leaving) => {
                match self.withdraw(&target, leaving, audit, deadline).await {
                    Err(error) if error.is_not_set_yet() => {
                        Ok(format!("Nothing was removed from HubSpot: {error}."))
                    }
                    Ok(withdrawal) => Ok(withdrawal.explain(leaving).into()),
                    Err(error) => Err(error),
                }
            }
        }
    }

    pub(crate) async fn register(
        &self,
        target: &Target,
        wanted: Wanted<'_>,
        audit: Audit,
        deadline: Instant,
    ) -> Result<String, HookError> {
        let to_restore = self.budget.to_restore;
        let deadlines = Deadlines {
            done: deadline.checked_sub(to_restore).unwrap_or(deadline),
            restored: deadline,
        };
        let registration = self.registration(target, audit, deadlines.done).await?;
        let probe = self.public_probe(target).await?;
        let registered = registration.register(&probe, wanted, deadlines).await?;
        Ok(registered.to_string())
    }

    pub(crate) async fn withdraw(
        &self,
        target: &Target,
        leaving: Leaving,
        audit: Audit,
        deadline: Instant,
    ) -> Result<Withdrawal, HookError> {
        let registration = self.registration(target, audit, deadline).await?;
        let withdrawn = registration.withdraw(&target.url, leaving, deadline).await;
        withdrawn.map_err(HookError::Withdraw)
    }
}
