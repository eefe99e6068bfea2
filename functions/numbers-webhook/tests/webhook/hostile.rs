//! Whatever anyone sends: no panic, no 5xx, nothing learned.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{
    function_process::URL,
    support::{NumbersTable, invocation, signed_by, webhook},
};
use numbers_webhook::webhook::Webhook;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

/// One webhook for all the cases of a property.
fn with_webhook(property: impl Fn(&dyn Fn(&[u8]) -> u16)) {
    let runtime = Runtime::new().unwrap();
    let table = runtime.block_on(NumbersTable::start());
    let webhook: Webhook = runtime.block_on(webhook(&table.endpoint, URL));
    property(&|event| {
        let answered = webhook.answer(event, invocation(SystemTime::now()));
        runtime.block_on(answered).answer.status_code
    });
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..5)
                .prop_map(|map| Value::from(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

#[test]
fn any_bytes_as_event_are_refused() {
    with_webhook(|status| {
        proptest!(|(event in prop::collection::vec(any::<u8>(), 0..500))| {
            prop_assert_eq!(status(&event), 400);
        });
    });
}

#[test]
fn any_body_path_method_and_headers_without_a_signature_are_refused() {
    with_webhook(|status| {
        proptest!(|(
            body in any::<String>(), path in any::<String>(), method in any::<String>(), base64 in any::<bool>(),
            headers in prop::collection::hash_map(any::<String>(), json_value(), 0..5),
            signature in any::<Option<String>>(), timestamp in any::<Option<String>>(), elsewhere in json_value(),
        )| {
            let mut headers: Map<String, Value> = headers.into_iter().collect();
            headers.extend(signature.map(|text| ("x-hubspot-signature-v3".into(), text.into())));
            headers.extend(timestamp.map(|text| ("x-hubspot-request-timestamp".into(), text.into())));
            for (path, method) in [(path.as_str(), method.as_str()), ("/numbers", "POST")] {
                let event = json!({
                    "rawPath": path, "requestContext": {"http": {"method": method}, "authorizer": elsewhere},
                    "headers": headers, "body": body, "isBase64Encoded": base64, "stageVariables": elsewhere,
                });
                let status = status(event.to_string().as_bytes());
                prop_assert!([400, 401, 404, 405].contains(&status), "{}", status);
            }
        });
    });
}

#[test]
fn any_signed_body_that_is_no_question_is_refused() {
    with_webhook(|status| {
        proptest!(|(text in any::<String>(), value in json_value())| {
            for body in [text, value.to_string()] {
                let event = signed_by(crate::support::CLIENT_SECRET, URL, &body, SystemTime::now());
                prop_assert_eq!(status(event.to_string().as_bytes()), 400);
            }
        });
    });
}

#[test]
fn a_signed_question_with_any_field_of_any_kind_is_answered_or_refused_by_name() {
    with_webhook(|status| {
        proptest!(|(app in json_value(), portal in json_value(), user in any::<i64>(), more in json_value())| {
            let body = json!({"appId": 1_234_567, "portalId": portal, "userId": user, "more": more}).to_string();
            let event = signed_by(crate::support::CLIENT_SECRET, URL, &body, SystemTime::now());
            let is_id = |value: &Value| value.as_i64().is_some_and(|id| id > 0);
            let expected = if is_id(&portal) && user > 0 { 200 } else { 400 };
            prop_assert_eq!(status(event.to_string().as_bytes()), expected);

            let body = json!({"appId": app, "portalId": 1, "userId": 1}).to_string();
            let event = signed_by(crate::support::CLIENT_SECRET, URL, &body, SystemTime::now());
            let expected = if is_id(&app) { 403 } else { 400 };
            prop_assert_eq!(status(event.to_string().as_bytes()), expected);
        });
    });
}

#[test]
fn any_clock_and_any_deadline_are_survived() {
    let runtime = Runtime::new().unwrap();
    let table = runtime.block_on(NumbersTable::start());
    let webhook = runtime.block_on(webhook(&table.endpoint, URL));
    proptest!(|(now in 0_u64..9_000_000_000_000, left in -10_000_i64..10_000)| {
        let now = UNIX_EPOCH + std::time::Duration::from_millis(now);
        let mut invocation = invocation(now);
        let milliseconds = std::time::Duration::from_millis(left.unsigned_abs());
        invocation.deadline = if left < 0 { now.checked_sub(milliseconds).unwrap_or(now) } else { now + milliseconds };
        let event = crate::support::signed_event(URL, crate::support::question(1), now);
        let status = runtime.block_on(webhook.answer(event.to_string().as_bytes(), invocation)).answer.status_code;
        prop_assert!([200, 503].contains(&status), "{}", status);
    });
}
