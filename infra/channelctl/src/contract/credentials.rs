//! The credentials to try, from standard input, and how a call carries each.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use serde::Serialize;

use super::call::{Call, HubSpot, Step};
use crate::{outcome::Failure, terminal};

const MAX_BYTES: u64 = 64 * 1024;
const TOKEN_PATH: &str = "/oauth/2026-03/token";
const SCOPES: &str = "developers-read developers-write";
const KEY: &str = "developerApiKey";
const TOKEN: &str = "accessToken";
const ID: &str = "clientId";
const SECRET: &str = "clientSecret";
const EXPECTED: &str = r#"Standard input must be JSON like {"developerApiKey":"…","accessToken":"…","clientId":"…","clientSecret":"…"}: one credential, or more."#;
/// A shorter text may stand in a report by chance.
const MIN_SECRET: usize = 8;

/// The credentials of one account, by the names that the deploy-hook knows them by.
pub(super) struct Credentials(BTreeMap<String, String>);

/// A credential as a call carries it.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Access {
    #[serde(rename = "credential")]
    pub kind: String,
    #[serde(skip)]
    pub secret: String,
}

impl Credentials {
    /// Reads the credentials from a pipe, or without echo from a terminal.
    pub(super) fn read() -> Result<Self, Failure> {
        let json = terminal::read_hidden("Credentials, as JSON: ", MAX_BYTES);
        // serde's own words would repeat a secret that stands in the wrong place.
        let fields = json.ok().and_then(|json| serde_json::from_str(&json).ok());
        let credentials = fields.map(Self).filter(Self::is_usable);
        credentials.ok_or_else(|| Failure::bad_input(EXPECTED))
    }

    fn is_usable(&self) -> bool {
        let is_known = |(name, text): (&String, &String)| {
            let is_whole = !text.is_empty() && !text.contains(char::is_whitespace);
            [KEY, TOKEN, ID, SECRET].contains(&name.as_str()) && is_whole
        };
        let has_whole_client = self.0.contains_key(ID) == self.0.contains_key(SECRET);
        !self.0.is_empty() && has_whole_client && self.0.iter().all(is_known)
    }

    /// Returns each kind as calls carry it, and the exchange of the OAuth client's.
    pub(super) async fn accesses(&self, hubspot: &HubSpot) -> (Vec<Access>, Option<Call>) {
        let access = |kind: &str, secret: &str| Access {
            kind: kind.to_owned(),
            secret: secret.to_owned(),
        };
        let stored = [KEY, TOKEN].into_iter();
        let stored = stored.filter_map(|kind| Some(access(kind, self.0.get(kind)?)));
        let mut accesses: Vec<_> = stored.collect();
        let (Some(id), Some(secret)) = (self.0.get(ID), self.0.get(SECRET)) else {
            return (accesses, None);
        };
        let request = hubspot.request(Method::POST, TOKEN_PATH).form(&[
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("scope", SCOPES),
        ]);
        let exchange = HubSpot::send(Step::ExchangeToken, request).await;
        if let Some(token) = exchange.body["access_token"].as_str() {
            accesses.push(access("clientCredentials", token));
        }
        (accesses, Some(exchange))
    }

    /// Returns an error if a report holds a secret after all.
    pub(super) fn check_absence(&self, report: &str) -> Result<(), Failure> {
        let mut secrets = self.0.values().filter(|text| text.len() >= MIN_SECRET);
        if secrets.any(|secret| report.contains(secret)) {
            let reason = "A response repeated a credential, so there is no report.";
            return Err(Failure::failed(reason));
        }
        Ok(())
    }
}

impl Access {
    /// Adds the authentication; from then on the request's URL may hold a key.
    pub(super) fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        if self.kind == KEY {
            request.query(&[("hapikey", &self.secret)])
        } else {
            request.bearer_auth(&self.secret)
        }
    }
}
