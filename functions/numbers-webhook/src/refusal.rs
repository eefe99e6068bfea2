//! Requests that are not answered with numbers: what the caller sees, and what the log says.
//!
//! The caller learns whose fault it was and nothing about us; every unsigned, forged or stale
//! request gets one and the same body.

use channel_connection::{
    ids::AppId, numbers_request::NumbersRequestError, numbers_table::ReadError,
    signature::SignatureError,
};
use lambda_http::http::StatusCode;

/// The reason a request is refused; `Display` is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The body is larger than any that HubSpot sends.
    #[error("a body of {0} bytes")]
    TooLarge(usize),
    /// The request is not proved to be HubSpot's.
    #[error(transparent)]
    NotHubSpot(#[from] SignatureError),
    /// HubSpot sent something else than the question for numbers.
    #[error(transparent)]
    Malformed(#[from] NumbersRequestError),
    /// The question is for another app of the same vendor.
    #[error("a request for app {0}")]
    OtherApp(AppId),
    /// The numbers cannot be read now.
    #[error(transparent)]
    Unavailable(#[from] ReadError),
}

impl Refusal {
    /// The status that the caller gets.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotHubSpot(_) => StatusCode::UNAUTHORIZED,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::OtherApp(_) => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The message that the caller gets.
    pub fn message(&self) -> String {
        match self {
            Self::TooLarge(_) => "The body is too large.".into(),
            Self::NotHubSpot(_) => "The request is not signed by HubSpot for this URL.".into(),
            Self::Malformed(error) => format!("The request cannot be read: {error}."),
            Self::OtherApp(_) => "This webhook serves another app.".into(),
            Self::Unavailable(_) => "The numbers cannot be read now. Try again.".into(),
        }
    }

    /// The outcome's name in logs and metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "too_large",
            Self::NotHubSpot(_) => "not_hubspot",
            Self::Malformed(_) => "malformed",
            Self::OtherApp(_) => "other_app",
            Self::Unavailable(_) => "unavailable",
        }
    }
}
