//! The probe: verifies that a webhook answers HubSpot's request, and nobody else's.

use std::time::{Duration, SystemTime};

use aws_sdk_lambda::{Client as Lambda, primitives::Blob};
use channel_connection::{
    aws_error::AwsError,
    client_secrets::SigningSecret,
    contract,
    http_client::HttpError,
    ids::{AppId, PortalId, UserId},
    numbers_request::NumbersRequest,
    webhook_call::{WebhookCall, WebhookResponse},
    webhook_url::WebhookUrl,
};
use reqwest::Client;
use serde::Deserialize;
use tokio::time::{Instant, timeout};

use crate::retries::{Retries, RetryHint, TimeBudget};

/// The requests of one attempt: signed, wrongly signed, unsigned.
const REQUESTS: u32 = 3;

/// Calls a webhook as HubSpot would, and as forgers would.
#[derive(Debug)]
pub(crate) struct Probe {
    pub transport: Transport,
    pub url: WebhookUrl,
    pub secret: SigningSecret,
    pub app_id: AppId,
    pub portal: PortalId,
    pub least_numbers: usize,
    pub budget: TimeBudget,
}

/// The way to a webhook.
#[derive(Debug, Clone)]
pub(crate) enum Transport {
    /// Its public URL, as HubSpot calls it.
    Http(Client),
    /// One version of its function, by ARN, before it gets traffic.
    Function { lambda: Lambda, version: String },
}

/// A verified webhook's response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verified {
    pub numbers: usize,
    /// The signed request's time.
    pub milliseconds: u64,
}

/// The reason a webhook is not verified, and what to check.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error(
        "the webhook did not respond: {0}. Check that its URL can be reached from the internet"
    )]
    NoResponse(#[from] HttpError),
    #[error("the webhook's new version did not respond: {0}. See the log of its function")]
    InvocationFailed(String),
    #[error(
        "the webhook refused the signed request with {0}. \
         Check that it has the same client secret and URL as this hook"
    )]
    SignedRefused(u16),
    #[error(
        "the webhook answered the signed request with {0}, expected 200. See the log of its function"
    )]
    NotOk(u16),
    #[error("the webhook's response violates HubSpot's contract: {0}")]
    Violation(String),
    #[error("the webhook answered {found} numbers for the probed portal, expected at least {min}")]
    TooFewNumbers { found: usize, min: usize },
    #[error(
        "the webhook answered {1} request with {0}, expected 401: it must refuse what HubSpot did not sign"
    )]
    AcceptedUnsigned(u16, &'static str),
}

impl Probe {
    /// Verifies the URL, with retries; the error is the last attempt's.
    pub(crate) async fn verify(&self, until: Instant) -> Result<Verified, ProbeError> {
        let attempt = self.budget.call * REQUESTS;
        let retries = Retries::new(self.budget.probe, attempt, until);
        // A new deployment may still answer like the one before.
        let hint = |_: &ProbeError| RetryHint::Backoff;
        retries.run(hint, async || self.verify_once().await).await
    }

    /// Verifies the URL with one attempt.
    pub(crate) async fn verify_once(&self) -> Result<Verified, ProbeError> {
        let request = NumbersRequest {
            app_id: self.app_id,
            portal_id: self.portal,
            // A user without numbers of their own.
            user_id: UserId::MAX,
        };
        let now = SystemTime::now();
        let signed = WebhookCall::signed(self.url.clone(), request, &self.secret, now);
        let started = Instant::now();
        let response = self.send(&signed).await?;
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let numbers = self.check(&response)?;
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
                status => return Err(ProbeError::AcceptedUnsigned(status, kind)),
            }
        }
        Ok(Verified {
            numbers,
            milliseconds,
        })
    }

    fn check(&self, response: &WebhookResponse) -> Result<usize, ProbeError> {
        match response.status {
            200 => {}
            status @ (401 | 403) => return Err(ProbeError::SignedRefused(status)),
            status => return Err(ProbeError::NotOk(status)),
        }
        if let Some(violation) = contract::violations(200, &response.body).into_iter().next() {
            return Err(ProbeError::Violation(violation));
        }
        let (found, min) = (contract::count(&response.body), self.least_numbers);
        if found < min {
            return Err(ProbeError::TooFewNumbers { found, min });
        }
        Ok(found)
    }

    async fn send(&self, call: &WebhookCall) -> Result<WebhookResponse, ProbeError> {
        match &self.transport {
            Transport::Http(http) => Ok(call.send(http).await?),
            Transport::Function { lambda, version } => {
                let invoked = invoke(lambda, version, call, self.budget.call).await;
                invoked.map_err(ProbeError::InvocationFailed)
            }
        }
    }
}

async fn invoke(
    lambda: &Lambda,
    version: &str,
    call: &WebhookCall,
    limit: Duration,
) -> Result<WebhookResponse, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        status_code: u16,
        #[serde(default)]
        body: String,
    }
    let event = Blob::new(call.to_event().to_string());
    let invocation = lambda.invoke().function_name(version).payload(event);
    let invoked = timeout(limit, invocation.send())
        .await
        .map_err(|_| "no response in time")?
        .map_err(|error| AwsError::from(&error).to_string())?;
    if let Some(kind) = invoked.function_error() {
        return Err(format!("it failed ({kind})"));
    }
    let payload = invoked.payload.map(Blob::into_inner).unwrap_or_default();
    let response: Response = serde_json::from_slice(&payload)
        .map_err(|_| "its response is none that API Gateway accepts")?;
    Ok(WebhookResponse {
        status: response.status_code,
        body: response.body.into_bytes(),
    })
}
