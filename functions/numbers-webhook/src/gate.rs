//! Which requests are answered: route, method, size, signature, question, app, in this order.

use std::time::SystemTime;

use channel_connection::{
    client_secrets::ClientSecrets,
    ids::AppId,
    numbers_request::NumbersRequest,
    signature::{self, SignatureError, SignedUri},
    webhook_url::WebhookUrl,
};

use crate::{event::Event, refusal::Refusal};

/// The largest body that is looked at, in bytes; HubSpot's own has fewer than 100.
const MAX_REQUEST: usize = 16 * 1024;

/// What a request must be for.
#[derive(Debug)]
pub struct Gate {
    app_id: AppId,
    urls: Vec<Url>,
}

#[derive(Debug)]
struct Url {
    uri: SignedUri,
    route: String,
}

impl Gate {
    /// Takes requests for one app, made to any of its URLs.
    pub fn new(app_id: AppId, urls: &[WebhookUrl]) -> Self {
        let urls = urls.iter().map(|url| Url {
            uri: url.into(),
            route: url.last_segment().to_owned(),
        });
        Self {
            app_id,
            urls: urls.collect(),
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
        let route = path.rsplit('/').next().unwrap_or_default();
        let mut urls = self.urls.iter().filter(|url| url.route == route).peekable();
        if urls.peek().is_none() {
            return Err(Refusal::OtherPath);
        }
        if method != "POST" {
            return Err(Refusal::OtherMethod);
        }
        let body = event.body(MAX_REQUEST)?;
        let headers = event.signature_headers();
        let verify = |url: &Url| {
            signature::verify(secrets.accepted(), method, &url.uri, &body, headers, now)
        };
        // The last URL's error tells as much as any other's.
        urls.map(verify)
            .fold(Err(SignatureError::Wrong), Result::or)?;
        let asked = NumbersRequest::parse(&body)?;
        if asked.app_id == self.app_id {
            Ok(asked)
        } else {
            Err(Refusal::OtherApp(asked.app_id))
        }
    }
}
