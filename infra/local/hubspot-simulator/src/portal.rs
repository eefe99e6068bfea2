//! What HubSpot shows around the channel connection settings: the app's calling settings, and what the
//! token of a customer's portal reads. HubSpot's API writes none of it here.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    middleware,
    routing::get,
};
use channel_connection::ids::AppId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    SharedAccount,
    credentials::{IsAllowed, authenticate},
    error::ApiError,
    lock,
};

/// The portal's access token, until another is set.
pub const PORTAL_TOKEN: &str = "local-portal-token";
/// The longest page of channel accounts.
const MAX_PAGE: usize = 100;

/// The parts of the app's calling settings that help desk needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallingSettings {
    /// Whether the app takes calls inside HubSpot.
    pub supports_inbound_calling: bool,
    /// Whether every customer's users can choose the app for calls.
    pub is_ready: bool,
}

/// A customer's portal, as its own token reads it; the call log names what violates HubSpot's schema.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Portal {
    pub access_token: String,
    /// Which user uses which calling provider.
    pub connection_statuses: Vec<Value>,
    pub channel_accounts: Vec<Value>,
}

impl Portal {
    /// Returns a portal in which the sample user has connected the app.
    pub(crate) fn of_app(app_id: AppId) -> Self {
        let provider = json!({"type": "THIRD_PARTY", "appId": app_id});
        let status = json!({"userId": "4242", "connected": true, "provider": provider});
        Self {
            access_token: PORTAL_TOKEN.to_owned(),
            connection_statuses: vec![status],
            channel_accounts: Vec::new(),
        }
    }
}

#[derive(Deserialize)]
struct Page {
    after: Option<usize>,
    limit: Option<usize>,
}

pub(crate) fn routes(account: SharedAccount) -> Router<SharedAccount> {
    let statuses = get(read_connection_statuses);
    let accounts = get(read_channel_accounts);
    let is_allowed: IsAllowed = |account, _, token| token == Some(&account.portal.access_token);
    let state = (account, is_allowed);
    Router::new()
        .route("/crm/extensions/calling/v3/connection-statuses", statuses)
        .route("/conversations/v3/conversations/channel-accounts", accounts)
        .route_layer(middleware::from_fn_with_state(state, authenticate))
}

pub(crate) async fn read_calling_settings(
    State(account): State<SharedAccount>,
    Path(app_id): Path<AppId>,
) -> Result<Json<Value>, ApiError> {
    let account = lock(&account);
    let settings = account
        .calling_settings
        .filter(|_| app_id == account.app_id);
    let settings = settings.ok_or_else(|| {
        ApiError::not_found(format!(
            "No calling extension settings found for app {app_id}"
        ))
    })?;
    Ok(Json(json!({
        "name": "Calls of the local stack",
        "url": "https://calls.example.com/widget",
        "height": 600,
        "width": 400,
        "isReady": settings.is_ready,
        "supportsCustomObjects": false,
        "supportsInboundCalling": settings.supports_inbound_calling,
        "usesCallingWindow": true,
        "usesRemote": true,
        "createdAt": "2026-01-02T03:04:05.006Z",
        "updatedAt": "2026-01-02T03:04:05.006Z",
    })))
}

async fn read_connection_statuses(State(account): State<SharedAccount>) -> Json<Value> {
    Json(json!({"results": lock(&account).portal.connection_statuses}))
}

async fn read_channel_accounts(
    State(account): State<SharedAccount>,
    Query(Page { after, limit }): Query<Page>,
) -> Json<Value> {
    let accounts = &lock(&account).portal.channel_accounts;
    let start = after.unwrap_or(0).min(accounts.len());
    let limit = limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
    let end = accounts.len().min(start + limit);
    let mut page = json!({"results": accounts[start..end], "total": accounts.len()});
    if end < accounts.len() {
        page["paging"] = json!({"next": {"after": end.to_string()}});
    }
    Json(page)
}
