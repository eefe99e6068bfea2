//! Which requests are answered: method, route, size, signature, question, app, in this order.

use std::time::SystemTime;

use channel_connection::{
    client_secrets::ClientSecrets,
    ids::AppId,
    numbers_request::NumbersRequest,
    public_url::PublicUrl,
    signature::{self, SignedUri},
};

use crate::{api_gateway::Event, refusal::Refusal};

/// The largest body that is looked at, in bytes; HubSpot's own has fewer than 100.
const LARGEST_BODY: usize = 16 * 1024;

/// What a request must be for.
#[derive(Debug)]
pub struct Gate {
    app_id: AppId,
    uri: SignedUri,
    route: String,
}

impl Gate {
    /// Takes requests for one app, made to one URL.
    pub fn new(app_id: AppId, url: &PublicUrl) -> Self {
        Self {
            app_id,
            uri: url.into(),
            route: url.last_segment().to_owned(),
        }
    }

    /// Returns the question of a request that HubSpot signed within five minutes of `now`.
    pub fn check(
        &self,
        event: &Event,
        secrets: &ClientSecrets,
        now: SystemTime,
    ) -> Result<NumbersRequest, Refusal> {
        let (method, path) = (event.method(), event.path());
        // API Gateway may put a stage or a base path before the route, and HubSpot signs them all.
        if path.rsplit('/').next() != Some(&self.route) {
            return Err(Refusal::OtherPath);
        }
        if method != "POST" {
            return Err(Refusal::OtherMethod);
        }
        let body = event.body(LARGEST_BODY)?;
        let headers = event.signature_headers();
        signature::verify(secrets.accepted(), method, &self.uri, &body, headers, now)?;
        let asked = NumbersRequest::parse(&body)?;
        if asked.app_id == self.app_id {
            Ok(asked)
        } else {
            Err(Refusal::OtherApp(asked.app_id))
        }
    }
}
