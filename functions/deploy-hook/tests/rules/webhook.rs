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
    account::{ELSEWHERE, serve_locally},
    sequence::{URLS, WebhookMode},
};

pub struct Webhooks {
    /// The webhooks' URLs; the last is [`ELSEWHERE`].
    pub urls: [String; URLS + 1],
    state: Shared,
}

#[derive(Default)]
struct Webhook {
    mode: WebhookMode,
    /// When it answered a signed request as a working webhook does.
    verified: Vec<Instant>,
    requests: usize,
}

type Shared = Arc<Mutex<[Webhook; URLS]>>;

impl Webhooks {
    pub async fn start() -> Self {
        let state = Shared::default();
        let routes = Router::new()
            .route("/{url}/numbers", post(respond))
            .with_state(Arc::clone(&state));
        let endpoint = serve_locally(routes).await;
        let url = |url| match url {
            URLS => ELSEWHERE.into(),
            url => format!("{endpoint}/{url}/numbers"),
        };
        Self {
            urls: std::array::from_fn(url),
            state,
        }
    }

    pub fn reset(&self) {
        *self.state.lock().unwrap() = Default::default();
    }

    pub fn set_mode(&self, url: usize, mode: WebhookMode) {
        let webhook = &mut self.state.lock().unwrap()[url];
        (webhook.mode, webhook.requests) = (mode, 0);
    }

    /// Returns whether a URL was verified in a time.
    pub fn was_verified(&self, url: &str, from: Instant, to: Instant) -> bool {
        let state = self.state.lock().unwrap();
        let mut known = self.urls.iter().zip(state.iter());
        known.any(|(known, webhook)| {
            let mut verified = webhook.verified.iter();
            known == url && verified.any(|time| (from..=to).contains(time))
        })
    }
}

async fn respond(
    State(state): State<Shared>,
    Path(url): Path<usize>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    const NUMBERS: (StatusCode, &str) = (StatusCode::OK, r#"{"phoneNumbers":[]}"#);
    const DOWN: (StatusCode, &str) = (StatusCode::BAD_GATEWAY, "");
    let is_signed = is_signed(url, &headers, &body);
    let mode = state.lock().unwrap()[url].mode;
    if let WebhookMode::Slow { ms } = mode {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let webhook = &mut state.lock().unwrap()[url];
    webhook.requests += 1;
    match mode {
        WebhookMode::Down => DOWN,
        WebhookMode::WorksEverySecondTime if webhook.requests % 2 == 1 => DOWN,
        WebhookMode::WorksLater { requests } if webhook.requests <= requests => DOWN,
        WebhookMode::ViolatesTheContract if is_signed => (StatusCode::OK, "[]"),
        WebhookMode::AnswersAnybody => NUMBERS,
        _ if is_signed => {
            webhook.verified.push(Instant::now());
            NUMBERS
        }
        _ => (StatusCode::UNAUTHORIZED, ""),
    }
}

fn is_signed(url: usize, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap());
    let url = format!("http://{}/{url}/numbers", header("host").unwrap());
    let signature = SignatureHeaders {
        signature: header(SIGNATURE_HEADER),
        timestamp: header(TIMESTAMP_HEADER),
        legacy: false,
    };
    let secrets = [SigningSecret::new(CLIENT_SECRET).unwrap()];
    let uri = (&WebhookUrl::parse(&url, UrlPolicy::Local).unwrap()).into();
    signature::verify(&secrets, "POST", &uri, body, signature, SystemTime::now()).is_ok()
}
