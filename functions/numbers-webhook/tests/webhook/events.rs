//! Any event that a caller can bring about: no function error, and nothing learned.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use numbers_webhook::webhook::Webhook;
use proptest::{collection::btree_map, prelude::*};
use serde_json::{Map, Value, json};
use test_support::{
    NumbersTable, USER_ID, WEBHOOK_URL, invoke_until, numbers_request, respond, signed_request,
    webhook,
};
use tokio::runtime::Runtime;

/// Runs a property with one webhook for all of its cases.
fn with_webhook(property: impl Fn(&Runtime, &Arc<Webhook>)) {
    let runtime = Runtime::new().unwrap();
    let table = runtime.block_on(NumbersTable::start());
    let webhook = runtime.block_on(webhook(&table.endpoint, WEBHOOK_URL));
    property(&runtime, &webhook);
}

type Texts = BTreeMap<String, String>;

/// What a caller puts into a request, as far as HTTP and API Gateway let it.
#[derive(Debug, Clone)]
struct Call {
    method: String,
    path: String,
    query: String,
    headers: Texts,
    body: Vec<u8>,
}

impl Call {
    /// Returns the call as an HTTP API's event (payload 2.0).
    fn v2(&self) -> Value {
        let (body, is_base64_encoded) = self.body();
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": self.path,
            "rawQueryString": self.query, "cookies": [self.query], "headers": self.headers,
            "queryStringParameters": {"query": self.query},
            "requestContext": {
                "domainName": self.headers.get("host"), "stage": "$default",
                "http": {"method": self.method, "path": self.path},
            },
            "body": body, "isBase64Encoded": is_base64_encoded,
        })
    }

    /// Returns the call as a REST API's event (payload 1.0).
    fn v1(&self) -> Value {
        let (body, is_base64_encoded) = self.body();
        let multi_value = |texts: &Texts| -> Map<String, Value> {
            let texts = texts.iter();
            texts
                .map(|(name, text)| (name.clone(), json!([text, text])))
                .collect()
        };
        let query = Texts::from([(self.query.clone(), self.query.clone())]);
        json!({
            "resource": "/{proxy+}", "path": self.path, "httpMethod": self.method,
            "headers": self.headers, "multiValueHeaders": multi_value(&self.headers),
            "queryStringParameters": query, "multiValueQueryStringParameters": multi_value(&query),
            "pathParameters": {"proxy": self.path},
            "requestContext": {
                "domainName": self.headers.get("host"), "stage": "prod", "path": self.path,
                "httpMethod": self.method,
            },
            "body": body, "isBase64Encoded": is_base64_encoded,
        })
    }

    fn body(&self) -> (String, bool) {
        match std::str::from_utf8(&self.body) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (STANDARD.encode(&self.body), true),
        }
    }
}

/// Texts that make `lambda_http` panic in the URL that it builds of them, and others.
fn text() -> impl Strategy<Value = String> {
    let hostile = [
        "https,http",
        "a b",
        "",
        "calls.example.com:99999",
        "calls example com",
        "xn--a",
        "J\u{fc}rgen",
        "a=<b>",
        "a=\"b\"",
    ];
    prop_oneof![
        1 => prop::sample::select(hostile.map(str::to_owned).to_vec()),
        1 => Just("a".repeat(70_000)),
        // Every text without control characters.
        8 => r"\PC{0,20}",
    ]
}

fn headers() -> impl Strategy<Value = Texts> {
    let names = [
        "host",
        "Host",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "forwarded",
        "cookie",
        "content-length",
        "x-hubspot-signature",
        "x-hubspot-signature-v3",
        "X-HubSpot-Request-Timestamp",
        "x-amzn-trace-id",
    ];
    let name = prop_oneof![
        4 => prop::sample::select(names.map(str::to_owned).to_vec()),
        1 => "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,20}",
    ];
    btree_map(name, text(), 0..8)
}

fn call() -> impl Strategy<Value = Call> {
    let path = prop_oneof![
        Just("/numbers".to_owned()),
        r"/\PC{0,40}",
        r"/[ -~]{0,40}/numbers",
        "[/@:?#%.\\\\]{0,20}",
    ];
    let method = prop_oneof![Just("POST".to_owned()), "[A-Z!#$%&'*+.^_`|~-]{1,12}"];
    let body = prop::collection::vec(any::<u8>(), 0..100);
    let parts = (method, path, text(), headers(), body);
    parts.prop_map(|(method, path, query, headers, body)| Call {
        method,
        path,
        query,
        headers,
        body,
    })
}

#[test]
fn no_other_part_of_a_call_counts() {
    with_webhook(|runtime, webhook| {
        proptest!(|(mut call in call())| {
            let now = SystemTime::now();
            let status = |event| runtime.block_on(respond(webhook, &event, now)).0;
            for event in [call.v1(), call.v2()] {
                let status = status(event);
                // A path that no URL has is not the webhook's.
                let expected = match (call.path.ends_with("/numbers"), call.method.as_str()) {
                    (false, _) => &[404][..],
                    (true, "POST") => &[401, 404],
                    (true, _) => &[404, 405],
                };
                prop_assert!(expected.contains(&status), "unsigned: {} for {:?}", status, call);
            }
            let signed = signed_request(WEBHOOK_URL, numbers_request(USER_ID), now);
            (call.method, call.path) = ("POST".into(), "/numbers".into());
            call.body = signed["body"].as_str().unwrap().into();
            for (name, value) in signed["headers"].as_object().unwrap() {
                call.headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
                call.headers.insert(name.clone(), value.as_str().unwrap().into());
            }
            for event in [call.v1(), call.v2()] {
                prop_assert_eq!(status(event), 200, "signed: {:?}", call);
            }
        });
    });
}

#[test]
fn survives_any_clock_and_deadline() {
    with_webhook(|runtime, webhook| {
        proptest!(|(now in 0_u64..9_000_000_000_000, left in -10_000_i64..10_000)| {
            let now = UNIX_EPOCH + Duration::from_millis(now);
            let distance = Duration::from_millis(left.unsigned_abs());
            let deadline = if left < 0 { now.checked_sub(distance).unwrap_or(now) } else { now + distance };
            let event = signed_request(WEBHOOK_URL, numbers_request(USER_ID), now);
            let response = runtime.block_on(invoke_until(webhook, &event, now, deadline));
            let status = response["statusCode"].as_u64().unwrap();
            prop_assert!([200, 503].contains(&status), "{}", status);
        });
    });
}

#[tokio::test]
async fn finds_nothing_at_another_path() {
    let webhook = webhook("http://127.0.0.1:1", WEBHOOK_URL).await;
    let now = SystemTime::now();
    for path in [
        "",
        "/",
        "/number",
        "/xnumbers",
        "/numbers/",
        "/numbers/more",
        "@host:99999/numbers",
        "/a b/numbers",
        "/\u{e9}/numbers",
        "//%zz/",
    ] {
        let mut event = signed_request(WEBHOOK_URL, numbers_request(USER_ID), now);
        event["rawPath"] = path.into();
        assert_eq!(respond(&webhook, &event, now).await.0, 404, "{path:?}");
    }
}
