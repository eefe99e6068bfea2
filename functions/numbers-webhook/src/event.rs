//! API Gateway's events, of REST APIs (payload 1.0) and HTTP APIs (payload 2.0).
//!
//! Whatever a caller can put into an event is taken, and only what the webhook needs is kept.
//! `lambda_http` would panic on some hosts, schemes and bodies, and the caller would see a 5xx.

use std::{borrow::Cow, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};
use channel_connection::signature::{
    OLDER_SIGNATURE_HEADER, SIGNATURE_HEADER, SignatureHeaders, TIMESTAMP_HEADER,
};
use serde::{
    Deserialize,
    de::{Deserializer, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

/// A request as API Gateway hands it over.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    http_method: Option<String>,
    path: Option<String>,
    raw_path: Option<String>,
    request_context: RequestContext,
    headers: Option<Headers>,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RequestContext {
    http: Http,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Http {
    method: Option<String>,
}

/// The headers that make a signature.
#[derive(Default)]
struct Headers {
    signature: Option<String>,
    timestamp: Option<String>,
    legacy: bool,
}

/// A header's name, which is not copied.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The reason an event cannot be taken further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is no event of API Gateway's, or its body is not the base64 that it says.
    #[error("not an event of API Gateway")]
    NotAnEvent,
    /// The body is larger than the caller takes.
    #[error("the body is too large")]
    TooLarge,
}

impl Event {
    /// Reads an event from the bytes that Lambda hands over.
    pub fn parse(event: &[u8]) -> Result<Self, EventError> {
        serde_json::from_slice(event).map_err(|_| EventError::NotAnEvent)
    }

    /// Returns the HTTP method; empty where the event names none.
    pub fn method(&self) -> &str {
        let method = self
            .request_context
            .http
            .method
            .as_ref()
            .or(self.http_method.as_ref());
        method.map_or("", String::as_str)
    }

    /// Returns the path as API Gateway saw it, perhaps with a stage or a base path before it.
    pub fn path(&self) -> &str {
        self.raw_path
            .as_ref()
            .or(self.path.as_ref())
            .map_or("", String::as_str)
    }

    /// Returns the headers that make a signature.
    pub fn signature_headers(&self) -> SignatureHeaders<'_> {
        self.headers
            .as_ref()
            .map_or_else(SignatureHeaders::default, |headers| SignatureHeaders {
                signature: headers.signature.as_deref(),
                timestamp: headers.timestamp.as_deref(),
                legacy: headers.legacy,
            })
    }

    /// Returns the body's bytes as they were received, if there are at most `limit`.
    pub fn body(&self, limit: usize) -> Result<Cow<'_, [u8]>, EventError> {
        let text = self.body.as_deref().unwrap_or_default();
        // Base64 has four characters for three bytes.
        let longest = if self.is_base64_encoded {
            limit.div_ceil(3) * 4
        } else {
            limit
        };
        if text.len() > longest {
            return Err(EventError::TooLarge);
        }
        if !self.is_base64_encoded {
            return Ok(text.as_bytes().into());
        }
        let body = STANDARD.decode(text).map_err(|_| EventError::NotAnEvent)?;
        if body.len() > limit {
            Err(EventError::TooLarge)
        } else {
            Ok(body.into())
        }
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Chosen;
        impl<'de> Visitor<'de> for Chosen {
            type Value = Headers;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("headers")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Headers, M::Error> {
                let mut headers = Headers::default();
                while let Some(Name(name)) = map.next_key()? {
                    // REST APIs keep the names' case as the caller wrote it.
                    if name.eq_ignore_ascii_case(SIGNATURE_HEADER) {
                        headers.signature = text(map.next_value()?);
                    } else if name.eq_ignore_ascii_case(TIMESTAMP_HEADER) {
                        headers.timestamp = text(map.next_value()?);
                    } else if name.eq_ignore_ascii_case(OLDER_SIGNATURE_HEADER) {
                        headers.legacy |= text(map.next_value()?).is_some();
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(headers)
            }
        }
        deserializer.deserialize_map(Chosen)
    }
}

/// A header's value is a text, whatever a test event may say.
fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_bounded_to_the_byte_in_either_encoding() {
        for limit in [15, 16, 17] {
            let body = |bytes: usize, encoded: bool| {
                let text = "a".repeat(bytes);
                let text = if encoded { STANDARD.encode(text) } else { text };
                let event: Event =
                    serde_json::from_value(json!({"body": text, "isBase64Encoded": encoded}))
                        .unwrap();
                event.body(limit).map(Cow::into_owned)
            };
            for encoded in [false, true] {
                assert_eq!(body(limit, encoded), Ok(vec![b'a'; limit]));
                assert_eq!(body(limit + 1, encoded), Err(EventError::TooLarge));
            }
        }
    }
}
