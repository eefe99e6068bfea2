//! Which requests are answered: route, method, size, signature, body and app are checked, in this order.

use std::time::SystemTime;

use channel_connection::{
    client_secrets::ClientSecrets,
    ids::AppId,
    numbers_request::NumbersRequest,
    signature::{
        self, LEGACY_SIGNATURE_HEADER, SIGNATURE_HEADER, SignatureError, SignatureHeaders,
        SignedUri, TIMESTAMP_HEADER,
    },
    webhook_url::WebhookUrl,
};
use lambda_http::{
    Request, RequestExt,
    http::{HeaderMap, Method},
};

use crate::request_error::RequestError;

/// The largest body that is verified, in bytes; HubSpot's own has fewer than 100.
const MAX_REQUEST: usize = 16 * 1024;

/// Verifies that a request is HubSpot's, and for this app.
#[derive(Debug)]
pub(crate) struct RequestVerifier {
    app_id: AppId,
    urls: Vec<SignedUrl>,
}

#[derive(Debug)]
struct SignedUrl {
    uri: SignedUri,
    route: String,
}

impl RequestVerifier {
    /// Accepts requests to any of the URLs.
    pub(crate) fn new(app_id: AppId, urls: &[WebhookUrl]) -> Self {
        let urls = urls.iter().map(|url| SignedUrl {
            uri: url.into(),
            route: url.last_segment().to_owned(),
        });
        Self {
            app_id,
            urls: urls.collect(),
        }
    }

    /// Returns the content of a request that HubSpot signed within five minutes of `now`.
    ///
    /// HubSpot signs the URL that is registered. It is never rebuilt from the request.
    pub(crate) fn verify(
        &self,
        request: &Request,
        secrets: &ClientSecrets,
        now: SystemTime,
    ) -> Result<NumbersRequest, RequestError> {
        // API Gateway may put a stage or a base path before the route, and HubSpot signs them all.
        let route = request.raw_http_path().rsplit('/').next();
        let mut urls = self
            .urls
            .iter()
            .filter(|url| Some(url.route.as_str()) == route)
            .peekable();
        if urls.peek().is_none() {
            return Err(RequestError::NotFound);
        }
        if request.method() != Method::POST {
            return Err(RequestError::MethodNotAllowed);
        }
        let body: &[u8] = request.body();
        if body.len() > MAX_REQUEST {
            return Err(RequestError::TooLarge);
        }
        let headers = signature_headers(request.headers());
        let verify = |url: &SignedUrl| {
            let method = request.method().as_str();
            signature::verify(secrets.accepted(), method, &url.uri, body, headers, now)
        };
        // The last URL's error tells as much as any other's.
        urls.map(verify)
            .fold(Err(SignatureError::Wrong), Result::or)?;
        let content = NumbersRequest::parse(body)?;
        if content.app_id == self.app_id {
            Ok(content)
        } else {
            Err(RequestError::OtherApp(content.app_id))
        }
    }
}

fn signature_headers(headers: &HeaderMap) -> SignatureHeaders<'_> {
    let text = |name| headers.get(name)?.to_str().ok();
    SignatureHeaders {
        signature: text(SIGNATURE_HEADER),
        timestamp: text(TIMESTAMP_HEADER),
        legacy: headers.contains_key(LEGACY_SIGNATURE_HEADER),
    }
}
