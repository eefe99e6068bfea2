//! The app's client secret, which HubSpot signs its requests with.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// Six bytes tell a few thousand texts apart, and are eight characters.
const KEY_HASH_BYTES: usize = 6;

/// A client secret; its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

/// The client secrets that count now: the current one and, while it is rotated, the one before.
///
/// Kept as JSON: `{"clientSecret":"…","previousClientSecret":"…"}`. Both may be missing or empty: a
/// stack can be deployed before the secret is known, and then verifies nothing.
#[derive(Debug, Clone)]
pub struct ClientSecrets(Vec<SigningSecret>);

/// The reason a stored client secret cannot be used; it never repeats the stored text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(r#"the stored client secret must be JSON like {{"clientSecret":"…"}}, without spaces or line ends in it"#)]
pub struct InvalidClientSecrets;

impl SigningSecret {
    /// Takes a secret as HubSpot shows it; `None` where it is empty.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then_some(Self(text))
    }

    /// Starts a code over what only holders of the secret can vouch for.
    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.as_bytes()).expect("any key length")
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(…)")
    }
}

impl ClientSecrets {
    /// Reads the secrets from the JSON that Secrets Manager keeps.
    pub fn from_json(json: &str) -> Result<Self, InvalidClientSecrets> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Stored {
            client_secret: Option<String>,
            previous_client_secret: Option<String>,
        }
        let stored: Stored = serde_json::from_str(json).map_err(|_| InvalidClientSecrets)?;
        let texts = [stored.client_secret, stored.previous_client_secret];
        let secrets: Vec<_> = texts
            .into_iter()
            .flatten()
            .filter_map(SigningSecret::new)
            .collect();
        // A line end that was copied along would make every signature wrong.
        let is_clean = |secret: &SigningSecret| !secret.0.contains(char::is_whitespace);
        if secrets.iter().all(is_clean) {
            Ok(Self(secrets))
        } else {
            Err(InvalidClientSecrets)
        }
    }

    /// Returns the secret to sign with; `None` until one has been set.
    pub fn current(&self) -> Option<&SigningSecret> {
        self.0.first()
    }

    /// Returns a short hash of a row's key, by which a log can name what it must not show.
    ///
    /// It is made with the secret: of a plain hash, anybody could find the phone number by trying
    /// all there are. Empty until a secret has been set.
    pub fn key_hash(&self, text: &str) -> String {
        let Some(secret) = self.current() else {
            return String::new();
        };
        let mac = secret.mac().chain_update(text).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&mac[..KEY_HASH_BYTES])
    }

    /// Returns every secret that a signature may have been made with.
    pub fn accepted(&self) -> &[SigningSecret] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_hash_depends_on_text_and_secret() {
        let hash = |secret: &str, text| {
            let json = format!(r#"{{"clientSecret":"{secret}"}}"#);
            ClientSecrets::from_json(&json).unwrap().key_hash(text)
        };
        let one = hash("one", "+18001231234");
        assert_eq!(one, hash("one", "+18001231234"));
        assert_ne!(one, hash("one", "+18001231235"));
        assert_ne!(one, hash("two", "+18001231234"));
        assert_eq!(one.len(), 8);
    }

    #[test]
    fn debug_shows_nothing() {
        let secrets = ClientSecrets::from_json(r#"{"clientSecret":"marked-secret"}"#).unwrap();
        assert_eq!(format!("{secrets:?}"), "ClientSecrets([SigningSecret(…)])");
    }
}
