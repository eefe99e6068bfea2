//! OAuth client credentials, exchanged for an access token.

use reqwest::Method;
use serde::Deserialize;

use crate::{
    api_error::ApiError,
    credential::{Access, Credential},
    hubspot::HubSpot,
    pauses::Pauses,
};

/// The one path that HubSpot's specification names, whichever version the settings are called in.
const TOKEN_PATH: &str = "/oauth/2026-03/token";
/// What HubSpot's specification asks for to read and to write the settings.
const SCOPES: &str = "developers-read developers-write";
const EXCHANGE: &str = "exchange the OAuth client credentials";

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

/// Returns what calls are let in by, after an exchange where the credential takes one.
pub(crate) async fn access(
    hubspot: &HubSpot,
    credential: Credential,
    pauses: Pauses,
) -> Result<Access, ApiError> {
    let (id, secret) = match credential {
        Credential::DeveloperApiKey(key) => return Ok(Access::Key(key)),
        Credential::AccessToken(token) => return Ok(Access::Token(token)),
        Credential::ClientCredentials { id, secret } => (id, secret),
    };
    pauses
        .retry(async || exchange(hubspot, &id, &secret).await)
        .await
}

async fn exchange(hubspot: &HubSpot, id: &str, secret: &str) -> Result<Access, ApiError> {
    let request = hubspot.request(Method::POST, TOKEN_PATH).form(&[
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("scope", SCOPES),
    ]);
    let access = Access::Exchange(secret.to_owned());
    let answer = hubspot.send(EXCHANGE, &access, request).await?;
    serde_json::from_slice::<Token>(&answer.body)
        .map(|token| Access::ClientToken(token.access_token))
        .map_err(|_| ApiError::Unreadable(EXCHANGE))
}
