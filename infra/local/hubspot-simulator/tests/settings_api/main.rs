//! The settings API as the official specifications describe it, over HTTP.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

mod hubspot;
mod recording;

use channel_connection::settings::ApiVersion;
use reqwest::Method;
use serde_json::{Value, json};

use crate::hubspot::{CLIENT_ID, CLIENT_SECRET, HubSpot, KEY, TOKEN, URL, answered, is_error};

#[tokio::test]
async fn settings_live_from_post_to_delete_in_every_version() {
    let hubspot = HubSpot::start().await;
    for version in ApiVersion::ALL {
        let (status, created) = hubspot
            .ask(Method::POST, version, json!({"url": URL, "isReady": false}))
            .await;
        assert_eq!(status, 200);
        assert_eq!(
            (&created["url"], &created["isReady"]),
            (&json!(URL), &json!(false))
        );
        assert!(created["createdAt"].is_string() && created["updatedAt"].is_string());

        let (status, changed) = hubspot
            .ask(Method::PATCH, version, json!({"isReady": true}))
            .await;
        assert_eq!(
            (status, &changed["url"], &changed["isReady"]),
            (200, &json!(URL), &json!(true))
        );
        assert_eq!(hubspot.read().await, (200, changed));

        assert_eq!(
            hubspot.ask(Method::DELETE, version, Value::Null).await.0,
            204
        );
        assert_eq!(hubspot.read().await.0, 404);
    }
}

#[tokio::test]
async fn either_credential_opens_every_version_and_nothing_else_does() {
    let hubspot = HubSpot::start().await;
    hubspot
        .ask(
            Method::POST,
            ApiVersion::V3,
            json!({"url": URL, "isReady": false}),
        )
        .await;
    for version in ApiVersion::ALL {
        let anonymous = || hubspot.anonymous(Method::GET, version);
        assert_eq!(
            answered(anonymous().query(&[("hapikey", KEY)])).await.0,
            200
        );
        assert_eq!(answered(anonymous().bearer_auth(TOKEN)).await.0, 200);
        for stranger in [
            anonymous(),
            anonymous().query(&[("hapikey", TOKEN)]),
            anonymous().bearer_auth(KEY),
        ] {
            let (status, body) = answered(stranger).await;
            assert_eq!((status, is_error(&body)), (401, true), "{body}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_answered_with_hubspots_error_body() {
    let hubspot = HubSpot::start().await;
    let version = ApiVersion::V2026_03;
    let complete = json!({"url": URL, "isReady": true});
    let refused = [
        (Method::GET, Value::Null, 404),
        (Method::PATCH, json!({"isReady": true}), 404),
        (Method::DELETE, Value::Null, 404),
        (Method::POST, json!({"url": URL}), 400),
        (Method::POST, json!({"url": 1, "isReady": true}), 400),
        (Method::PATCH, json!({"isReady": "yes"}), 400),
    ];
    for (method, body, status) in refused {
        let (answered, error) = hubspot.ask(method.clone(), version, body).await;
        assert_eq!(
            (answered, is_error(&error)),
            (status, true),
            "{method} {error}"
        );
    }
    assert_eq!(
        hubspot.ask(Method::POST, version, complete.clone()).await.0,
        200
    );
    let (status, error) = hubspot.ask(Method::POST, version, complete).await;
    assert_eq!((status, is_error(&error)), (409, true));
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_with_hubspots_error_body_too() {
    let hubspot = HubSpot::start().await;
    let no_app = ApiVersion::V2026_03.settings_path("seven");
    let no_app = hubspot.http.get(hubspot.simulator.api_url() + &no_app);
    let no_exchange = hubspot.simulator.api_url() + "/oauth/2026-03/token";
    let no_exchange = hubspot.http.post(no_exchange).form(&[("scope", "none")]);
    for request in [no_app.bearer_auth(TOKEN), no_exchange] {
        let (status, error) = answered(request).await;
        assert_eq!((status, is_error(&error)), (400, true), "{error}");
    }
}

#[tokio::test]
async fn oauth_client_credentials_are_exchanged_for_a_token_that_opens_the_account() {
    let hubspot = HubSpot::start().await;
    let exchange = |secret: &'static str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", secret),
            ("scope", "developers-read"),
        ];
        let url = hubspot.simulator.api_url() + "/oauth/2026-03/token";
        answered(hubspot.http.post(url).form(&form))
    };
    let (status, token) = exchange(CLIENT_SECRET).await;
    assert_eq!((status, &token["expires_in"]), (200, &json!(1800)));
    let read = hubspot.anonymous(Method::GET, ApiVersion::V2026_09);
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(answered(read.bearer_auth(token)).await.0, 404);
    let (status, error) = exchange("wrong").await;
    assert_eq!((status, is_error(&error)), (401, true), "{error}");
}

#[tokio::test]
async fn calls_fail_as_they_are_told_to_before_or_after_they_take_effect() {
    let hubspot = HubSpot::start().await;
    let faults = json!([
        {"when": "before", "how": {"status": 503}},
        {"when": "after", "how": {"statusWithRetryAfter": [477, 9]}},
        null,
        {"when": "before", "how": "garbage"},
    ]);
    let arrange = hubspot
        .http
        .post(hubspot.simulator.api_url() + "/simulator/faults");
    assert_eq!(answered(arrange.json(&faults)).await.0, 204);
    let create = || {
        hubspot.ask(
            Method::POST,
            ApiVersion::V3,
            json!({"url": URL, "isReady": true}),
        )
    };
    let (status, error) = create().await;
    assert_eq!((status, is_error(&error)), (503, true));
    assert_eq!(create().await.0, 477);
    assert_eq!(create().await.0, 409, "the call before took effect");
    assert_eq!(hubspot.read().await, (200, Value::Null));
    assert_eq!(hubspot.read().await.0, 200);
}

#[tokio::test]
async fn without_a_registered_webhook_no_user_can_open_the_list() {
    let hubspot = HubSpot::start().await;
    let call = hubspot
        .http
        .post(hubspot.simulator.api_url() + "/simulator/call");
    let (status, body) = answered(call.json(&json!({"portalId": 1, "userId": 2}))).await;
    assert_eq!(
        (status, body),
        (409, json!({"message": "no webhook is registered"}))
    );
}
