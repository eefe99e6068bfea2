//! HubSpot's request signature, version 3.
//!
//! Base64 of HMAC-SHA256 under the app's client secret over method, URI, raw body and timestamp,
//! as described in HubSpot's "Validating requests".

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{client_secrets::SigningSecret, webhook_url::WebhookUrl};

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-hubspot-signature-v3";
/// The header that carries the time of signing, in milliseconds since 1970.
pub const TIMESTAMP_HEADER: &str = "x-hubspot-request-timestamp";
/// The header of the versions 1 and 2, which carry no time and so can be replayed for ever.
pub const LEGACY_SIGNATURE_HEADER: &str = "x-hubspot-signature";
/// The age, either way, beyond which HubSpot's documentation tells to refuse a request.
pub const MAX_AGE: Duration = Duration::from_secs(300);

/// A URL in the form that HubSpot signs: twelve characters that may be percent-encoded are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUri(String);

/// What a signature is made over, each part as it is on the wire.
#[derive(Debug, Clone, Copy)]
pub struct SignedParts<'a> {
    /// The HTTP method, in capitals.
    pub method: &'a str,
    /// The URL that was called.
    pub uri: &'a SignedUri,
    /// The body's bytes, as received.
    pub body: &'a [u8],
    /// The timestamp header's text, as received.
    pub timestamp: &'a str,
}

/// The signature headers of a request, as received; `None` where one is missing.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignatureHeaders<'a> {
    /// The text of [`SIGNATURE_HEADER`].
    pub signature: Option<&'a str>,
    /// The text of [`TIMESTAMP_HEADER`].
    pub timestamp: Option<&'a str>,
    /// Whether [`LEGACY_SIGNATURE_HEADER`] came along.
    pub legacy: bool,
}

/// The reason a request is not taken as HubSpot's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No version 3 signature came along.
    #[error("no signature")]
    Missing,
    /// Only a version 1 or 2 signature came along.
    #[error("only a version 1 or 2 signature")]
    LegacyOnly,
    /// No timestamp came along.
    #[error("no timestamp")]
    MissingTimestamp,
    /// The timestamp is not a whole number of milliseconds.
    #[error("malformed timestamp")]
    MalformedTimestamp,
    /// The timestamp is too long ago or too far ahead.
    #[error("timestamp more than 300 s away")]
    Stale,
    /// The signature is not base64.
    #[error("malformed signature")]
    Malformed,
    /// No accepted secret made this signature over this request.
    #[error("wrong signature")]
    Wrong,
}

// Only who makes a call looks at it.
#[cfg(any(test, feature = "http-client"))]
impl SignedParts<'_> {
    /// Returns what is signed as one text, to be looked at.
    pub(crate) fn base_string(&self) -> String {
        let body = String::from_utf8_lossy(self.body);
        [self.method, &self.uri.0, &body, self.timestamp].concat()
    }
}

impl From<&WebhookUrl> for SignedUri {
    fn from(url: &WebhookUrl) -> Self {
        Self(decode_for_signing(url.as_str()))
    }
}

/// Signs a request as HubSpot does; returns the text for [`SIGNATURE_HEADER`].
pub fn sign(secret: &SigningSecret, parts: SignedParts<'_>) -> String {
    STANDARD.encode(mac(secret, parts).finalize().into_bytes())
}

/// Writes a time as [`TIMESTAMP_HEADER`] carries it.
pub fn timestamp(time: SystemTime) -> String {
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since_1970.as_millis().to_string()
}

/// Checks that one of `secrets` signed this request within [`MAX_AGE`] of `now`.
pub fn verify(
    secrets: &[SigningSecret],
    method: &str,
    uri: &SignedUri,
    body: &[u8],
    headers: SignatureHeaders<'_>,
    now: SystemTime,
) -> Result<(), SignatureError> {
    let signature = headers.signature.ok_or(if headers.legacy {
        SignatureError::LegacyOnly
    } else {
        SignatureError::Missing
    })?;
    let timestamp = headers.timestamp.ok_or(SignatureError::MissingTimestamp)?;
    check_age(timestamp, now)?;
    let signature = STANDARD
        .decode(signature)
        .map_err(|_| SignatureError::Malformed)?;
    let parts = SignedParts {
        method,
        uri,
        body,
        timestamp,
    };
    let made_by = |secret| mac(secret, parts).verify_slice(&signature).is_ok();
    if secrets.iter().any(made_by) {
        Ok(())
    } else {
        Err(SignatureError::Wrong)
    }
}

fn check_age(timestamp: &str, now: SystemTime) -> Result<(), SignatureError> {
    if timestamp.is_empty() || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignatureError::MalformedTimestamp);
    }
    let signed_at: u64 = timestamp
        .parse()
        .map_err(|_| SignatureError::MalformedTimestamp)?;
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let age = now.abs_diff(Duration::from_millis(signed_at));
    if age <= MAX_AGE {
        Ok(())
    } else {
        Err(SignatureError::Stale)
    }
}

fn mac(secret: &SigningSecret, parts: SignedParts<'_>) -> Hmac<Sha256> {
    let mut mac = secret.mac();
    mac.update(parts.method.as_bytes());
    mac.update(parts.uri.0.as_bytes());
    mac.update(parts.body);
    mac.update(parts.timestamp.as_bytes());
    mac
}

/// Decodes the twelve characters of HubSpot's table, in either hex case, and nothing else.
fn decode_for_signing(url: &str) -> String {
    let mut decoded = String::with_capacity(url.len());
    let mut rest = url;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let character = rest.get(1..3).and_then(decoded_character);
        decoded.push(character.unwrap_or('%'));
        rest = &rest[if character.is_some() { 3 } else { 1 }..];
    }
    decoded.push_str(rest);
    decoded
}

fn decoded_character(hex: &str) -> Option<char> {
    Some(match hex.to_ascii_uppercase().as_str() {
        "3A" => ':',
        "2F" => '/',
        "3F" => '?',
        "40" => '@',
        "21" => '!',
        "24" => '$',
        "27" => '\'',
        "28" => '(',
        "29" => ')',
        "2A" => '*',
        "2C" => ',',
        "3B" => ';',
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
