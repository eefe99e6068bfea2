//! An operator's action: done, and answered with how things stand after it.

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{
    action::{Action, Request},
    audit::Audit,
    hook::Hook,
    hook_error::HookError,
    readiness::{Readiness, Wanted},
    report::{LastProbe, RegistrationReport, Report},
    withdrawal::{Leaving, Withdrawal},
};

impl Hook {
    /// Does what an operator asks for; the answer tells how things stand, whatever became of it.
    pub(crate) async fn operate(&self, request: Request, deadline: Instant) -> Value {
        let Request { action, why } = request;
        let deadline = deadline.min(Instant::now() + self.budget.action);
        let audit = Audit::new(format!("action {}", action.name()), &why);
        let acted = timeout_at(deadline, self.act(action, audit, deadline)).await;
        let outcome = acted.unwrap_or(Err(HookError::OutOfTime));
        if let Err(error) = &outcome {
            tracing::error!(
                error = error as &dyn std::error::Error,
                action = action.name()
            );
        }
        let ((registration, refused), last_probe) =
            tokio::join!(self.registration_report(deadline), self.last_probe());
        let outcome = match refused {
            // Status is nothing but that report.
            Some(error) if action == Action::Status => Err(error.to_string()),
            _ => outcome.map_err(|error| error.to_string()),
        };
        let report = Report::new(
            action,
            outcome,
            &self.config.target,
            registration,
            last_probe,
        );
        // A plain struct of texts and numbers serialises always.
        serde_json::to_value(report).unwrap_or_default()
    }

    async fn act(
        &self,
        action: Action,
        audit: Audit,
        deadline: Instant,
    ) -> Result<String, HookError> {
        let target = &self.config.target;
        let register = |readiness, only_if_registered| {
            let wanted = Wanted {
                url: &target.url,
                former_url: None,
                readiness,
                only_if_registered,
            };
            self.register(target, wanted, audit.clone(), deadline)
        };
        let withdraw = async |leaving| {
            let withdrawn = self
                .withdraw(target, leaving, audit.clone(), deadline)
                .await?;
            match withdrawn {
                Withdrawal::OfAnotherStack => {
                    Err(HookError::NothingOfOurs(withdrawn.explain(leaving)))
                }
                _ => Ok(withdrawn.explain(leaving).to_owned()),
            }
        };
        match action {
            Action::Status => Ok("See registered and lastProbe.".into()),
            Action::Probe => {
                let probe = self.public_probe(target).await?;
                probe.prove(&target.url, deadline).await?;
                Ok("The webhook answers HubSpot, and nobody else.".into())
            }
            Action::Release => register(Readiness::Ready, true).await,
            Action::Register { is_ready } => register(is_ready, false).await,
            Action::Hold => withdraw(Leaving::HeldBack).await,
            Action::Remove => withdraw(Leaving::Nothing).await,
        }
    }

    async fn registration_report(
        &self,
        deadline: Instant,
    ) -> (RegistrationReport, Option<HookError>) {
        let target = &self.config.target;
        let api = match self.settings_api(target, deadline).await {
            Ok(api) => api,
            Err(error) => return (RegistrationReport::unknown(None, &error), Some(error)),
        };
        let kind = api.credential_kind();
        match api.read(deadline).await {
            Ok(held) => (RegistrationReport::new(kind, target, held), None),
            Err(error) => {
                let error = error.into();
                (RegistrationReport::unknown(Some(kind), &error), Some(error))
            }
        }
    }

    async fn last_probe(&self) -> LastProbe {
        let target = &self.config.target;
        match self.public_probe(target).await {
            Ok(probe) => probe.prove_once(&target.url).await.into(),
            Err(error) => LastProbe::failed(&error),
        }
    }
}
