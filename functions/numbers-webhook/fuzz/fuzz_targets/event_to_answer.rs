//! Any bytes as event, as signed body and as rows: no panic, and an answer to the contract.
#![no_main]

use std::{
    slice,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use channel_connection::{
    client_secrets::{ClientSecrets, SigningSecret},
    contract,
    number_row::{Attribute, NumberRow},
    numbers_response::NumbersResponse,
    portal_numbers::PortalNumbers,
    webhook_url::{WebhookUrl, UrlPolicy},
    signature::{self, SIGNATURE_HEADER, SignedParts, TIMESTAMP_HEADER},
};
use libfuzzer_sys::fuzz_target;
use numbers_webhook::{event::Event, gate::Gate};
use serde_json::json;

const URL: &str = "https://calls.example.com/numbers";
const NOW: SystemTime = UNIX_EPOCH;

fuzz_target!(|input: &[u8]| {
    let url = WebhookUrl::parse(URL, UrlPolicy::Public).unwrap();
    let gate = Gate::new("1234567".parse().unwrap(), slice::from_ref(&url));
    let secret = SigningSecret::new("secret").unwrap();
    let secrets = ClientSecrets::from_json(r#"{"clientSecret":"secret"}"#).unwrap();
    let now = NOW + Duration::from_secs(1_700_000_000);

    if let Ok(event) = Event::parse(input) {
        assert!(gate.check(&event, &secrets, now).is_err(), "nobody signed this");
    }
    let text = String::from_utf8_lossy(input);
    let event = signed(&text, &secret, &url, now);
    let user = match gate.check(&Event::parse(event.as_bytes()).unwrap(), &secrets, now) {
        Ok(asked) => asked.user_id,
        Err(_) => 42.try_into().unwrap(),
    };
    let mut portal = PortalNumbers::default();
    for line in text.lines() {
        portal.add(row(line));
    }
    let limit = 50 + input.len();
    let response = NumbersResponse::within(limit, portal.visible_to(user));
    assert!(serde_json::to_string(&response.body).unwrap().len() - 2 <= limit);
    assert_eq!(contract::violations(response.body.as_bytes()), []);
});

fn signed(body: &str, secret: &SigningSecret, url: &WebhookUrl, now: SystemTime) -> String {
    let timestamp = signature::timestamp(now);
    let parts = SignedParts { method: "POST", uri: &url.into(), body: body.as_bytes(), timestamp: &timestamp };
    let signature = signature::sign(secret, parts);
    json!({
        "rawPath": "/numbers", "requestContext": {"http": {"method": "POST"}}, "body": body,
        "headers": {SIGNATURE_HEADER: signature, TIMESTAMP_HEADER: timestamp},
    })
    .to_string()
}

/// A line stands for a row: number, name and user ids with tabs between them.
fn row(line: &str) -> NumberRow {
    let mut fields = line.split('\t');
    let attribute = |text: Option<&str>| text.map_or(Attribute::Missing, |text| Attribute::Value(text.to_owned()));
    NumberRow {
        number: attribute(fields.next()),
        friendly_name: attribute(fields.next()),
        user_ids: match fields.next() {
            None => Attribute::Missing,
            Some("") => Attribute::WrongType,
            Some(ids) => Attribute::Value(ids.split(' ').map(str::to_owned).collect()),
        },
    }
}
