//! Requests that HubSpot would never send, to see that they are refused.

use std::time::SystemTime;

use channel_connection::{
    client_secrets::SigningSecret, ids::AppId, numbers_request::NumbersRequest,
    signature::LONGEST_AGE, webhook_call::WebhookCall, webhook_url::WebhookUrl,
};
use serde::Deserialize;

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Misbehaviour {
    /// It is signed with a secret that is not the app's.
    WrongSignature,
    /// It is signed rightly, but too long ago.
    StaleTimestamp,
    /// It is signed rightly, for an app that is not the vendor's.
    ForeignApp,
    /// One byte of the body was changed after it was signed.
    TamperedBody,
}

const NOBODYS_SECRET: &str = "a secret that is not the app's";

/// Signs a request as HubSpot does, but for what is wrong with it.
pub(crate) fn signed(
    url: WebhookUrl,
    question: NumbersRequest,
    secret: &SigningSecret,
    misbehaviour: Option<Misbehaviour>,
) -> WebhookCall {
    let now = SystemTime::now();
    let sign = |question, secret, at| WebhookCall::signed(url, question, secret, at);
    match misbehaviour {
        None => sign(question, secret, now),
        Some(Misbehaviour::WrongSignature) => {
            let nobodys = SigningSecret::new(NOBODYS_SECRET);
            sign(question, nobodys.as_ref().unwrap_or(secret), now)
        }
        Some(Misbehaviour::StaleTimestamp) => sign(question, secret, now - 2 * LONGEST_AGE),
        Some(Misbehaviour::ForeignApp) => {
            let app_id = AppId::LARGEST;
            sign(NumbersRequest { app_id, ..question }, secret, now)
        }
        Some(Misbehaviour::TamperedBody) => {
            let mut call = sign(question, secret, now);
            call.body = call.body.replacen(':', ";", 1);
            call
        }
    }
}
