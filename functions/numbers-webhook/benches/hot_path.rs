//! The time between an event and its answer, without DynamoDB: verify, parse, map, serialise.
#![allow(clippy::unwrap_used, reason = "a bench's set-up may fail loudly")]

use std::{
    hint::black_box,
    time::{Duration, UNIX_EPOCH},
};

use channel_connection::{
    client_secrets::ClientSecrets,
    number_row::{Attribute, NumberRow},
    numbers_response::NumbersResponse,
    portal_numbers::PortalNumbers,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use divan::Bencher;
use numbers_webhook::{answer::Answer, event::Event, gate::Gate};

const EVENT: &[u8] = include_bytes!("../../../events/numbers-webhook/known-portal.json");
const URL: &str = "https://abc123.execute-api.us-east-1.amazonaws.com/numbers";

fn main() {
    divan::main();
}

fn rows(count: usize) -> Vec<NumberRow> {
    let row = |number| NumberRow {
        number: Attribute::Value(format!("+1800{number:07}")),
        friendly_name: Attribute::Value(format!("Support line number {number}")),
        user_ids: Attribute::Missing,
    };
    (0..count).map(row).collect()
}

#[divan::bench(args = [10, 1_000, 10_000])]
fn event_to_answer(bencher: Bencher<'_, '_>, numbers: usize) {
    let url = WebhookUrl::parse(URL, UrlPolicy::Public).unwrap();
    let gate = Gate::new("1234567".parse().unwrap(), &[url]);
    let secrets = ClientSecrets::from_json(r#"{"clientSecret":"local-client-secret"}"#).unwrap();
    let signed_at = UNIX_EPOCH + Duration::from_millis(1_700_000_300_000);
    bencher.with_inputs(|| rows(numbers)).bench_values(|rows| {
        let event = Event::parse(black_box(EVENT)).unwrap();
        let asked = gate.check(&event, &secrets, signed_at).unwrap();
        let mut portal = PortalNumbers::default();
        for row in rows {
            portal.add(row);
        }
        let response = NumbersResponse::within(6_000_000, portal.visible_to(asked.user_id));
        serde_json::to_vec(&Answer::json(200, response.body)).unwrap()
    });
}
