//! The credentials to try, from standard input, and how a call of the settings carries each.

use std::collections::BTreeMap;

use channel_connection::settings::ChannelConnectionSettings;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    hubspot::{Call, HubSpot},
    outcome::Failure,
    terminal,
};

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

/// A credential, and the path of the settings that it is tried on.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Access {
    pub kind: String,
    pub secret: String,
    pub path: String,
}

/// The settings that HubSpot has, if any.
pub(super) type Current = Option<ChannelConnectionSettings>;

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

    /// Returns each kind with its secret, and the exchange of the OAuth client's.
    pub(super) async fn kinds(
        &self,
        hubspot: &HubSpot,
    ) -> (Vec<(&'static str, String)>, Option<Call>) {
        let stored = [KEY, TOKEN].into_iter();
        let stored = stored.filter_map(|kind| Some((kind, self.0.get(kind)?.clone())));
        let mut kinds: Vec<_> = stored.collect();
        let (Some(id), Some(secret)) = (self.0.get(ID), self.0.get(SECRET)) else {
            return (kinds, None);
        };
        let request = hubspot.request(Method::POST, TOKEN_PATH).form(&[
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("scope", SCOPES),
        ]);
        let exchange = Call::send("exchangeToken", request).await;
        if let Some(token) = exchange.body["access_token"].as_str() {
            kinds.push(("clientCredentials", token.to_owned()));
        }
        (kinds, Some(exchange))
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
    /// Calls the settings once; the request's URL may hold a key.
    pub(super) async fn call(
        &self,
        hubspot: &HubSpot,
        step: &'static str,
        method: Method,
        body: Option<Value>,
    ) -> Call {
        let request = hubspot.request(method, &self.path);
        let request = if self.kind == KEY {
            request.query(&[("hapikey", &self.secret)])
        } else {
            request.bearer_auth(&self.secret)
        };
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Call::send(step, request).await
    }
}

/// Returns what a read found; `None` if it failed.
pub(super) fn current(call: &Call) -> Option<Current> {
    match call.status? {
        200 => serde_json::from_value(call.body.clone()).ok().map(Some),
        404 if call.body.is_object() => Some(None),
        _ => None,
    }
}
