//! Requests that are not answered with numbers: what the caller sees, and what the log says.
//!
//! The caller learns whose fault it was and nothing about us; every unsigned, forged or stale
//! request gets one and the same body.

use channel_connection::{
    ids::AppId, numbers_request::NumbersRequestError, signature::SignatureError,
};
use serde::Serialize;

use crate::{answer::Answer, event::EventError, numbers_table::ReadError};

/// The reason a request is refused; `Display` is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The event is none, or its body is too large.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The path is not the webhook's.
    #[error("another path")]
    OtherPath,
    /// The method is not POST.
    #[error("another method")]
    OtherMethod,
    /// The request is not proved to be HubSpot's.
    #[error(transparent)]
    NotHubSpot(#[from] SignatureError),
    /// HubSpot sent something else than the question for numbers.
    #[error(transparent)]
    Malformed(#[from] NumbersRequestError),
    /// The question is for another app of the same vendor.
    #[error("a request for app {0}")]
    OtherApp(AppId),
    /// Nothing can be verified yet.
    #[error("the client secret could not be read")]
    NoSecret,
    /// The numbers cannot be read now, and none are remembered.
    #[error(transparent)]
    Unavailable(#[from] ReadError),
}

impl Refusal {
    /// Returns the outcome's name in logs and metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Event(EventError::NotAnEvent) | Self::Malformed(_) => "malformed",
            Self::Event(EventError::TooLarge) => "too_large",
            Self::OtherPath => "other_path",
            Self::OtherMethod => "other_method",
            Self::NotHubSpot(_) => "not_hubspot",
            Self::OtherApp(_) => "other_app",
            Self::NoSecret | Self::Unavailable(_) => "unavailable",
        }
    }

    /// Tells the caller, with the request's id to ask after.
    pub fn answer(&self, request_id: &str) -> Answer {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            message: String,
            request_id: &'a str,
        }
        let body = Body {
            message: self.message(),
            request_id,
        };
        // A struct of two texts serialises always.
        let answer = Answer::json(
            self.status(),
            serde_json::to_string(&body).unwrap_or_default(),
        );
        match self {
            Self::NoSecret | Self::Unavailable(_) => answer.retry_after("5"),
            Self::OtherMethod => answer.allow("POST"),
            _ => answer,
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Event(EventError::NotAnEvent) | Self::Malformed(_) => 400,
            Self::NotHubSpot(_) => 401,
            Self::OtherApp(_) => 403,
            Self::OtherPath => 404,
            Self::OtherMethod => 405,
            Self::Event(EventError::TooLarge) => 413,
            Self::NoSecret | Self::Unavailable(_) => 503,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Event(EventError::NotAnEvent) => "The request cannot be read.".into(),
            Self::Event(EventError::TooLarge) => "The body is too large.".into(),
            Self::OtherPath => "There is nothing here.".into(),
            Self::OtherMethod => "Only POST is answered.".into(),
            Self::NotHubSpot(_) => "The request is not signed by HubSpot for this URL.".into(),
            Self::Malformed(error) => format!("The request cannot be read: {error}."),
            Self::OtherApp(_) => "This webhook serves another app.".into(),
            Self::NoSecret | Self::Unavailable(_) => {
                "The numbers cannot be read now. Try again.".into()
            }
        }
    }
}
