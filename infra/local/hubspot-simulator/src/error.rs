//! Errors with HubSpot's body, from every path of the simulator.

use std::error::Error;

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

/// An error as HubSpot answers it.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    body: Body,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    status: &'static str,
    message: String,
    correlation_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    #[serde(flatten)]
    rate_limit: Option<RateLimit>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RateLimit {
    error_type: &'static str,
    policy_name: &'static str,
}

/// An extractor whose rejection is an [`ApiError`].
pub(crate) struct Valid<E>(pub(crate) E);

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        category: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let mut error = Self::uncategorized(status, message);
        error.body.category = Some(category);
        error
    }

    pub(crate) fn unknown_path() -> Self {
        Self::uncategorized(StatusCode::NOT_FOUND, "resource not found")
    }

    pub(crate) fn wrong_method() -> Self {
        Self::uncategorized(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
    }

    /// Returns the error for too many requests in ten seconds, by which HubSpot's clients retry.
    pub(crate) fn rate_limited() -> Self {
        let message = "You have reached your ten_secondly_rolling limit.";
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITS", message);
        error.body.rate_limit = Some(RateLimit {
            error_type: "RATE_LIMIT",
            policy_name: "TEN_SECONDLY_ROLLING",
        });
        error
    }

    fn uncategorized(status: StatusCode, message: impl Into<String>) -> Self {
        let body = Body {
            status: "error",
            message: message.into(),
            correlation_id: Uuid::new_v4(),
            category: None,
            rate_limit: None,
        };
        Self { status, body }
    }

    fn invalid_input(rejection: impl Error + IntoResponse) -> Self {
        let cause = rejection.source().unwrap_or(&rejection);
        let message = format!("Invalid input: {cause}");
        let status = match rejection.into_response().status() {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        };
        Self::new(status, "VALIDATION_ERROR", message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl<S: Sync, E> FromRequestParts<S> for Valid<E>
where
    E: FromRequestParts<S, Rejection: Error + IntoResponse>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let extracted = E::from_request_parts(parts, state).await;
        extracted.map(Self).map_err(ApiError::invalid_input)
    }
}

impl<S: Sync, E> FromRequest<S> for Valid<E>
where
    E: FromRequest<S, Rejection: Error + IntoResponse>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let extracted = E::from_request(request, state).await;
        extracted.map(Self).map_err(ApiError::invalid_input)
    }
}
