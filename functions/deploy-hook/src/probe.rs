//! The proof that a webhook is ours: it answers what HubSpot would ask, and nobody else.

use std::time::{Instant, SystemTime};

use aws_sdk_lambda::{Client as Lambda, error::ProvideErrorMetadata, primitives::Blob};
use channel_connection::{
    client_secrets::SigningSecret,
    contract,
    ids::AppId,
    numbers_request::NumbersRequest,
    public_url::PublicUrl,
    webhook_call::{CallError, WebhookAnswer, WebhookCall},
};
use reqwest::Client;
use serde::Deserialize;
use tokio::time::{Instant as Deadline, sleep, timeout};

use crate::{config::ProbedPortal, time_budget::TimeBudget};

/// How many requests make a proof: signed, wrongly signed, unsigned.
const REQUESTS: u32 = 3;

/// The way to a webhook.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Its public URL, as HubSpot calls it.
    Http(Client),
    /// One version of its function, before anybody is sent there.
    Function {
        /// Lambda's own API.
        lambda: Lambda,
        /// The version's ARN.
        version: String,
    },
}

/// Calls webhooks as HubSpot would, and as forgers would.
#[derive(Debug)]
pub struct Probe {
    transport: Transport,
    secret: SigningSecret,
    question: NumbersRequest,
    least_numbers: usize,
    budget: TimeBudget,
}

/// What a webhook that was proved has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// How many numbers it answered.
    pub numbers: usize,
    /// How long the signed request took, in milliseconds.
    pub milliseconds: u128,
}

/// The reason a webhook is not proved, and what to look at.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The webhook gave no answer.
    #[error("the webhook gave no answer: {0}. Check that its URL can be reached from the internet")]
    NoAnswer(#[from] CallError),
    /// The function could not be invoked, or failed.
    #[error("the webhook's new version gave no answer: {0}. See the log of its function")]
    Invocation(String),
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
    #[error("the webhook answered {1} request with {0}, not 401: anybody could read the numbers")]
    StrangerAnswered(u16, &'static str),
}

impl Probe {
    /// Prepares to ask for `app`, signing with the current client secret.
    pub fn new(
        transport: Transport,
        secret: SigningSecret,
        app_id: AppId,
        portal: ProbedPortal,
        budget: TimeBudget,
    ) -> Self {
        let question = NumbersRequest {
            app_id,
            portal_id: portal.id,
            user_id: portal.user,
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
    pub async fn prove(&self, url: &PublicUrl, until: Deadline) -> Result<Proof, ProbeError> {
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
    pub async fn prove_once(&self, url: &PublicUrl) -> Result<Proof, ProbeError> {
        let signed =
            WebhookCall::signed(url.clone(), self.question, &self.secret, SystemTime::now());
        let started = Instant::now();
        let answer = self.send(&signed).await?;
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
            match self.send(&call).await?.status {
                401 | 403 => {}
                status => return Err(ProbeError::StrangerAnswered(status, kind)),
            }
        }
        Ok(Proof {
            numbers,
            milliseconds,
        })
    }

    fn check(&self, answer: &WebhookAnswer) -> Result<usize, ProbeError> {
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

    async fn send(&self, call: &WebhookCall) -> Result<WebhookAnswer, ProbeError> {
        match &self.transport {
            Transport::Http(http) => Ok(call.send(http).await?),
            Transport::Function { lambda, version } => {
                let answer = timeout(self.budget.call, invoke(lambda, version, call)).await;
                answer.unwrap_or_else(|_| Err(ProbeError::Invocation("no answer in time".into())))
            }
        }
    }
}

async fn invoke(
    lambda: &Lambda,
    version: &str,
    call: &WebhookCall,
) -> Result<WebhookAnswer, ProbeError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        status_code: u16,
        #[serde(default)]
        body: String,
    }
    let event = Blob::new(call.to_event().to_string());
    let invocation = lambda.invoke().function_name(version).payload(event);
    let invoked = invocation.send().await.map_err(|error| {
        let code = error.code().unwrap_or("Lambda cannot be reached");
        ProbeError::Invocation(code.to_owned())
    })?;
    if let Some(kind) = invoked.function_error() {
        return Err(ProbeError::Invocation(format!("it failed ({kind})")));
    }
    let payload = invoked.payload.map(Blob::into_inner).unwrap_or_default();
    let answer: Answer = serde_json::from_slice(&payload)
        .map_err(|_| ProbeError::Invocation("its answer is none that API Gateway takes".into()))?;
    Ok(WebhookAnswer {
        status: answer.status_code,
        body: answer.body.into_bytes(),
    })
}
