//! The proof that a URL is our webhook: it answers what HubSpot would ask, and nobody else.

use std::time::{Duration, SystemTime};

use channel_connection::{
    client_secrets::SigningSecret,
    contract,
    ids::{AppId, PortalId, UserId},
    numbers_request::NumbersRequest,
    public_url::PublicUrl,
    webhook_call::{CallError, WebhookAnswer, WebhookCall},
};
use reqwest::Client;

/// How long a URL that does not answer rightly yet is tried again.
///
/// A new API deployment, permission or DNS name takes a while to be known everywhere.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How many times the URL is tried in all.
    pub tries: u32,
    /// How long to wait between two tries.
    pub pause: Duration,
}

/// Calls webhooks as HubSpot would, and as a forger would.
///
/// It asks for a portal that no customer has, whose list is empty.
#[derive(Debug)]
pub struct Probe {
    http: Client,
    secret: SigningSecret,
    question: NumbersRequest,
    patience: Patience,
}

/// The reason a URL is not proved.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The webhook gave no answer.
    #[error("the webhook gave no answer: {0}")]
    NoAnswer(#[from] CallError),
    /// The webhook did not answer the signed request with 200.
    #[error("the webhook answered the signed request with {0}, not 200")]
    NotOk(u16),
    /// The webhook's answer departs from HubSpot's contract.
    #[error("the webhook's answer departs from HubSpot's contract: {0}")]
    Violation(contract::Violation),
    /// The webhook answered a wrongly signed request.
    #[error("the webhook answered a wrongly signed request with {0}, not 401")]
    ForgeryAnswered(u16),
}

impl Probe {
    /// Prepares to ask for `app`, signing with the current client secret.
    pub fn new(http: Client, secret: SigningSecret, app_id: AppId, patience: Patience) -> Self {
        let question = NumbersRequest {
            app_id,
            portal_id: PortalId::LARGEST,
            user_id: UserId::LARGEST,
        };
        Self {
            http,
            secret,
            question,
            patience,
        }
    }

    /// Proves a URL, trying again while there is patience; the error is the last try's.
    pub async fn prove(&self, url: &PublicUrl) -> Result<(), ProbeError> {
        let mut tries_left = self.patience.tries;
        loop {
            tries_left = tries_left.saturating_sub(1);
            match self.try_once(url).await {
                Err(error) if tries_left > 0 => {
                    tracing::info!(%url, %error, tries_left, "not proved yet");
                    tokio::time::sleep(self.patience.pause).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_once(&self, url: &PublicUrl) -> Result<(), ProbeError> {
        let signed =
            WebhookCall::signed(url.clone(), self.question, &self.secret, SystemTime::now());
        check_answer(&signed.send(&self.http).await?)?;
        let forged = WebhookCall {
            body: format!("{} ", signed.body),
            ..signed
        };
        match forged.send(&self.http).await?.status {
            401 => Ok(()),
            status => Err(ProbeError::ForgeryAnswered(status)),
        }
    }
}

fn check_answer(answer: &WebhookAnswer) -> Result<(), ProbeError> {
    if answer.status != 200 {
        return Err(ProbeError::NotOk(answer.status));
    }
    contract::violations(&answer.body)
        .into_iter()
        .next()
        .map_or(Ok(()), |violation| Err(ProbeError::Violation(violation)))
}
