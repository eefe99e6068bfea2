//! The token endpoint, as far as OAuth client credentials go.

use axum::{
    Form, Json, Router,
    extract::{State, rejection::FormRejection},
    http::StatusCode,
    routing::post,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{SharedAccount, error_body::ErrorBody, lock};

const LIFETIME_SECONDS: u32 = 1_800;

#[derive(Deserialize)]
struct Exchange {
    grant_type: String,
    client_id: String,
    client_secret: String,
    scope: String,
}

#[derive(Serialize)]
struct Granted {
    access_token: String,
    expires_in: u32,
    token_type: &'static str,
    token_use: &'static str,
    scopes: Vec<String>,
}

pub(crate) fn routes() -> Router<SharedAccount> {
    Router::new().route("/oauth/2026-03/token", post(exchange))
}

async fn exchange(
    State(account): State<SharedAccount>,
    form: Result<Form<Exchange>, FormRejection>,
) -> Result<Json<Granted>, (StatusCode, Json<ErrorBody>)> {
    let Form(exchange) = form.map_err(|rejection| {
        let error = ErrorBody::new("VALIDATION_ERROR", rejection.body_text());
        error.with(StatusCode::BAD_REQUEST)
    })?;
    let mut account = lock(&account);
    let is_known = account.keys.as_ref().is_some_and(|keys| {
        exchange.client_id == keys.client_id && exchange.client_secret == keys.client_secret
    });
    if exchange.grant_type != "client_credentials" || !is_known {
        let error = ErrorBody::new(
            "BAD_CLIENT",
            "missing or invalid client id or client secret",
        );
        return Err(error.with(StatusCode::UNAUTHORIZED));
    }
    let access_token = Uuid::new_v4().to_string();
    account.issued_tokens.push(access_token.clone());
    Ok(Json(Granted {
        access_token,
        expires_in: LIFETIME_SECONDS,
        token_type: "bearer",
        token_use: "client_credentials",
        scopes: exchange.scope.split(' ').map(str::to_owned).collect(),
    }))
}
