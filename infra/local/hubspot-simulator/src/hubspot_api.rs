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
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Account, Caller, RegisteredSettings, SharedAccount, account::push_bounded, error::ApiError,
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

pub(crate) fn routes(account: &SharedAccount) -> Router<SharedAccount> {
    let endpoints = || get(read).post(create).patch(change).delete(remove);
    let account = SharedAccount::clone(account);
    ApiVersion::ALL
        .into_iter()
        .fold(Router::new(), |router, version| {
            router.route(&version.settings_path("{app_id}"), endpoints())
        })
        .route_layer(middleware::from_fn_with_state(account, authenticate))
        .route("/oauth/2026-03/token", post(issue_token))
        // The log has calls of HubSpot's other APIs too.
        .route("/crm/{*path}", any(StatusCode::NOT_FOUND))
        .route("/oauth/{*path}", any(StatusCode::NOT_FOUND))
}

/// Takes the developer API key or an access token, in every version.
///
/// HubSpot's specifications ask for OAuth in 2026-03 and v3 and for the key in 2026-09, but its
/// own clients send the key everywhere.
async fn authenticate(
    State(account): State<SharedAccount>,
    Query(key): Query<ApiKey>,
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
    Path(app_id): Path<AppId>,
) -> SettingsResponse {
    let settings = lock(&account).read(caller, app_id);
    settings.map(Json).ok_or_else(|| not_registered(app_id))
}

async fn create(
    State(account): State<SharedAccount>,
    Extension(caller): Extension<Option<Caller>>,
    Path(app_id): Path<AppId>,
    Json(settings): Json<ChannelConnectionSettings>,
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
    Path(app_id): Path<AppId>,
    Json(change): Json<SettingsChange>,
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
    Path(app_id): Path<AppId>,
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
    Form(request): Form<TokenRequest>,
) -> Result<Json<Value>, ApiError> {
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
