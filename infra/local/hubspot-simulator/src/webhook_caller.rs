//! Calls of the webhook: the registered one, or that of a deployed stage.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use axum::{Json, http::StatusCode};
use channel_connection::{
    http_client,
    ids::{PortalId, UserId},
    numbers_request::NumbersRequest,
    numbers_response::MAX_RESPONSE,
    webhook_call::{CallError, TIMEOUT, WebhookCall},
    webhook_url::{UrlPolicy, WebhookUrl},
};
use reqwest::{Client, Request};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    Account, SharedAccount,
    call_report::{CallReport, Received, RequestAsSent},
    failure::{Failure, failure},
    lock,
    misbehaviour::{self, Misbehaviour},
};

const MAX_CONCURRENT: usize = 100;

/// A user who opens the list of numbers.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ask {
    portal_id: PortalId,
    user_id: UserId,
    misbehaviour: Option<Misbehaviour>,
}

/// The same user, as often as that at once.
#[derive(Debug, Deserialize)]
pub(crate) struct AskForMany {
    #[serde(flatten)]
    ask: Ask,
    times: usize,
}

/// What became of one call of many.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    /// The status; `None` where there was no answer.
    status: Option<u16>,
    milliseconds: u64,
}

#[derive(Clone)]
pub(crate) struct WebhookCaller {
    account: SharedAccount,
    // Made by the first call: it reads the machine's root certificates, for which no test should wait.
    http: Arc<OnceLock<Client>>,
}

impl WebhookCaller {
    pub(crate) fn new(account: &SharedAccount) -> Self {
        Self {
            account: Arc::clone(account),
            http: Arc::default(),
        }
    }

    /// Calls the webhook once, and tells everything about it.
    pub(crate) async fn call(&self, ask: &Ask) -> Result<CallReport, Failure> {
        let call = prepare(&lock(&self.account), ask)?;
        let http = self.http()?;
        let (as_sent, request) = RequestAsSent::write(&call, http).map_err(unsendable)?;
        let started = Instant::now();
        let received = send(http, request).await;
        let milliseconds = milliseconds_since(started);
        match received {
            Ok(received) => Ok(CallReport::new(as_sent, &received, milliseconds)),
            Err(error) => Err(unanswered(&error, &as_sent, milliseconds)),
        }
    }

    /// Calls the webhook many times at once, and tells how each call ended.
    pub(crate) async fn call_many(&self, ask: &AskForMany) -> Result<Vec<Outcome>, Failure> {
        if !(1..=MAX_CONCURRENT).contains(&ask.times) {
            let message = format!("times must be from 1 to {MAX_CONCURRENT}");
            return Err(failure(StatusCode::UNPROCESSABLE_ENTITY, message));
        }
        let call = prepare(&lock(&self.account), &ask.ask)?;
        let http = self.http()?;
        let mut calls = JoinSet::new();
        for _ in 0..ask.times {
            let (_, request) = RequestAsSent::write(&call, http).map_err(unsendable)?;
            calls.spawn(outcome(http.clone(), request));
        }
        Ok(calls.join_all().await)
    }

    fn http(&self) -> Result<&Client, Failure> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let deployed = lock(&self.account).deployed.clone();
        let reach = deployed.map_or(UrlPolicy::Local, |webhook| webhook.reach());
        let http = http_client::client(TIMEOUT, reach).map_err(unsendable)?;
        Ok(self.http.get_or_init(|| http))
    }
}

fn prepare(account: &Account, ask: &Ask) -> Result<WebhookCall, Failure> {
    let question = NumbersRequest {
        app_id: account.app_id,
        portal_id: ask.portal_id,
        user_id: ask.user_id,
    };
    let secret = &account.client_secret;
    Ok(misbehaviour::signed(
        url(account)?,
        question,
        secret,
        ask.misbehaviour,
    ))
}

fn url(account: &Account) -> Result<WebhookUrl, Failure> {
    if let Some(deployed) = &account.deployed {
        return Ok(deployed.clone());
    }
    let held = account.held();
    let held = held.ok_or_else(|| failure(StatusCode::CONFLICT, "no webhook is registered"))?;
    WebhookUrl::parse(&held.url, UrlPolicy::Local)
        .map_err(|error| failure(StatusCode::CONFLICT, format!("the registered URL {error}")))
}

async fn send(http: &Client, request: Request) -> Result<Received, CallError> {
    let response = http.execute(request).await?;
    Ok(Received {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: http_client::body(response, MAX_RESPONSE).await?,
    })
}

async fn outcome(http: Client, request: Request) -> Outcome {
    let started = Instant::now();
    let received = send(&http, request).await;
    Outcome {
        status: received.ok().map(|received| received.status),
        milliseconds: milliseconds_since(started),
    }
}

fn milliseconds_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn unanswered(error: &CallError, request: &RequestAsSent, milliseconds: u64) -> Failure {
    let told =
        json!({"message": error.to_string(), "request": request, "milliseconds": milliseconds});
    (StatusCode::BAD_GATEWAY, Json(told))
}

/// Its cause stays untold, since it may repeat the URL.
fn unsendable(_: reqwest::Error) -> Failure {
    let message = "the request cannot be written";
    failure(StatusCode::INTERNAL_SERVER_ERROR, message)
}
