//! The four settings endpoints, under the paths of every API version.
//!
//! What HubSpot does not document is chosen so that callers must be prepared for it: reading or
//! deleting nothing is 404, and creating what exists is 409.

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, State, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use channel_connection::{
    ids::AppId,
    settings::{ApiVersion, ChannelConnectionSettings, SettingsChange},
};

use crate::{
    Account, RegisteredSettings, SharedAccount, authentication, error_body::ErrorBody, lock,
};

type Answer = Result<Json<RegisteredSettings>, (StatusCode, Json<ErrorBody>)>;

/// The app that a path names.
struct Of(AppId);

impl<S: Send + Sync> FromRequestParts<S> for Of {
    type Rejection = (StatusCode, Json<ErrorBody>);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(app_id)) => Ok(Self(app_id)),
            Err(_) => {
                Err(ErrorBody::new("VALIDATION_ERROR", "Invalid app id")
                    .with(StatusCode::BAD_REQUEST))
            }
        }
    }
}

pub(crate) fn routes(account: &SharedAccount) -> Router<SharedAccount> {
    let endpoints = || get(read).post(create).patch(change).delete(remove);
    ApiVersion::ALL
        .into_iter()
        .fold(Router::new(), |router, version| {
            router.route(&version.settings_path("{app_id}"), endpoints())
        })
        .route_layer(middleware::from_fn_with_state(
            account.clone(),
            authentication::require,
        ))
}

async fn read(State(account): State<SharedAccount>, Of(app_id): Of) -> Answer {
    Ok(Json(registered(&mut lock(&account), app_id)?.clone()))
}

async fn create(
    State(account): State<SharedAccount>,
    Of(app_id): Of,
    body: Result<Json<ChannelConnectionSettings>, JsonRejection>,
) -> Answer {
    let Json(settings) = body.map_err(|rejection| invalid(&rejection))?;
    let mut account = lock(&account);
    if app_id != account.app_id {
        return Err(not_found(app_id));
    }
    if account.settings.is_some() {
        let message = format!("Channel connection settings already exist for app {app_id}");
        return Err(ErrorBody::new("CONFLICT", message).with(StatusCode::CONFLICT));
    }
    Ok(Json(account.register(settings).clone()))
}

async fn change(
    State(account): State<SharedAccount>,
    Of(app_id): Of,
    body: Result<Json<SettingsChange>, JsonRejection>,
) -> Answer {
    let Json(change) = body.map_err(|rejection| invalid(&rejection))?;
    let mut account = lock(&account);
    let settings = registered(&mut account, app_id)?;
    settings.change(change);
    Ok(Json(settings.clone()))
}

async fn remove(State(account): State<SharedAccount>, Of(app_id): Of) -> Response {
    let mut account = lock(&account);
    if let Err(error) = registered(&mut account, app_id) {
        return error.into_response();
    }
    account.settings = None;
    StatusCode::NO_CONTENT.into_response()
}

fn registered(
    account: &mut Account,
    app_id: AppId,
) -> Result<&mut RegisteredSettings, (StatusCode, Json<ErrorBody>)> {
    let its_own = app_id == account.app_id;
    account
        .settings
        .as_mut()
        .filter(|_| its_own)
        .ok_or_else(|| not_found(app_id))
}

fn not_found(app_id: AppId) -> (StatusCode, Json<ErrorBody>) {
    let message = format!("No channel connection settings found for app {app_id}");
    ErrorBody::new("OBJECT_NOT_FOUND", message).with(StatusCode::NOT_FOUND)
}

fn invalid(rejection: &JsonRejection) -> (StatusCode, Json<ErrorBody>) {
    let status = match rejection {
        JsonRejection::MissingJsonContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => StatusCode::BAD_REQUEST,
    };
    ErrorBody::new(
        "VALIDATION_ERROR",
        format!("Invalid input JSON: {}", rejection.body_text()),
    )
    .with(status)
}
