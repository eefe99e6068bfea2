//! The proof that a webhook is ours: it answers what HubSpot would ask, and nobody else.

use std::time::{Instant, SystemTime};

use channel_connection::{
    client_secrets::SigningSecret,
    contract,
    ids::{AppId, UserId},
    numbers_request::NumbersRequest,
    webhook_call::{WebhookCall, WebhookResponse},
    webhook_url::WebhookUrl,
};
use tokio::time::{Instant as Deadline, sleep};

use crate::{
    config::ProbedPortal,
    time_budget::TimeBudget,
    transport::{Transport, TransportError},
};

/// How many requests make a proof: signed, wrongly signed, unsigned.
const REQUESTS: u32 = 3;

/// Calls webhooks as HubSpot would, and as forgers would.
#[derive(Debug)]
pub(crate) struct Probe {
    transport: Transport,
    secret: SigningSecret,
    question: NumbersRequest,
    least_numbers: usize,
    budget: TimeBudget,
}

/// What a webhook that was proved has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof {
    /// How many numbers it answered.
    pub numbers: usize,
    /// How long the signed request took, in milliseconds.
    pub milliseconds: u128,
}

/// The reason a webhook is not proved, and what to look at.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The webhook gave no answer.
    #[error(transparent)]
    NoAnswer(#[from] TransportError),
    /// The webhook refused the signed request.
    #[error(
        "the webhook refused the signed request with {0}. \
         Check that it has the same client secret and URL as this hook"
    )]
    SignedRefused(u16),
    /// The webhook failed.
    #[error(
        "the webhook answered the signed request with {0}, not 200. See the log of its function"
    )]
    NotOk(u16),
    /// The webhook's answer departs from HubSpot's contract.
    #[error("the webhook's answer departs from HubSpot's contract: {0}")]
    Violation(contract::Violation),
    /// The portal that was asked about has fewer numbers than it should.
    #[error("the webhook answered {found} numbers for the probed portal, fewer than {least}")]
    TooFew {
        /// How many it answered.
        found: usize,
        /// How many it should.
        least: usize,
    },
    /// The webhook answered a request that HubSpot did not make.
    #[error(
        "the webhook answered {1} request with {0}, not 401: it must refuse what HubSpot did not sign"
    )]
    StrangerAnswered(u16, &'static str),
}

impl Probe {
    /// Prepares to ask for `app`, signing with the current client secret.
    pub(crate) fn new(
        transport: Transport,
        secret: SigningSecret,
        app_id: AppId,
        portal: ProbedPortal,
        budget: TimeBudget,
    ) -> Self {
        let question = NumbersRequest {
            app_id,
            portal_id: portal.id,
            // A user whom no number is kept for alone.
            user_id: UserId::LARGEST,
        };
        Self {
            transport,
            secret,
            question,
            least_numbers: portal.least_numbers,
            budget,
        }
    }

    /// Proves a URL, trying again while there is patience, and time for one more try before `until`.
    ///
    /// The error is the last try's.
    pub(crate) async fn prove(
        &self,
        url: &WebhookUrl,
        until: Deadline,
    ) -> Result<Proof, ProbeError> {
        let mut tries_left = self.budget.probe_tries;
        loop {
            tries_left = tries_left.saturating_sub(1);
            match self.prove_once(url).await {
                Err(error) if tries_left > 0 && self.has_time_before(until) => {
                    tracing::info!(%url, %error, tries_left, "not proved yet");
                    sleep(self.budget.probe_pause).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn has_time_before(&self, until: Deadline) -> bool {
        let one_try = self.budget.probe_pause + self.budget.call * REQUESTS;
        Deadline::now() + one_try <= until
    }

    /// Proves a URL with one try.
    pub(crate) async fn prove_once(&self, url: &WebhookUrl) -> Result<Proof, ProbeError> {
        let signed =
            WebhookCall::signed(url.clone(), self.question, &self.secret, SystemTime::now());
        let started = Instant::now();
        let answer = self.transport.send(&signed).await?;
        let milliseconds = started.elapsed().as_millis();
        let numbers = self.check(&answer)?;
        let forged = WebhookCall {
            body: format!("{} ", signed.body),
            ..signed.clone()
        };
        let unsigned = WebhookCall {
            signature: None,
            ..signed
        };
        for (call, kind) in [(forged, "a wrongly signed"), (unsigned, "an unsigned")] {
            match self.transport.send(&call).await?.status {
                401 | 403 => {}
                status => return Err(ProbeError::StrangerAnswered(status, kind)),
            }
        }
        Ok(Proof {
            numbers,
            milliseconds,
        })
    }

    fn check(&self, answer: &WebhookResponse) -> Result<usize, ProbeError> {
        match answer.status {
            200 => {}
            status @ (401 | 403) => return Err(ProbeError::SignedRefused(status)),
            status => return Err(ProbeError::NotOk(status)),
        }
        if let Some(violation) = contract::violations(&answer.body).into_iter().next() {
            return Err(ProbeError::Violation(violation));
        }
        let (found, least) = (contract::count(&answer.body), self.least_numbers);
        if found < least {
            return Err(ProbeError::TooFew { found, least });
        }
        Ok(found)
    }
}
