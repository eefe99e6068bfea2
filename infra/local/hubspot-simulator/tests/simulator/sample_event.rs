//! Sample events, made to fit a running stack.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use channel_connection::{
    client_secrets::SigningSecret,
    signature::{self, SIGNATURE_HEADER, SignatureError, SignatureHeaders, TIMESTAMP_HEADER},
    webhook_url::{UrlPolicy, WebhookUrl},
};
use clap::Parser;
use hubspot_simulator::sample_event::EventCommand;
use serde_json::Value;

const URL: &str = "http://a1.execute-api.localhost:4566/numbers";

#[derive(Parser)]
struct Program {
    #[command(subcommand)]
    event: EventCommand,
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn secret() -> SigningSecret {
    SigningSecret::new("the-stack's-own-secret").unwrap()
}

fn make(arguments: &[&str]) -> Result<Value, String> {
    let arguments = [&["program"], arguments, &["--url", URL]].concat();
    let program = Program::try_parse_from(arguments).map_err(|error| error.to_string())?;
    let made = program.event.make(&secret(), now());
    made.map_err(|error| error.to_string())
}

/// Verifies an event with a plain body as the stack would, now.
fn verified(event: &Value) -> Result<(), SignatureError> {
    let headers = event["headers"].as_object().unwrap();
    let header = |name: &str| {
        let found = headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_str())
    };
    let headers = SignatureHeaders {
        signature: header(SIGNATURE_HEADER),
        timestamp: header(TIMESTAMP_HEADER),
        legacy: false,
    };
    let url = WebhookUrl::parse(URL, UrlPolicy::Local).unwrap();
    let body = event["body"].as_str().unwrap().as_bytes();
    signature::verify(&[secret()], "POST", &(&url).into(), body, headers, now())
}

#[test]
fn signs_as_rightly_as_the_sample_was() {
    for (sample, outcome) in [
        ("known-portal", Ok(())),
        ("rest-api-stage", Ok(())),
        ("bad-signature", Err(SignatureError::Wrong)),
        ("unsigned", Err(SignatureError::Missing)),
    ] {
        let made = make(&["numbers", sample]).unwrap();
        assert_eq!(verified(&made), outcome, "{sample}");
    }
}

#[test]
fn asks_for_the_named_portal() {
    let portal = ["numbers", "--portal", "7", "--user", "8", "--app-id", "9"];
    let made = make(&portal).unwrap();
    assert_eq!(made["body"], r#"{"appId":9,"portalId":7,"userId":8}"#);
    assert_eq!(
        (&made["rawPath"], verified(&made)),
        (&"/numbers".into(), Ok(()))
    );
}

#[test]
fn hook_events_get_the_stacks_url() {
    assert_eq!(make(&["hook"]).unwrap()["action"], "status");
    let create = ["hook", "create", "--response-url", "http://localhost:1/"];
    let made = make(&create).unwrap();
    assert_eq!(made["ResourceProperties"]["WebhookUrl"], URL);
    assert_eq!(made["ResponseURL"], "http://localhost:1/");
}

#[test]
fn names_events_that_are_not_samples() {
    let file = |name: &str| format!("{}/../../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let (hooks, webhooks) = (file("deploy-hook/create"), file("numbers-webhook/unsigned"));
    let known = "There are: before-traffic, check, create";
    for (name, function, event, error) in [
        ("unknown", "hook", "explode", known),
        ("no file", "hook", "none.json", "cannot read none.json"),
        ("a hook's", "numbers", &hooks, "events/numbers-webhook, got"),
        ("a webhook's", "hook", &webhooks, "events/deploy-hook, got"),
    ] {
        let made = make(&[function, event]).unwrap_err();
        assert!(made.contains(error), "{name}: {made}");
    }
}
