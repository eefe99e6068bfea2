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
    CLIENT_SECRET, NumbersTable, SecretsManager, USER_ID, WEBHOOK_URL, invoke_until,
    numbers_request, respond, signed_body, signed_request, webhook,
};
use tokio::runtime::Runtime;

use crate::{command, start};

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

fn headers() -> impl Strategy<Value = Texts> {
    let name = prop_oneof![
        4 => prop::sample::select(vec![
            "host", "Host", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded",
            "cookie", "content-type", "content-length", "authorization", "x-hubspot-signature",
            "x-hubspot-signature-v3", "X-HubSpot-Request-Timestamp", "x-amzn-trace-id",
        ]).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,20}",
    ];
    // Every text without control characters.
    btree_map(name, r"\PC{0,20}", 0..8)
}

fn call() -> impl Strategy<Value = Call> {
    let path = prop_oneof![
        Just("/numbers".to_owned()),
        r"/\PC{0,40}",
        r"/[ -~]{0,40}/numbers",
        "[/@:?#%.\\\\]{0,20}",
    ];
    let method = prop_oneof![Just("POST".to_owned()), "[A-Z!#$%&'*+.^_`|~-]{1,12}"];
    let query = prop_oneof![
        r"\PC{0,40}",
        "[ -~]{0,40}",
        Just("a=<\"b\"> c".repeat(7_000))
    ];
    let body = prop::collection::vec(any::<u8>(), 0..300);
    (method, path, query, headers(), body).prop_map(|(method, path, query, headers, body)| Call {
        method,
        path,
        query,
        headers,
        body,
    })
}

#[test]
fn refuses_any_unsigned_call() {
    with_webhook(|runtime, webhook| {
        proptest!(|(call in call())| {
            for event in [call.v1(), call.v2()] {
                let (status, _) = runtime.block_on(respond(webhook, &event, SystemTime::now()));
                let expected = if !call.path.ends_with("/numbers") {
                    &[404]
                } else if call.method == "POST" {
                    // A path that no URL has is not the webhook's.
                    &[401, 404][..]
                } else {
                    &[404, 405]
                };
                prop_assert!(expected.contains(&status), "{} for {}", status, event);
            }
        });
    });
}

#[test]
fn answers_a_signed_call_with_any_other_headers_and_query() {
    with_webhook(|runtime, webhook| {
        proptest!(|(call in call())| {
            let now = SystemTime::now();
            let signed = signed_request(WEBHOOK_URL, numbers_request(USER_ID), now);
            let mut call = Call { method: "POST".into(), path: "/numbers".into(), ..call };
            call.body = signed["body"].as_str().unwrap().into();
            call.headers.retain(|name, _| !name.to_lowercase().starts_with("x-hubspot"));
            for (name, value) in signed["headers"].as_object().unwrap() {
                call.headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
                call.headers.insert(name.clone(), value.as_str().unwrap().into());
            }
            for event in [call.v1(), call.v2()] {
                let (status, _) = runtime.block_on(respond(webhook, &event, now));
                prop_assert_eq!(status, 200, "{}", event);
            }
        });
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
fn refuses_signed_bodies_that_are_no_request() {
    with_webhook(|runtime, webhook| {
        let status = |body: &str| {
            let now = SystemTime::now();
            let event = signed_body(CLIENT_SECRET, WEBHOOK_URL, body, now);
            runtime.block_on(respond(webhook, &event, now)).0
        };
        proptest!(|(text in any::<String>(), app in json_value(), portal in json_value(), user in any::<i64>())| {
            prop_assert_eq!(status(&text), 400);
            prop_assert_eq!(status(&app.to_string()), 400);

            let is_id = |value: &Value| value.as_i64().is_some_and(|id| id > 0);
            let body = json!({"appId": 1_234_567, "portalId": portal, "userId": user});
            let expected = if is_id(&portal) && user > 0 { 200 } else { 400 };
            prop_assert_eq!(status(&body.to_string()), expected);

            let body = json!({"appId": app, "portalId": 1, "userId": 1});
            let expected = if is_id(&app) { 403 } else { 400 };
            prop_assert_eq!(status(&body.to_string()), expected);
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

/// Returns what makes `lambda_http` panic, each in an event that is signed otherwise.
fn hostile_events() -> Vec<(&'static str, Value)> {
    let signed = || signed_request(WEBHOOK_URL, numbers_request(USER_ID), SystemTime::now());
    let with = |change: &dyn Fn(&mut Value)| {
        let mut event = signed();
        change(&mut event);
        event
    };
    let header = |name: &'static str, value: &'static str| {
        with(&|event| event["headers"][name] = value.into())
    };
    let query = |query: &str| with(&|event| event["rawQueryString"] = query.into());
    vec![
        ("two schemes", header("x-forwarded-proto", "https,http")),
        ("a space in the scheme", header("x-forwarded-proto", "a b")),
        ("no scheme", header("x-forwarded-proto", "")),
        (
            "a port too large",
            header("host", "calls.example.com:99999"),
        ),
        ("a space in the host", header("host", "calls example com")),
        ("bad IDNA", header("host", "xn--a")),
        ("non-ASCII in a header", header("x-name", "Jürgen")),
        ("brackets in the query", query("a=<b>")),
        ("quotes in the query", query("a=\"b\"")),
        ("a space in the query", query("a=b c")),
        ("70,000 bytes of query", query(&"a".repeat(70_000))),
    ]
}

#[tokio::test]
async fn the_binary_answers_hostile_events() {
    let table = NumbersTable::start().await;
    let secrets_manager = SecretsManager::start().await;
    let command = command(&table.endpoint, &secrets_manager.endpoint);
    let mut function = start("hostile_events", command).await;
    for (name, event) in hostile_events() {
        assert_eq!(function.status(&event).await, 200, "{name}");
        let mut unsigned = event;
        unsigned["headers"]["x-hubspot-signature-v3"] = "marked".into();
        assert_eq!(function.status(&unsigned).await, 401, "{name}, unsigned");
    }
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
        let mut event = signed_request(WEBHOOK_URL, numbers_request(USER_ID), SystemTime::now());
        event["rawPath"] = path.into();
        assert_eq!(function.status(&event).await, 404, "{path:?}");
    }
}
