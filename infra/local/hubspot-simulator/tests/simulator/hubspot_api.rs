//! The settings and OAuth endpoints, as HubSpot's documents describe them.

use std::time::Duration;

use channel_connection::settings::ApiVersion;
use reqwest::Method;
use serde_json::{Value, json};

use crate::hubspot::{CLIENT_ID, CLIENT_SECRET, HubSpot, KEY, TOKEN, URL, VERSION, response};

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
    let (no_flag, not_a_flag) = (json!({"url": URL}), json!({"isReady": 1}));
    let [get, post, patch] = [Method::GET, Method::POST, Method::PATCH];
    let (nothing, empty) = (Value::Null, json!({}));
    let [absent, bad] = [(404, "OBJECT_NOT_FOUND"), (400, "VALIDATION_ERROR")];
    let [too_large, no_form] = [413, 415].map(|status| (status, "VALIDATION_ERROR"));
    // HubSpot's own routing errors have no category.
    let [unknown, wrong_method] = [404, 405].map(|status| (status, ""));
    for (name, method, path, body, expected) in [
        ("read of nothing", &get, &*own, &nothing, absent),
        ("change of nothing", &patch, &own, &empty, absent),
        ("delete of nothing", &Method::DELETE, &own, &nothing, absent),
        ("foreign app", &post, &foreign, &complete, absent),
        ("invalid app id", &get, &invalid, &nothing, bad),
        ("field missing", &post, &own, &no_flag, bad),
        ("wrong type", &patch, &own, &not_a_flag, bad),
        ("too large", &post, &own, &huge, too_large),
        ("token without a form", &post, token, &empty, no_form),
        ("wrong method", &Method::PUT, &own, &nothing, wrong_method),
        ("token by GET", &get, token, &nothing, wrong_method),
        ("unknown API", &get, "/crm/v3/contacts", &nothing, unknown),
        ("unknown path", &get, "/nothing", &nothing, unknown),
    ] {
        let request = hubspot.request(method.clone(), path).bearer_auth(TOKEN);
        let (status, body) = response(request.json(body)).await;
        let category = body["category"].as_str().unwrap_or_default();
        assert_eq!((status, category), expected, "{name}: {body}");
        assert_eq!(body["status"], "error", "{name}: {body}");
        assert!(body["correlationId"].is_string(), "{name}: {body}");
    }
    hubspot.register(URL).await;
    let (status, _) = hubspot.send(post, VERSION, complete).await;
    assert_eq!(status, 409);
    hubspot.simulator.with_account(|account| {
        let mut violations = account.calls.iter().flat_map(|call| &call.violations);
        let of_response = violations.find(|violation| violation.starts_with("the response"));
        assert_eq!(of_response, None);
    });
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
    hubspot.control("faults", faults).await;
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
    hubspot.control("faults", late).await;
    let request = hubspot.anonymous(Method::POST, VERSION).bearer_auth(TOKEN);
    let request = request.json(&json!({"url": URL, "isReady": true}));
    let impatient = request.timeout(Duration::from_millis(100)).send().await;
    assert!(impatient.unwrap_err().is_timeout());
    hubspot.simulator.settled().await;
    let current = hubspot.simulator.with_account(|account| account.current());
    assert_eq!(current.map(|current| current.is_ready), Some(true));
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
        let request = hubspot.request(Method::POST, "/oauth/2026-03/token");
        response(request.form(&form)).await
    };
    let path = VERSION.settings_path("1234567");
    let (status, first) = exchange(CLIENT_SECRET).await;
    assert_eq!((status, &first["expires_in"]), (200, &json!(1800)));
    let token = first["access_token"].as_str().unwrap();
    assert_eq!(hubspot.read_with(token, &path).await.0, 404);
    assert_eq!(exchange("wrong").await.0, 401);
    // Only the latest hundred tokens are kept.
    for _ in 0..100 {
        exchange(CLIENT_SECRET).await;
    }
    assert_eq!(hubspot.read_with(token, &path).await.0, 401);
}
