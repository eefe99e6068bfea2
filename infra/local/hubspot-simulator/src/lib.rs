//! HubSpot on one machine: its channel connection settings API, and the caller of the webhook.
//!
//! It keeps one developer account with one app, and serves a page that shows what the app's users
//! see. Tests start it in-process on a free port; the binary serves it to the local stack, or calls
//! the webhook of a deployed stage.

mod account;
mod call_log;
mod call_report;
mod control;
mod credentials;
mod error;
pub mod fault;
mod hubspot_api;
mod page;
mod portal;
pub mod sample_event;
mod specification;
mod webhook_caller;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

pub use account::{Account, Caller, RegisteredSettings, SettingsAccess};
use axum::{Extension, Router, middleware};
pub use call_log::ApiCall;
pub use credentials::{AccountKeys, CredentialMode};
pub use portal::{CallingSettings, PORTAL_TOKEN, Portal};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};
pub use webhook_caller::deployed_webhook;

use crate::call_log::CallLog;

type SharedAccount = Arc<Mutex<Account>>;

/// A running simulator; it stops when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    account: SharedAccount,
    silenced: Arc<Notify>,
    server: JoinHandle<()>,
}

impl Simulator {
    /// Starts serving an account on a listener.
    pub fn start(listener: TcpListener, account: Account) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let is_registrable = account.deployed.is_none();
        let account = Arc::new(Mutex::new(account));
        let silenced = Arc::default();
        let mut routes = control::routes(&account)
            .merge(webhook_caller::routes(&account))
            .merge(page::routes());
        if is_registrable {
            routes = routes.merge(hubspot_api(&account, &silenced, None));
        }
        let routes = routes
            .layer(middleware::map_response(error::complete))
            .layer(middleware::from_fn(page::check_host));
        let server = tokio::spawn(async move {
            // axum's server never ends by itself, and retries when a connection cannot be accepted.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self {
            address,
            account,
            silenced,
            server,
        })
    }

    /// Starts on a free port of this machine.
    pub async fn on_free_port(account: Account) -> std::io::Result<Self> {
        Self::start(TcpListener::bind(("127.0.0.1", 0)).await?, account)
    }

    /// Returns the URL to use in place of `https://api.hubapi.com`.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves HubSpot's API on another port, for one client; returns its URL.
    ///
    /// The port is served until the runtime ends.
    pub async fn api_url_for(&self, caller: Caller) -> std::io::Result<String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let routes = hubspot_api(&self.account, &self.silenced, Some(caller));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(url)
    }

    /// Reads or changes the account, unseen by the call log.
    pub fn with_account<T>(&self, access: impl FnOnce(&mut Account) -> T) -> T {
        access(&mut lock(&self.account))
    }

    /// Waits until a call meets [`fault::How::Silence`].
    pub async fn silenced(&self) {
        self.silenced.notified().await;
    }

    /// Waits until every call has taken effect, also those whose callers have gone.
    pub async fn settled(&self) {
        settled(&self.account).await;
    }

    /// Serves until the process is stopped.
    pub async fn serve(mut self) {
        let _ = (&mut self.server).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn hubspot_api(account: &SharedAccount, silenced: &Arc<Notify>, caller: Option<Caller>) -> Router {
    let log = CallLog {
        account: Arc::clone(account),
        silenced: Arc::clone(silenced),
    };
    hubspot_api::routes(account)
        .route_layer(middleware::map_response(error::complete))
        .route_layer(middleware::from_fn_with_state(log, call_log::record_call))
        .route_layer(Extension(caller))
        .with_state(Arc::clone(account))
}

fn lock(account: &SharedAccount) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn settled(account: &SharedAccount) {
    let in_progress = lock(account).in_progress.clone();
    in_progress.closed().await;
}

fn milliseconds_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
