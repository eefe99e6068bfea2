//! Errors of HubSpot's API, with HubSpot's own reason and without any secret.

use std::fmt;

use channel_connection::{http_client, webhook_url::escape};
use reqwest::{StatusCode, header::HeaderMap};
use serde::Deserialize;

use crate::{
    hubspot::auth::Auth,
    retries::{RetryHint, hubspot_hint},
};

/// Maximum characters of a text of HubSpot's.
const MAX_TEXT: usize = 300;
const CORRELATION_ID: &str = "x-hubspot-correlation-id";

/// The reason a call of HubSpot's API failed; it never holds the URL, which may hold a key.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("HubSpot cannot be reached to {0} ({cause})", cause = http_client::cause(.1))]
    Unreachable(&'static str, #[source] reqwest::Error),
    #[error("HubSpot did not respond in time to {0}")]
    OutOfTime(&'static str),
    #[error("HubSpot's response to {0} is not as its specification says")]
    InvalidResponse(&'static str),
    #[error("HubSpot did not apply the change ({0}), although it accepted it")]
    NotApplied(&'static str),
    #[error("{0}")]
    Refused(Box<ErrorResponse>),
}

/// HubSpot's response to a refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    action: &'static str,
    status: u16,
    /// HubSpot's message and its category, without secrets.
    reason: String,
    correlation_id: String,
    /// The kind of the credential and what to check, if HubSpot rejected it.
    credential: Option<(&'static str, &'static str)>,
    /// Whether the body is HubSpot's, and not a proxy's.
    is_hubspots: bool,
    retry_hint: RetryHint,
}

/// HubSpot's error body, or the token endpoint's (RFC 6749); each field may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    message: Option<String>,
    category: Option<String>,
    #[serde(rename = "correlationId")]
    correlation_id: Option<String>,
    #[serde(rename = "policyName")]
    policy_name: Option<String>,
    /// `error`, or the code of an older token endpoint.
    status: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl ApiError {
    /// Reads an error response, however little of it is as documented.
    pub(crate) fn refused(
        action: &'static str,
        auth: &Auth,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        let body: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
        let shown = |text: &String| shown(auth, text);
        let is_rejected = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
            // RFC 6749 (5.2) allows 400 for a rejected client, too.
            || (status == StatusCode::BAD_REQUEST && auth.token_request().is_some());
        let correlation_id = body.correlation_id.as_ref().map(shown);
        Self::Refused(Box::new(ErrorResponse {
            action,
            status: status.as_u16(),
            is_hubspots: body.message.is_some() || body.category.is_some(),
            retry_hint: hubspot_hint(status, headers, body.policy_name.as_deref()),
            correlation_id: correlation_id.unwrap_or_else(|| self::correlation_id(auth, headers)),
            credential: is_rejected.then(|| (auth.kind(), auth.advice())),
            reason: body.reason(shown),
        }))
    }

    /// Returns whether HubSpot rejected the credential.
    pub fn rejects_credential(&self) -> bool {
        matches!(self, Self::Refused(response) if response.credential.is_some())
    }

    /// Returns whether HubSpot says that there is nothing; a proxy's 404 is no such answer.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(response) if response.status == 404 && response.is_hubspots)
    }

    /// Returns whether a write contradicts what HubSpot has: POST onto settings, PATCH of none.
    pub(crate) fn is_contradiction(&self) -> bool {
        matches!(self, Self::Refused(response) if matches!(response.status, 400 | 404 | 409))
    }

    /// Returns whether a write may have been applied.
    pub(crate) fn is_ambiguous(&self) -> bool {
        match self {
            Self::Unreachable(..) | Self::OutOfTime(_) | Self::InvalidResponse(_) => true,
            Self::NotApplied(_) => false,
            Self::Refused(response) => response.status >= 500,
        }
    }

    /// Returns whether and when another attempt may succeed.
    pub(crate) fn retry_hint(&self) -> RetryHint {
        match self {
            Self::Unreachable(..) | Self::InvalidResponse(_) => RetryHint::Backoff,
            Self::OutOfTime(_) | Self::NotApplied(_) => RetryHint::Never,
            Self::Refused(response) => response.retry_hint,
        }
    }
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            action,
            status,
            reason,
            correlation_id,
            ..
        } = self;
        match self.credential {
            Some((kind, advice)) => write!(
                formatter,
                "HubSpot refused the {kind} with {status}: {reason} \
                 (to {action}, correlation id {correlation_id}); {advice}"
            ),
            None => write!(
                formatter,
                "HubSpot answered {status} to {action}: {reason} (correlation id {correlation_id})"
            ),
        }
    }
}

impl ErrorBody {
    fn code(&self) -> Option<&String> {
        let status = self.status.as_ref().filter(|status| *status != "error");
        self.category.as_ref().or(self.error.as_ref()).or(status)
    }

    fn reason(&self, shown: impl Fn(&String) -> String) -> String {
        let text = self.message.as_ref().or(self.error_description.as_ref());
        match (text.map(&shown), self.code().map(&shown)) {
            (Some(text), Some(code)) => format!("{text} [{code}]"),
            (Some(text), None) => text,
            (None, Some(code)) => code,
            (None, None) => "no reason given".into(),
        }
    }
}

/// Returns HubSpot's id of a call, for questions to its support.
pub(crate) fn correlation_id(auth: &Auth, headers: &HeaderMap) -> String {
    let text = headers.get(CORRELATION_ID).and_then(|id| id.to_str().ok());
    text.map_or_else(|| "none".into(), |text| shown(auth, text))
}

/// Redacts secrets and queries before it truncates: half a secret is one too.
fn shown(auth: &Auth, text: &str) -> String {
    let text = auth.redact(text);
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let scheme = word.find("://").unwrap_or(word.len());
        match word[scheme..].find('?') {
            Some(query) => format!("{}?… ", &word[..scheme + query]),
            None => word.to_owned(),
        }
    });
    escape(words.collect::<String>().trim(), MAX_TEXT)
}

#[cfg(test)]
mod tests;
