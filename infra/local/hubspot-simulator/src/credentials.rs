//! The account's credentials, which of them HubSpot's API takes, and its OAuth token endpoint.

use axum::{
    Form, Json,
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    middleware::Next,
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Account, SharedAccount, account::push_bounded, error::ApiError, lock};

const TOKEN_LIFETIME_SECONDS: u32 = 1_800;
const MAX_TOKENS: usize = 100;

/// The credentials of a developer account: a key, a token, or an OAuth client.
#[derive(Debug, Clone, Default)]
pub struct AccountKeys {
    pub developer_api_key: String,
    /// An access token with the scopes for the settings.
    pub access_token: String,
    pub client_id: String,
    pub client_secret: String,
}

/// The credential that every version of the settings takes.
///
/// HubSpot's specifications ask for OAuth in 2026-03 and v3 and for the key in 2026-09, but its
/// own clients send the key everywhere.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CredentialMode {
    /// The developer API key only.
    Key,
    /// An access token only.
    Bearer,
    /// The key or a token.
    #[default]
    Either,
}

#[derive(Deserialize)]
pub(crate) struct ApiKey {
    hapikey: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct TokenRequest {
    grant_type: String,
    client_id: String,
    client_secret: String,
    scope: String,
}

/// Tells whether a key or a bearer token gives access.
pub(crate) type IsAllowed = fn(&Account, Option<&str>, Option<&str>) -> bool;

pub(crate) async fn authenticate(
    State((account, is_allowed)): State<(SharedAccount, IsAllowed)>,
    Query(key): Query<ApiKey>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let bearer = bearer_token(request.headers());
    if !is_allowed(&lock(&account), key.hapikey.as_deref(), bearer) {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "INVALID_AUTHENTICATION",
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        ));
    }
    Ok(next.run(request).await)
}

/// Returns whether the account's credential mode takes the key or the token.
pub(crate) fn is_of_account(account: &Account, key: Option<&str>, bearer: Option<&str>) -> bool {
    let is_key = key == Some(account.keys.developer_api_key.as_str());
    let is_token = bearer.is_some_and(|token| {
        let mut issued = account.issued_tokens.iter();
        token == account.keys.access_token || issued.any(|known| known == token)
    });
    match account.credential_mode {
        CredentialMode::Key => is_key,
        CredentialMode::Bearer => is_token,
        CredentialMode::Either => is_key || is_token,
    }
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}

pub(crate) async fn issue_token(
    State(account): State<SharedAccount>,
    Form(request): Form<TokenRequest>,
) -> Result<Json<Value>, ApiError> {
    let mut account = lock(&account);
    let keys = &account.keys;
    let is_known =
        request.client_id == keys.client_id && request.client_secret == keys.client_secret;
    if request.grant_type != "client_credentials" || !is_known {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "BAD_CLIENT",
            "missing or invalid client id or client secret",
        ));
    }
    let access_token = Uuid::new_v4().to_string();
    push_bounded(&mut account.issued_tokens, access_token.clone(), MAX_TOKENS);
    Ok(Json(json!({
        "access_token": access_token,
        "expires_in": TOKEN_LIFETIME_SECONDS,
        "token_type": "bearer",
        "token_use": "client_credentials",
        "scopes": request.scope.split(' ').collect::<Vec<_>>(),
    })))
}
