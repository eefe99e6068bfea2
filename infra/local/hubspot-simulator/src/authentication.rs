//! Who may call the settings API.
//!
//! HubSpot's specifications ask for OAuth in 2026-03 and v3 and for the developer API key in
//! 2026-09, its own clients send the key everywhere; so either is taken everywhere.

use axum::{
    extract::{Query, Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::{Account, SharedAccount, error_body::ErrorBody, lock};

#[derive(Deserialize)]
pub(crate) struct Key {
    hapikey: Option<String>,
}

pub(crate) async fn require(
    State(account): State<SharedAccount>,
    Query(key): Query<Key>,
    request: Request,
    next: Next,
) -> Response {
    let bearer = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let allowed = is_allowed(&lock(&account), key.hapikey.as_deref(), bearer);
    if allowed {
        return next.run(request).await;
    }
    ErrorBody::new(
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    )
    .with(StatusCode::UNAUTHORIZED)
    .into_response()
}

fn is_allowed(account: &Account, key: Option<&str>, bearer: Option<&str>) -> bool {
    let Some(keys) = &account.keys else {
        return false;
    };
    let is_token = |token: &str| {
        let mut issued = account.issued_tokens.iter();
        token == keys.access_token || issued.any(|known| known == token)
    };
    key == Some(keys.developer_api_key.as_str()) || bearer.is_some_and(is_token)
}
