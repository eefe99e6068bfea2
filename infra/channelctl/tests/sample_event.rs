//! Sample events made fit for a running stack.
#![allow(clippy::unwrap_used, reason = "a test's set-up may fail loudly")]

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use channel_connection::{
    client_secrets::SigningSecret,
    signature::{self, SIGNATURE_HEADER, SignatureError, SignatureHeaders, TIMESTAMP_HEADER},
    webhook_url::{UrlPolicy, WebhookUrl},
};
use channelctl::sample_event::{SampleError, refresh_hook_event, refresh_request};
use serde_json::{Value, json};

fn event(path: &str) -> Value {
    let path = format!("{}/../../events/{path}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn url() -> WebhookUrl {
    WebhookUrl::parse(
        "http://a1.execute-api.localhost:4566/numbers",
        UrlPolicy::Local,
    )
    .unwrap()
}

fn secret() -> SigningSecret {
    SigningSecret::new("the-stack's-own-secret").unwrap()
}

fn refreshed(event: Value) -> Result<Value, SampleError> {
    refresh_request(event, &url(), &secret(), now())
}

fn for_the_hook(event: Value) -> Result<Value, SampleError> {
    refresh_hook_event(event, &url(), Some("http://localhost:1/"))
}

/// Verifies an event with a plain body as the stack would, now.
fn verified(event: &Value) -> Result<(), SignatureError> {
    let header = |name: &str| event["headers"][name].as_str();
    let headers = SignatureHeaders {
        signature: header(SIGNATURE_HEADER),
        timestamp: header(TIMESTAMP_HEADER),
        legacy: false,
    };
    let body = event["body"].as_str().unwrap().as_bytes();
    signature::verify(&[secret()], "POST", &(&url()).into(), body, headers, now())
}

#[test]
fn a_rightly_signed_event_is_signed_anew_for_the_stack() {
    assert_eq!(
        verified(&refreshed(event("numbers-webhook/known-portal")).unwrap()),
        Ok(())
    );
}

#[test]
fn a_rest_apis_event_keeps_its_headers_names() {
    let made = refreshed(event("numbers-webhook/rest-api-stage")).unwrap();
    let body = made["body"].as_str().unwrap().as_bytes();
    let headers = SignatureHeaders {
        signature: made["headers"]["X-HubSpot-Signature-v3"].as_str(),
        timestamp: made["headers"]["X-HubSpot-Request-Timestamp"].as_str(),
        legacy: false,
    };
    let verified = signature::verify(&[secret()], "POST", &(&url()).into(), body, headers, now());
    assert_eq!(verified, Ok(()));
}

#[test]
fn a_wrongly_signed_event_stays_wrong_for_no_other_reason_than_its_signature() {
    let refused = |name| verified(&refreshed(event(name)).unwrap());
    assert_eq!(
        refused("numbers-webhook/bad-signature"),
        Err(SignatureError::Wrong)
    );
    assert_eq!(
        refused("numbers-webhook/unsigned"),
        Err(SignatureError::Missing)
    );
}

#[test]
fn a_custom_resources_event_gets_the_stacks_url_and_a_place_for_the_outcome() {
    let made = for_the_hook(event("deploy-hook/create")).unwrap();
    assert_eq!(made["ResourceProperties"]["WebhookUrl"], url().as_str());
    assert_eq!(made["ResponseURL"], "http://localhost:1/");
}

#[test]
fn an_action_stays_as_it_is_and_what_is_no_event_is_refused() {
    assert_eq!(
        for_the_hook(json!({"action": "status"})).unwrap(),
        json!({"action": "status"})
    );
    let error = for_the_hook(event("numbers-webhook/known-portal")).unwrap_err();
    assert!(matches!(error, SampleError::NoHookEvent));
    let error = refreshed(event("deploy-hook/create")).unwrap_err();
    assert!(matches!(error, SampleError::NoRequest));
}
