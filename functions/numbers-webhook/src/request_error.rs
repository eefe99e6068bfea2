//! Requests that are not answered with numbers: the caller's response, and the log's reason.
//!
//! The caller learns whose fault it was and nothing about us. Every unsigned, forged or stale request
//! gets the same body.

use channel_connection::{
    aws_error::AwsError, ids::AppId, numbers_request::InvalidRequest, signature::SignatureError,
};
use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::json;

/// The reason a request is refused; `Display` is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("another path")]
    NotFound,
    #[error("another method")]
    MethodNotAllowed,
    #[error("the body is too large")]
    TooLarge,
    /// The request is not verified to be HubSpot's.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// HubSpot sent something else than a request for numbers.
    #[error(transparent)]
    Malformed(#[from] InvalidRequest),
    /// The request is for another app of the same vendor.
    #[error("a request for app {0}")]
    OtherApp(AppId),
    /// There is no client secret to verify with yet.
    #[error("the client secret could not be read")]
    NoSecret,
    /// The table cannot be read, and no earlier response may be served.
    #[error("cannot read the numbers table: {0}")]
    Table(#[from] AwsError),
}

impl RequestError {
    /// Tells whether the signature was made with a secret that is not known here.
    pub(crate) fn is_wrong_signature(&self) -> bool {
        matches!(self, Self::Signature(SignatureError::Wrong))
    }

    /// Returns the outcome's name in logs and metrics.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::TooLarge => "too_large",
            Self::NotFound => "other_path",
            Self::MethodNotAllowed => "other_method",
            Self::Signature(_) => "not_hubspot",
            Self::OtherApp(_) => "other_app",
            Self::NoSecret | Self::Table(_) => "unavailable",
        }
    }

    /// Returns the caller's response, with the request's id to ask after.
    pub(crate) fn response(&self, request_id: &str) -> Response<Body> {
        let body = json!({"message": self.message(), "requestId": request_id});
        let mut response = json_response(body.to_string());
        *response.status_mut() = self.status();
        let (name, value) = match self {
            Self::NoSecret | Self::Table(_) => (header::RETRY_AFTER, "5"),
            Self::MethodNotAllowed => (header::ALLOW, "POST"),
            _ => return response,
        };
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
        response
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Signature(_) => StatusCode::UNAUTHORIZED,
            Self::OtherApp(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoSecret | Self::Table(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::TooLarge => "The body is too large.".into(),
            Self::NotFound => "There is nothing here.".into(),
            Self::MethodNotAllowed => "Only POST is answered.".into(),
            Self::Signature(_) => "The request is not signed by HubSpot for this URL.".into(),
            Self::Malformed(error) => format!("The request cannot be read: {error}."),
            Self::OtherApp(_) => "This webhook serves another app.".into(),
            Self::NoSecret | Self::Table(_) => "The numbers cannot be read now. Try again.".into(),
        }
    }
}

/// Returns a response with the status 200 and a JSON body.
pub(crate) fn json_response(body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
