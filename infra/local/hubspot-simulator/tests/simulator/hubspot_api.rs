//! The settings and OAuth endpoints, as HubSpot's documents describe them.

use std::time::Duration;

use channel_connection::settings::ApiVersion;
use reqwest::Method;
use serde_json::{Value, json};

use crate::hubspot::{CLIENT_ID, CLIENT_SECRET, HubSpot, KEY, TOKEN, URL, VERSION, response};

const SPECIFICATION: &str = include_str!("../../openapi/calling-extensions-2026-03.json");

#[tokio::test]
async fn settings_live_from_post_to_delete() {
    let hubspot = HubSpot::start().await;
    for version in ApiVersion::ALL {
        let settings = json!({"url": URL, "isReady": false});
        let (status, created) = hubspot.send(Method::POST, version, settings).await;
        let fields = (&created["url"], &created["isReady"]);
        assert_eq!((status, fields), (200, (&json!(URL), &json!(false))));
        assert!(created["createdAt"].is_string() && created["updatedAt"].is_string());

        let change = json!({"isReady": true});
        let (status, changed) = hubspot.send(Method::PATCH, version, change).await;
        let fields = (&changed["url"], &changed["isReady"]);
        assert_eq!((status, fields), (200, (&json!(URL), &json!(true))));
        assert_eq!(hubspot.read().await, (200, changed));

        let deleted = hubspot.send(Method::DELETE, version, Value::Null).await;
        assert_eq!((deleted.0, hubspot.read().await.0), (204, 404));
    }
    hubspot.assert_no_violations();
}

#[tokio::test]
async fn every_version_takes_its_modes_credential() {
    let hubspot = HubSpot::start().await;
    hubspot.register(URL).await;
    for (mode, takes_key, takes_token) in [
        ("either", true, true),
        ("key", true, false),
        ("bearer", false, true),
    ] {
        hubspot.control("credential-mode", mode.into()).await;
        for version in ApiVersion::ALL {
            let anonymous = || hubspot.anonymous(Method::GET, version);
            let with_key = |key| anonymous().query(&[("hapikey", key)]);
            for (name, request, is_taken) in [
                ("key", with_key(KEY), takes_key),
                ("token", anonymous().bearer_auth(TOKEN), takes_token),
                ("both", with_key(KEY).bearer_auth(TOKEN), true),
                ("nothing", anonymous(), false),
                ("token as key", with_key(TOKEN), false),
                ("key as token", anonymous().bearer_auth(KEY), false),
            ] {
                let expected = if is_taken { 200 } else { 401 };
                assert_eq!(response(request).await.0, expected, "{mode}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn errors_have_hubspots_body() {
    let hubspot = HubSpot::start().await;
    let own = VERSION.settings_path("1234567");
    let [foreign, invalid] = ["7", "seven"].map(|app_id| VERSION.settings_path(app_id));
    let token = "/oauth/2026-03/token";
    let complete = json!({"url": URL, "isReady": true});
    let huge = json!({"url": "x".repeat(65 * 1024)});
    let no_flag = json!({"url": URL});
    let cases = [
        ("read of nothing", Method::GET, &*own, Value::Null, 404),
        ("change of nothing", Method::PATCH, &own, json!({}), 404),
        ("delete of nothing", Method::DELETE, &own, Value::Null, 404),
        ("foreign app", Method::POST, &foreign, complete.clone(), 404),
        ("invalid app id", Method::GET, &invalid, Value::Null, 400),
        ("field missing", Method::POST, &own, no_flag, 400),
        (
            "wrong type",
            Method::PATCH,
            &own,
            json!({"isReady": 1}),
            400,
        ),
        ("too large", Method::POST, &own, huge, 413),
        ("token without a form", Method::POST, token, json!({}), 415),
        ("wrong method", Method::PUT, &own, Value::Null, 405),
        (
            "wrong method for a token",
            Method::GET,
            token,
            Value::Null,
            405,
        ),
        (
            "unknown API",
            Method::GET,
            "/crm/v3/contacts",
            Value::Null,
            404,
        ),
        (
            "unknown conversations",
            Method::GET,
            "/conversations/v3/threads",
            Value::Null,
            404,
        ),
        ("unknown path", Method::GET, "/nothing", Value::Null, 404),
        ("registration", Method::POST, &own, complete.clone(), 200),
        ("second registration", Method::POST, &own, complete, 409),
    ];
    let schema = error_schema();
    for (name, method, path, body, expected) in cases {
        let request = hubspot.request(method, path).bearer_auth(TOKEN);
        let (status, mut body) = response(request.json(&body)).await;
        assert_eq!(status, expected, "{name}: {body}");
        let routing = name.starts_with("unknown") || name.starts_with("wrong method");
        assert_eq!(
            body["category"].is_null(),
            routing || status == 200,
            "{name}: {body}"
        );
        if routing {
            // The document's category is missing from HubSpot's own routing errors too.
            body["category"] = "".into();
        }
        let is_error = body["status"] == "error" && schema.is_valid(&body);
        assert_eq!(is_error, status != 200, "{name}: {body}");
    }
}

fn error_schema() -> jsonschema::Validator {
    let document: Value = serde_json::from_str(SPECIFICATION).unwrap();
    let schema = json!({
        "$ref": "#/components/schemas/Error", "components": document["components"],
    });
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap()
}

#[tokio::test]
async fn rate_limit_names_policy_and_wait() {
    let hubspot = HubSpot::start().await;
    let fault = json!([{"when": "before", "how": {"statusWithRetryAfter": [429, 7]}}]);
    hubspot.set_faults(fault).await;
    let request = hubspot.anonymous(Method::GET, VERSION).bearer_auth(TOKEN);
    let limited = request.send().await.unwrap();
    assert_eq!(limited.status(), 429);
    assert_eq!(limited.headers()["retry-after"], "7");
    let body: Value = limited.json().await.unwrap();
    assert!(error_schema().is_valid(&body), "{body}");
    // HubSpot's Node client retries by exactly this policy.
    let names = (&body["errorType"], &body["policyName"]);
    assert_eq!(
        names,
        (&json!("RATE_LIMIT"), &json!("TEN_SECONDLY_ROLLING"))
    );
}

#[tokio::test]
async fn faults_strike_before_or_after_the_effect() {
    let hubspot = HubSpot::start().await;
    let faults = json!([
        {"when": "before", "how": {"status": 503}},
        {"when": "after", "how": {"statusWithRetryAfter": [477, 9]}},
        null,
        {"when": "before", "how": "garbage"},
    ]);
    hubspot.set_faults(faults).await;
    let create = async || {
        let settings = json!({"url": URL, "isReady": true});
        hubspot.send(Method::POST, VERSION, settings).await.0
    };
    assert_eq!((create().await, create().await), (503, 477));
    assert_eq!(create().await, 409, "the call before took effect");
    assert_eq!(hubspot.read().await, (200, Value::Null));
    assert_eq!(hubspot.read().await.0, 200);
}

#[tokio::test]
async fn settles_once_late_writes_took_effect() {
    let hubspot = HubSpot::start().await;
    let late = json!([{"when": "before", "how": {"delay": 300}}]);
    for over_http in [false, true] {
        hubspot.set_faults(late.clone()).await;
        let settings = json!({"url": URL, "isReady": over_http});
        let method = if over_http {
            Method::PATCH
        } else {
            Method::POST
        };
        let request = hubspot
            .anonymous(method, VERSION)
            .bearer_auth(TOKEN)
            .json(&settings);
        let impatient = request.timeout(Duration::from_millis(100)).send().await;
        assert!(impatient.unwrap_err().is_timeout());
        if over_http {
            let settled = hubspot.request(Method::GET, "/simulator/settled");
            assert_eq!(response(settled).await.0, 204);
        } else {
            hubspot.simulator.settled().await;
        }
        let held = hubspot.simulator.with_account(|account| account.held());
        assert_eq!(held.map(|held| held.is_ready), Some(over_http));
    }
    assert_eq!(
        hubspot
            .simulator
            .with_account(|account| account.calls.len()),
        2
    );
}

#[tokio::test]
async fn client_credentials_buy_a_token() {
    let hubspot = HubSpot::start().await;
    let exchange = async |secret: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", secret),
            ("scope", "developers-read"),
        ];
        response(
            hubspot
                .request(Method::POST, "/oauth/2026-03/token")
                .form(&form),
        )
        .await
    };
    let read = async |token: &Value| {
        let request = hubspot.anonymous(Method::GET, VERSION);
        response(request.bearer_auth(token.as_str().unwrap()))
            .await
            .0
    };
    let (status, first) = exchange(CLIENT_SECRET).await;
    assert_eq!((status, &first["expires_in"]), (200, &json!(1800)));
    assert_eq!(read(&first["access_token"]).await, 404);
    assert_eq!(exchange("wrong").await.0, 401);
    for _ in 0..100 {
        exchange(CLIENT_SECRET).await;
    }
    let issued = hubspot
        .simulator
        .with_account(|account| account.issued_tokens.len());
    assert_eq!((issued, read(&first["access_token"]).await), (100, 401));
}
