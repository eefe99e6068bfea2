//! The HTTP client for HubSpot, for webhooks and for CloudFormation's response URL.

use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

use crate::webhook_url::{UrlPolicy, is_loopback_name};

/// The user agent of every client here.
pub const USER_AGENT: &str = concat!("hubspot-channel-connection/", env!("CARGO_PKG_VERSION"));

/// The reason there is no whole response; it never holds the URL, whose query may hold a key.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("no response in time")]
    Timeout,
    #[error("no connection ({})", cause(.0))]
    Unreachable(#[source] reqwest::Error),
    #[error("the response is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the response broke off")]
    BrokenOff(#[source] reqwest::Error),
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Timeout
        } else {
            Self::Unreachable(error.without_url())
        }
    }
}

/// Builds a client that follows no redirect: a credential must not go to another host.
pub fn client(timeout: Duration, policy: UrlPolicy) -> reqwest::Result<Client> {
    // Fails if one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .user_agent(USER_AGENT);
    match policy {
        UrlPolicy::Public => builder,
        UrlPolicy::Local => builder.dns_resolver(LoopbackNames),
    }
    .build()
}

/// Reads a body of at most `limit` bytes.
pub async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    let broken_off = |error: reqwest::Error| HttpError::BrokenOff(error.without_url());
    while let Some(chunk) = response.chunk().await.map_err(broken_off)? {
        if body.len() + chunk.len() > limit {
            return Err(HttpError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Returns the innermost cause of a failed request, like `connection refused` or a TLS alert.
pub fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no response in time".into();
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Resolves every name under `localhost` to this machine, as RFC 6761 (6.3) says and libc does not.
///
/// The local API Gateway has such a name, and the local stack needs no other.
#[derive(Debug)]
struct LoopbackNames;

impl Resolve for LoopbackNames {
    fn resolve(&self, name: Name) -> Resolving {
        let resolved = if is_loopback_name(name.as_str()) {
            // reqwest puts the URL's own port in place of 0.
            Ok(Box::new(std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))) as Addrs)
        } else {
            Err("the local stack calls names under localhost only".into())
        };
        Box::pin(std::future::ready(resolved))
    }
}
