//! The vendor's webhooks, each working or broken in its own way.

use std::{
    sync::{Arc, Mutex},
    time::{Instant, SystemTime},
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
use hubspot_simulator::Simulator;
use tokio::net::TcpListener;

use crate::{
    account::CLIENT_SECRET,
    step::{Meddling, Mode, URLS},
};

/// The webhooks, and what they have shown.
#[derive(Clone)]
pub struct Webhooks {
    pub urls: [String; URLS],
    pub state: Arc<Mutex<[Webhook; URLS]>>,
    hubspot: Arc<Simulator>,
}

#[derive(Debug, Clone)]
pub struct Webhook {
    pub mode: Mode,
    /// When it answered a signed request as a webhook that works does.
    pub proofs: Vec<Instant>,
    requests: usize,
}

impl Webhook {
    pub const WORKING: Self = Self {
        mode: Mode::Works,
        proofs: Vec::new(),
        requests: 0,
    };
}

impl Webhooks {
    pub async fn start(hubspot: Arc<Simulator>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let webhooks = Self {
            urls: std::array::from_fn(|url| format!("http://localhost:{port}/{url}/numbers")),
            state: Arc::new(Mutex::new([Webhook::WORKING; URLS])),
            hubspot,
        };
        let application = Router::new()
            .route("/{url}/numbers", post(answer))
            .with_state(webhooks.clone());
        tokio::spawn(async move { axum::serve(listener, application).await.unwrap() });
        webhooks
    }

    pub fn meddle(&self, meddling: Meddling) {
        let settings = meddling.settings(&self.urls);
        self.hubspot.with_account(|account| match settings {
            None => account.settings = None,
            Some(settings) => {
                account.register(settings);
            }
        });
    }
}

async fn answer(
    State(webhooks): State<Webhooks>,
    Path(url): Path<usize>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let is_signed = is_signed(&webhooks.urls[url], &headers, &body);
    let mode = webhooks.state.lock().unwrap()[url].mode;
    if let Mode::WorksWhileSomebodyMeddles(meddling) = mode {
        webhooks.meddle(meddling);
    }
    let webhook = &mut webhooks.state.lock().unwrap()[url];
    webhook.requests += 1;
    match mode {
        Mode::Down => (StatusCode::BAD_GATEWAY, ""),
        Mode::WorksEverySecondTime if webhook.requests % 2 == 1 => (StatusCode::BAD_GATEWAY, ""),
        Mode::BreaksTheContract if is_signed => (StatusCode::OK, "[]"),
        Mode::AnswersAnybody => (StatusCode::OK, r#"{"phoneNumbers":[]}"#),
        _ if is_signed => {
            webhook.proofs.push(Instant::now());
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
