//! HubSpot's API: the settings endpoints of every version, and the OAuth token endpoint.
//!
//! What HubSpot does not document is chosen so that callers must be prepared for it: reading or
//! deleting nothing is 404, and creating what exists is 409.

use axum::{
    Extension, Form, Json, Router,
    extract::{Path, Query, Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{self, Next},
    response::Response,
    routing::{any, get, post},
};
use channel_connection::{
    ids::AppId,
    settings::{ApiVersion, ChannelConnectionSettings, SettingsChange},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Account, Caller, RegisteredSettings, SharedAccount,
    error::{ApiError, Valid},
    lock,
};

const TOKEN_LIFETIME_SECONDS: u32 = 1_800;
const MAX_TOKENS: usize = 100;

type SettingsResponse = Result<Json<RegisteredSettings>, ApiError>;

#[derive(Deserialize)]
struct ApiKey {
    hapikey: Option<String>,
}

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    client_id: String,
    client_secret: String,
    scope: String,
}

#[derive(Serialize)]
struct TokenResponse {
    access_token: String,
    expires_in: u32,
    token_type: &'static str,
    token_use: &'static str,
    scopes: Vec<String>,
}

pub(crate) fn routes(account: &SharedAccount) -> Router<SharedAccount> {
    let endpoints = || get(read).post(create).patch(change).delete(remove);
    let wrong_method = async || ApiError::wrong_method();
    let unknown_path = || any(async || ApiError::unknown_path());
    ApiVersion::ALL
        .into_iter()
        .fold(Router::new(), |router, version| {
            router.route(&version.settings_path("{app_id}"), endpoints())
        })
        .method_not_allowed_fallback(wrong_method)
        .route_layer(middleware::from_fn_with_state(
            SharedAccount::clone(account),
            authenticate,
        ))
        .route("/oauth/2026-03/token", post(issue_token))
        .method_not_allowed_fallback(wrong_method)
        .route("/crm/{*path}", unknown_path())
        .route("/oauth/{*path}", unknown_path())
}

/// Takes the developer API key or an access token, in every version.
///
/// HubSpot's specifications ask for OAuth in 2026-03 and v3 and for the key in 2026-09, but its
/// own clients send the key everywhere.
async fn authenticate(
    State(account): State<SharedAccount>,
    Valid(Query(key)): Valid<Query<ApiKey>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let bearer = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let allowed = is_allowed(&lock(&account), key.hapikey.as_deref(), bearer);
    if allowed {
        return Ok(next.run(request).await);
    }
    Err(ApiError::new(
        StatusCode::UNAUTHORIZED,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    ))
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

async fn read(
    State(account): State<SharedAccount>,
    Extension(caller): Extension<Option<Caller>>,
    Valid(Path(app_id)): Valid<Path<AppId>>,
) -> SettingsResponse {
    let settings = lock(&account).read(caller, app_id);
    settings.map(Json).ok_or_else(|| not_registered(app_id))
}

async fn create(
    State(account): State<SharedAccount>,
    Extension(caller): Extension<Option<Caller>>,
    Valid(Path(app_id)): Valid<Path<AppId>>,
    Valid(Json(settings)): Valid<Json<ChannelConnectionSettings>>,
) -> SettingsResponse {
    let mut account = lock(&account);
    if !account.has_app(app_id) {
        return Err(not_registered(app_id));
    }
    if account.held_by(app_id).is_some() {
        let message = format!("Channel connection settings already exist for app {app_id}");
        return Err(ApiError::new(StatusCode::CONFLICT, "CONFLICT", message));
    }
    let registered = account.registered(settings);
    account.write(caller, app_id, Some(registered.clone()));
    Ok(Json(registered))
}

async fn change(
    State(account): State<SharedAccount>,
    Extension(caller): Extension<Option<Caller>>,
    Valid(Path(app_id)): Valid<Path<AppId>>,
    Valid(Json(change)): Valid<Json<SettingsChange>>,
) -> SettingsResponse {
    let mut account = lock(&account);
    let current = account.held_by(app_id);
    let current = current.ok_or_else(|| not_registered(app_id))?;
    let changed = account.changed(current, change);
    account.write(caller, app_id, Some(changed.clone()));
    Ok(Json(changed))
}

async fn remove(
    State(account): State<SharedAccount>,
    Extension(caller): Extension<Option<Caller>>,
    Valid(Path(app_id)): Valid<Path<AppId>>,
) -> Result<StatusCode, ApiError> {
    let mut account = lock(&account);
    if account.held_by(app_id).is_none() {
        return Err(not_registered(app_id));
    }
    account.write(caller, app_id, None);
    Ok(StatusCode::NO_CONTENT)
}

fn not_registered(app_id: AppId) -> ApiError {
    let message = format!("No channel connection settings found for app {app_id}");
    ApiError::new(StatusCode::NOT_FOUND, "OBJECT_NOT_FOUND", message)
}

async fn issue_token(
    State(account): State<SharedAccount>,
    Valid(Form(request)): Valid<Form<TokenRequest>>,
) -> Result<Json<TokenResponse>, ApiError> {
    let mut account = lock(&account);
    let is_known = account.keys.as_ref().is_some_and(|keys| {
        request.client_id == keys.client_id && request.client_secret == keys.client_secret
    });
    if request.grant_type != "client_credentials" || !is_known {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "BAD_CLIENT",
            "missing or invalid client id or client secret",
        ));
    }
    if account.issued_tokens.len() == MAX_TOKENS {
        account.issued_tokens.remove(0);
    }
    let access_token = Uuid::new_v4().to_string();
    account.issued_tokens.push(access_token.clone());
    Ok(Json(TokenResponse {
        access_token,
        expires_in: TOKEN_LIFETIME_SECONDS,
        token_type: "bearer",
        token_use: "client_credentials",
        scopes: request.scope.split(' ').map(str::to_owned).collect(),
    }))
}
