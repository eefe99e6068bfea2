//! The HTTP client for HubSpot, for webhooks and for CloudFormation's answers.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

use crate::webhook_url::{UrlPolicy, is_loopback_name};

/// How every client here names itself.
pub const USER_AGENT: &str = concat!("hubspot-channel-connection/", env!("CARGO_PKG_VERSION"));

/// The reason an answer's body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The body is larger than the caller takes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection broke or was too slow.
    #[error("the answer broke off")]
    BrokenOff(#[source] reqwest::Error),
}

/// Builds a client that follows no redirect, so that no credential goes where it was not sent.
pub fn client(timeout: Duration, reach: UrlPolicy) -> reqwest::Result<Client> {
    // One that was installed before stays, and is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .user_agent(USER_AGENT);
    match reach {
        UrlPolicy::Public => builder,
        UrlPolicy::Local => builder.dns_resolver(LoopbackNames),
    }
    .build()
}

/// Reads a body of at most `limit` bytes.
pub async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::BrokenOff)? {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Takes every name under `localhost` for this machine, as RFC 6761 (6.3) says and libc does not.
///
/// The local API Gateway lives under such a name, and the local stack needs no other.
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
