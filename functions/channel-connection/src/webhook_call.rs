//! A call of the webhook, as HubSpot makes it.

use std::time::{Duration, SystemTime};

use reqwest::{Client, RequestBuilder, header::CONTENT_TYPE};
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    client_secrets::SigningSecret,
    http_client::{self, HttpError},
    numbers_request::NumbersRequest,
    numbers_response::MAX_RESPONSE,
    signature::{self, SIGNATURE_HEADER, SignedParts, TIMESTAMP_HEADER},
    webhook_url::WebhookUrl,
};

/// How long a caller waits. HubSpot documents no timeout for this webhook; its other webhooks have 5 s.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// A request that is ready to be sent; a caller may change its fields, to make it invalid.
#[derive(Clone)]
pub struct WebhookCall {
    pub url: WebhookUrl,
    pub body: String,
    /// The text of [`SIGNATURE_HEADER`]; without it, neither header is sent.
    pub signature: Option<String>,
    /// The text of [`TIMESTAMP_HEADER`].
    pub timestamp: String,
}

/// A webhook's response.
pub struct WebhookResponse {
    pub status: u16,
    /// The body, of at most [`MAX_RESPONSE`] bytes.
    pub body: Vec<u8>,
}

impl WebhookCall {
    /// Returns the request for a portal's numbers, signed as of `now`.
    pub fn signed(
        url: WebhookUrl,
        request: NumbersRequest,
        secret: &SigningSecret,
        now: SystemTime,
    ) -> Self {
        Self::signed_body(url, request.to_json(), secret, now)
    }

    /// Returns a request with any body, signed as of `now`.
    pub fn signed_body(
        url: WebhookUrl,
        body: String,
        secret: &SigningSecret,
        now: SystemTime,
    ) -> Self {
        let mut call = Self {
            url,
            body,
            signature: None,
            timestamp: signature::timestamp(now),
        };
        call.signature = Some(call.over_signed_parts(|parts| signature::sign(secret, parts)));
        call
    }

    /// Returns the text that a signature of this request covers.
    pub fn signature_base(&self) -> String {
        self.over_signed_parts(|parts| parts.base_string())
    }

    fn over_signed_parts(&self, make: impl FnOnce(SignedParts<'_>) -> String) -> String {
        make(SignedParts {
            method: "POST",
            uri: &(&self.url).into(),
            body: self.body.as_bytes(),
            timestamp: &self.timestamp,
        })
    }

    /// Sends the request once.
    pub async fn send(&self, http: &Client) -> Result<WebhookResponse, HttpError> {
        let response = self.request(http).send().await?;
        let status = response.status().as_u16();
        Ok(WebhookResponse {
            status,
            body: http_client::body(response, MAX_RESPONSE).await?,
        })
    }

    /// Returns the request for a client to send.
    pub fn request(&self, http: &Client) -> RequestBuilder {
        let request = http.post(self.url.as_str()).body(self.body.clone());
        self.headers().fold(request, |request, (name, value)| {
            request.header(name, value)
        })
    }

    /// Returns the request as the event of an HTTP API (payload 2.0), without fields of the caller.
    pub fn to_event(&self) -> Value {
        let url = Url::parse(self.url.as_str()).ok();
        let part = |part: fn(&Url) -> Option<&str>| url.as_ref().and_then(part).unwrap_or_default();
        let headers: Map<String, Value> = self
            .headers()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let path = part(|url| Some(url.path()));
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": part(Url::query), "headers": headers,
            "requestContext": {
                "domainName": part(Url::host_str), "http": {"method": "POST", "path": path},
            },
            "body": self.body, "isBase64Encoded": false,
        })
    }

    fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let signed = self.signature.as_deref().map(|signature| {
            [
                (SIGNATURE_HEADER, signature),
                (TIMESTAMP_HEADER, &self.timestamp),
            ]
        });
        std::iter::once((CONTENT_TYPE.as_str(), "application/json"))
            .chain(signed.into_iter().flatten())
    }
}
