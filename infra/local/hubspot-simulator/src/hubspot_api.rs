//! HubSpot's API: the channel connection settings of every version, and the routes to the rest.
//!
//! What HubSpot does not document is chosen so that callers must be prepared for it: reading or
//! deleting nothing is 404, and creating what exists is 409.

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
    http::StatusCode,
    middleware,
    routing::{any, get, post},
};
use channel_connection::{
    ids::AppId,
    settings::{ApiVersion, ChannelConnectionSettings, SettingsChange},
};

use crate::{
    Caller, RegisteredSettings, SharedAccount, call_log,
    credentials::{self, IsAllowed},
    error::{self, ApiError},
    lock, portal,
};

type Call = (State<SharedAccount>, Extension<Option<Caller>>, Path<AppId>);
type SettingsResponse = Result<Json<RegisteredSettings>, ApiError>;

pub(crate) fn routes(account: &SharedAccount, caller: Option<Caller>) -> Router {
    let state = || SharedAccount::clone(account);
    let is_allowed: IsAllowed = credentials::is_of_account;
    let authenticate = (state(), is_allowed);
    let authenticate = middleware::from_fn_with_state(authenticate, credentials::authenticate);
    let record = middleware::from_fn_with_state(state(), call_log::record_call);
    ApiVersion::ALL
        .into_iter()
        .fold(Router::new(), |router, version| {
            let path = version.settings_path("{app_id}");
            let calling = version.calling_settings_path("{app_id}");
            let router = router.route(&calling, get(portal::read_calling_settings));
            router.route(&path, get(read).post(create).patch(change).delete(remove))
        })
        .route_layer(authenticate)
        .merge(portal::routes(state()))
        .route("/oauth/2026-03/token", post(credentials::issue_token))
        // The log has calls of HubSpot's other APIs too.
        .route("/conversations/{*path}", any(StatusCode::NOT_FOUND))
        .route("/crm/{*path}", any(StatusCode::NOT_FOUND))
        .route("/oauth/{*path}", any(StatusCode::NOT_FOUND))
        .route_layer(middleware::map_response(error::complete))
        .route_layer(record)
        .route_layer(Extension(caller))
        .with_state(state())
}

async fn read((State(account), Extension(caller), Path(app_id)): Call) -> SettingsResponse {
    let settings = lock(&account).read(caller, app_id);
    settings.map(Json).ok_or_else(|| not_registered(app_id))
}

async fn create(
    (State(account), Extension(caller), Path(app_id)): Call,
    Json(settings): Json<ChannelConnectionSettings>,
) -> SettingsResponse {
    let mut account = lock(&account);
    let app = account.app(app_id);
    if app.ok_or_else(|| not_registered(app_id))?.is_some() {
        let message = format!("Channel connection settings already exist for app {app_id}");
        return Err(ApiError::new(StatusCode::CONFLICT, "CONFLICT", message));
    }
    let registered = account.new_settings(settings);
    account.write(caller, app_id, Some(registered.clone()));
    Ok(Json(registered))
}

async fn change(
    (State(account), Extension(caller), Path(app_id)): Call,
    Json(change): Json<SettingsChange>,
) -> SettingsResponse {
    let mut account = lock(&account);
    let current = account.settings_of(app_id);
    let current = current.ok_or_else(|| not_registered(app_id))?;
    let changed = account.changed(current, change);
    account.write(caller, app_id, Some(changed.clone()));
    Ok(Json(changed))
}

async fn remove(
    (State(account), Extension(caller), Path(app_id)): Call,
) -> Result<StatusCode, ApiError> {
    let mut account = lock(&account);
    if account.settings_of(app_id).is_none() {
        return Err(not_registered(app_id));
    }
    account.write(caller, app_id, None);
    Ok(StatusCode::NO_CONTENT)
}

fn not_registered(app_id: AppId) -> ApiError {
    ApiError::not_found(format!(
        "No channel connection settings found for app {app_id}"
    ))
}
