//! The vendor's webhooks, each working or broken in its own way.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use channel_connection::{
    client_secrets::SigningSecret,
    signature::{self, SIGNATURE_HEADER, SignatureHeaders, TIMESTAMP_HEADER},
    webhook_url::{UrlPolicy, WebhookUrl},
};
use test_support::CLIENT_SECRET;

use crate::{
    account::serve_locally,
    steps::{URLS, WebhookMode},
};

#[derive(Clone)]
pub struct Webhooks {
    pub urls: [String; URLS],
    state: Arc<Mutex<[Webhook; URLS]>>,
}

#[derive(Debug, Clone)]
struct Webhook {
    mode: WebhookMode,
    /// When it answered a signed request as a working webhook does.
    verified: Vec<Instant>,
    requests: usize,
}

impl Webhook {
    const WORKING: Self = Self {
        mode: WebhookMode::Works,
        verified: Vec::new(),
        requests: 0,
    };
}

impl Webhooks {
    pub async fn start() -> Self {
        let urls = Arc::new(Mutex::new(None));
        let state: Arc<Mutex<_>> = Arc::new(Mutex::new([Webhook::WORKING; URLS]));
        let routes = Router::new()
            .route("/{url}/numbers", post(respond))
            .with_state((Arc::clone(&urls), Arc::clone(&state)));
        let endpoint = serve_locally(routes).await;
        let webhooks = Self {
            urls: std::array::from_fn(|url| format!("{endpoint}/{url}/numbers")),
            state,
        };
        *urls.lock().unwrap() = Some(webhooks.urls.clone());
        webhooks
    }

    pub fn reset(&self) {
        *self.state.lock().unwrap() = [Webhook::WORKING; URLS];
    }

    pub fn set_mode(&self, url: usize, mode: WebhookMode) {
        let webhook = &mut self.state.lock().unwrap()[url];
        (webhook.mode, webhook.requests) = (mode, 0);
    }

    /// Returns whether a URL was verified in a time.
    pub fn was_verified(&self, url: &str, from: Instant, to: Instant) -> bool {
        let state = self.state.lock().unwrap();
        let known = self.urls.iter().zip(state.iter());
        known
            .filter(|(known, _)| *known == url)
            .flat_map(|(_, webhook)| &webhook.verified)
            .any(|time| (from..=to).contains(time))
    }
}

type Shared = (
    Arc<Mutex<Option<[String; URLS]>>>,
    Arc<Mutex<[Webhook; URLS]>>,
);

async fn respond(
    State((urls, state)): State<Shared>,
    Path(url): Path<usize>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let own_url = urls.lock().unwrap().as_ref().unwrap()[url].clone();
    let is_signed = is_signed(&own_url, &headers, &body);
    let mode = state.lock().unwrap()[url].mode;
    if let WebhookMode::Slow { ms } = mode {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let webhook = &mut state.lock().unwrap()[url];
    webhook.requests += 1;
    match mode {
        WebhookMode::Down => (StatusCode::BAD_GATEWAY, ""),
        WebhookMode::WorksEverySecondTime if webhook.requests % 2 == 1 => {
            (StatusCode::BAD_GATEWAY, "")
        }
        WebhookMode::WorksLater { requests } if webhook.requests <= requests => {
            (StatusCode::BAD_GATEWAY, "")
        }
        WebhookMode::ViolatesTheContract if is_signed => (StatusCode::OK, "[]"),
        WebhookMode::AnswersAnybody => (StatusCode::OK, r#"{"phoneNumbers":[]}"#),
        _ if is_signed => {
            webhook.verified.push(Instant::now());
            (StatusCode::OK, r#"{"phoneNumbers":[]}"#)
        }
        _ => (StatusCode::UNAUTHORIZED, ""),
    }
}

fn is_signed(url: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap());
    let signature = SignatureHeaders {
        signature: header(SIGNATURE_HEADER),
        timestamp: header(TIMESTAMP_HEADER),
        legacy: false,
    };
    let secrets = [SigningSecret::new(CLIENT_SECRET).unwrap()];
    let uri = (&WebhookUrl::parse(url, UrlPolicy::Local).unwrap()).into();
    signature::verify(&secrets, "POST", &uri, body, signature, SystemTime::now()).is_ok()
}
