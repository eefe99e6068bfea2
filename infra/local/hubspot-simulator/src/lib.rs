//! HubSpot on one machine: its channel connection settings API, and the caller of the webhook.
//!
//! It keeps one developer account with one app, and serves a page that shows what the app's users
//! see. Tests start it in-process on a free port; the binary serves it to the local stack, or calls
//! the webhook of a deployed stage.

mod account;
mod authentication;
mod call_report;
mod control;
mod deployed_webhook;
mod error_body;
mod failure;
pub mod fault;
mod host_check;
mod journal;
mod live_log;
mod misbehaviour;
mod oauth;
mod page;
mod settings_api;
mod specification;
mod webhook_caller;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

pub use account::{Account, AccountKeys, ApiCall, RegisteredSettings};
use axum::{Router, middleware};
pub use deployed_webhook::deployed_webhook;
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use crate::journal::Journal;

/// What the account's parts share while the simulator serves.
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
        let registers = account.deployed.is_none();
        let account = Arc::new(Mutex::new(account));
        let silenced = Arc::default();
        let mut routes = control::routes(&account).merge(page::routes());
        if registers {
            routes = routes.merge(hubspots_own(&account, &silenced));
        }
        let routes = routes.layer(middleware::from_fn(host_check::require));
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

    /// Starts on a free port of this machine, as tests want it.
    pub async fn on_free_port(account: Account) -> std::io::Result<Self> {
        Self::start(TcpListener::bind(("127.0.0.1", 0)).await?, account)
    }

    /// Returns what stands in place of `https://api.hubapi.com`.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks at the account, or changes it behind everyone's back.
    pub fn with_account<T>(&self, look: impl FnOnce(&mut Account) -> T) -> T {
        look(&mut lock(&self.account))
    }

    /// Waits until a call is met with [`fault::How::Silence`].
    pub async fn silenced(&self) {
        self.silenced.notified().await;
    }

    /// Serves until the process is told to stop.
    pub async fn serve(mut self) {
        let _ = (&mut self.server).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn hubspots_own(account: &SharedAccount, silenced: &Arc<Notify>) -> Router {
    let journal = Journal {
        account: Arc::clone(account),
        silenced: Arc::clone(silenced),
    };
    settings_api::routes(account)
        .merge(oauth::routes())
        .route_layer(middleware::from_fn_with_state(journal, journal::keep))
        .with_state(Arc::clone(account))
}

fn lock(account: &SharedAccount) -> std::sync::MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}
