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
};

pub use account::{Account, Caller, RegisteredSettings, SettingsAccess};
use axum::middleware;
pub use call_log::ApiCall;
pub use credentials::{AccountKeys, CredentialMode};
pub use portal::{CallingSettings, PORTAL_TOKEN, Portal};
use tokio::{net::TcpListener, task::JoinSet};
pub use webhook_caller::deployed_webhook;

type SharedAccount = Arc<Mutex<Account>>;

/// A running simulator; it stops when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    account: SharedAccount,
    server: JoinSet<()>,
}

impl Simulator {
    /// Starts serving an account on a listener.
    pub fn start(listener: TcpListener, account: Account) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let is_registrable = account.deployed.is_none();
        let account = Arc::new(Mutex::new(account));
        let mut routes = control::routes(&account)
            .merge(webhook_caller::routes(&account))
            .merge(page::routes());
        if is_registrable {
            routes = routes.merge(hubspot_api::routes(&account, None));
        }
        let routes = routes
            .layer(middleware::map_response(error::complete))
            .layer(middleware::from_fn(page::check_host));
        let mut server = JoinSet::new();
        server.spawn(async move {
            // axum's server never ends by itself, and retries when a connection cannot be accepted.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self {
            address,
            account,
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
        let routes = hubspot_api::routes(&self.account, Some(caller));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(url)
    }

    /// Reads or changes the account, unseen by the call log.
    pub fn with_account<T>(&self, access: impl FnOnce(&mut Account) -> T) -> T {
        access(&mut lock(&self.account))
    }

    /// Waits until a call meets [`fault::How::Silence`].
    pub async fn silenced(&self) {
        let silenced = self.with_account(|account| Arc::clone(&account.silenced));
        silenced.notified().await;
    }

    /// Waits until every call has taken effect, also those whose callers have gone.
    pub async fn settled(&self) {
        let in_progress = self.with_account(|account| account.in_progress.clone());
        in_progress.closed().await;
    }

    /// Serves until the process is stopped.
    pub async fn serve(mut self) {
        self.server.join_next().await;
    }
}

fn lock(account: &SharedAccount) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}
