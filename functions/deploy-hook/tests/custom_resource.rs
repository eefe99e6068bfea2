//! What a stack's create, update and delete do to HubSpot, and what CloudFormation is told.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

mod support;

use axum::http::StatusCode;
use channel_connection::settings::{ApiVersion, ChannelConnectionSettings};
use serde_json::{Value, json};
use support::{KEY, TOKEN, World, constant_webhook, numbers::PORTAL};

const ELSEWHERE: &str = "https://other.example.com/numbers";

#[allow(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may be missing"
)]
fn settings(url: &str, is_ready: bool) -> Option<ChannelConnectionSettings> {
    Some(ChannelConnectionSettings {
        url: url.into(),
        is_ready,
    })
}

fn property(name: &'static str, value: impl Into<Value>) -> impl FnOnce(&mut Value) {
    let value = value.into();
    move |event| event["ResourceProperties"][name] = value
}

fn as_it_is(_: &mut Value) {}

#[tokio::test]
async fn a_first_deploy_registers_the_url_not_ready() {
    let world = World::new().await;
    let told = world.deploy("create", as_it_is).await;
    assert_eq!(world.held(), settings(&world.webhook_url, false));
    let outcome = format!("HubSpot holds {} with isReady=false.", world.webhook_url);
    assert_eq!(
        told,
        json!({
            "Status": "SUCCESS", "Reason": outcome, "PhysicalResourceId": "channel-connection/1234567",
            "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/channel-connection/5b918d10-cd98-11ea-90d5-0a9cd3354c10",
            "RequestId": "5d478078-13e9-baf0-464a-7ef285ecc786", "LogicalResourceId": "ChannelConnection",
            "NoEcho": false, "Data": {"Outcome": outcome},
        })
    );
}

#[tokio::test]
async fn is_ready_is_set_after_the_proof_in_at_most_five_calls_of_hubspot() {
    let world = World::new().await;
    world.deploy("create", property("IsReady", "true")).await;
    assert_eq!(world.held(), settings(&world.webhook_url, true));
    let calls = [("GET", 404), ("POST", 200), ("PATCH", 200), ("GET", 200)];
    assert_eq!(
        world.calls(),
        calls.map(|(method, status)| (method.to_owned(), status))
    );
    let probes = world.held_at_probes.lock().unwrap().clone();
    assert!(
        !probes.is_empty() && probes.iter().all(|held| held["isReady"] == false),
        "{probes:?}"
    );
}

#[tokio::test]
async fn every_api_version_and_credential_registers() {
    for version in ApiVersion::ALL {
        for credential in [
            json!({"developerApiKey": KEY}),
            json!({"accessToken": TOKEN}),
        ] {
            let world = World::new().await;
            world.secrets.lock().unwrap().credential = credential.to_string();
            let told = world
                .deploy("create", property("ApiVersion", version.name()))
                .await;
            assert_eq!(told["Status"], "SUCCESS", "{version} {told}");
            assert_eq!(world.held(), settings(&world.webhook_url, false));
        }
    }
}

#[tokio::test]
async fn a_deploy_that_changes_nothing_writes_nothing() {
    let world = World::new().await;
    world.hold(&world.webhook_url, true);
    for is_ready in ["true", "keep"] {
        let told = world.deploy("update", property("IsReady", is_ready)).await;
        assert_eq!(told["Status"], "SUCCESS", "{told}");
    }
    assert_eq!(world.calls(), [("GET".into(), 200), ("GET".into(), 200)]);
}

#[tokio::test]
async fn a_released_app_stays_released_when_its_url_changes_and_is_proved_before_and_after() {
    let world = World::new().await;
    world.hold(ELSEWHERE, true);
    let moved = |event: &mut Value| {
        event["ResourceProperties"]["IsReady"] = "keep".into();
        event["OldResourceProperties"]["WebhookUrl"] = ELSEWHERE.into();
    };
    assert_eq!(world.deploy("update", moved).await["Status"], "SUCCESS");
    assert_eq!(world.held(), settings(&world.webhook_url, true));
    let probes = world.held_at_probes.lock().unwrap().clone();
    let held: Vec<_> = probes
        .iter()
        .map(|held| held["url"].as_str().unwrap())
        .collect();
    let url = world.webhook_url.as_str();
    assert_eq!(
        held,
        [ELSEWHERE, ELSEWHERE, url, url],
        "each proof is a signed and a forged request"
    );
}

#[tokio::test]
async fn another_stacks_released_url_is_replaced_only_on_demand() {
    let world = World::new().await;
    world.hold(ELSEWHERE, true);
    let told = world.deploy("create", as_it_is).await;
    assert_eq!(told["Status"], "FAILED");
    assert_eq!(
        told["Reason"],
        "HubSpot holds another URL (https://other.example.com/numbers), released to customers. To replace it, \
         deploy with IsReady=true or IsReady=false instead of keep. HubSpot holds what it held before."
    );
    let id = told["PhysicalResourceId"].clone();
    let told = world
        .deploy("delete", |event| event["PhysicalResourceId"] = id)
        .await;
    assert_eq!(told["Status"], "SUCCESS");
    assert_eq!(world.held(), settings(ELSEWHERE, true));
    world.deploy("create", property("IsReady", "true")).await;
    assert_eq!(world.held(), settings(&world.webhook_url, true));
}

#[tokio::test]
async fn a_released_app_can_be_held_back_even_if_its_webhook_is_broken() {
    let broken = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    for url in [World::new().await.webhook_url, broken] {
        let world = World::new().await;
        world.hold(&url, true);
        let hold = |event: &mut Value| {
            event["ResourceProperties"]["IsReady"] = "false".into();
            event["ResourceProperties"]["WebhookUrl"] = url.as_str().into();
        };
        assert_eq!(world.deploy("update", hold).await["Status"], "SUCCESS");
        assert_eq!(world.held(), settings(&url, false));
    }
}

#[tokio::test]
async fn a_deploy_that_changes_nothing_still_fails_when_the_webhook_is_broken() {
    let world = World::new().await;
    let broken = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    world.hold(&broken, true);
    let told = world
        .deploy("update", property("WebhookUrl", broken.as_str()))
        .await;
    assert_eq!(told["Status"], "FAILED");
    assert_eq!(world.held(), settings(&broken, true));
}

#[tokio::test]
async fn an_answer_that_broke_off_shows_nothing_of_the_secret_in_it() {
    let world = World::new().await;
    world.secrets.lock().unwrap().client_secret = "broken, and marked".into();
    let told = world.deploy("create", as_it_is).await;
    let reason = told["Reason"].as_str().unwrap();
    assert_eq!(
        reason,
        "cannot read the secret client-secret: Secrets Manager gave no usable answer"
    );
}

#[tokio::test]
async fn a_url_that_is_not_our_webhook_is_refused_and_the_former_settings_stand() {
    let cases = [
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "",
            "the webhook answered the signed request with 500, not 200",
        ),
        (
            StatusCode::OK,
            "[]",
            "the webhook's answer departs from HubSpot's contract: the answer is a bare array; it must be an object with phoneNumbers",
        ),
        (
            StatusCode::OK,
            r#"{"phoneNumbers":[]}"#,
            "the webhook answered a wrongly signed request with 200, not 401",
        ),
    ];
    for (status, body, cause) in cases {
        let url = constant_webhook(status, body).await;
        for former in [None, settings(ELSEWHERE, false), settings(ELSEWHERE, true)] {
            let world = World::new().await;
            if let Some(former) = &former {
                world.hold(&former.url, former.is_ready);
            }
            let told = world
                .deploy("update", property("WebhookUrl", url.as_str()))
                .await;
            assert_eq!(told["Status"], "FAILED");
            let reason = told["Reason"].as_str().unwrap();
            let was_ready = former.as_ref().is_some_and(|former| former.is_ready);
            let then = if was_ready {
                "HubSpot holds what it held before."
            } else {
                "The former settings stand again in HubSpot."
            };
            assert_eq!(reason, format!("{cause}. {then}"));
            assert_eq!(world.held(), former, "{reason}");
        }
    }
}

#[tokio::test]
async fn a_webhook_that_nobody_runs_is_refused() {
    let world = World::new().await;
    let told = world
        .deploy(
            "create",
            property("WebhookUrl", "http://localhost:1/numbers"),
        )
        .await;
    assert_eq!(
        told["Reason"],
        "the webhook gave no answer: the webhook cannot be reached. The former settings stand again in HubSpot."
    );
    assert_eq!(world.held(), None);
}

#[tokio::test]
async fn delete_removes_the_settings_only_if_they_are_this_stacks() {
    let world = World::new().await;
    world.hold(&world.webhook_url, true);
    assert_eq!(world.deploy("delete", as_it_is).await["Status"], "SUCCESS");
    assert_eq!(world.held(), None);
    assert_eq!(
        world.deploy("delete", as_it_is).await["Reason"],
        "HubSpot held no settings."
    );
    world.hold(ELSEWHERE, true);
    let told = world.deploy("delete", as_it_is).await;
    assert_eq!(
        told["Reason"],
        "HubSpot holds another URL, which was left alone."
    );
    assert_eq!(world.held(), settings(ELSEWHERE, true));
}

#[tokio::test]
async fn bad_properties_fail_with_the_property_named_and_the_delete_that_follows_does_nothing() {
    let world = World::new().await;
    let told = world.deploy("create", property("AppId", "none")).await;
    assert_eq!(told["Status"], "FAILED");
    assert_eq!(
        told["Reason"],
        "AppId must be a whole number from 1 to 9223372036854775807"
    );
    let id = told["PhysicalResourceId"].clone();
    let told = world
        .deploy("delete", |event| event["PhysicalResourceId"] = id)
        .await;
    assert_eq!(
        told["Reason"],
        "Nothing was registered, so nothing was removed."
    );
    assert_eq!(world.calls(), []);
}

#[tokio::test]
async fn a_refused_credential_is_named_by_kind_and_never_shown() {
    let world = World::new().await;
    for credential in [
        json!({"developerApiKey": "marked-wrong"}),
        json!({"accessToken": "marked-wrong"}),
    ] {
        world.secrets.lock().unwrap().credential = credential.to_string();
        let told = world.deploy("create", as_it_is).await;
        let reason = told["Reason"].as_str().unwrap();
        let kind = if credential.get("accessToken").is_some() {
            "access token"
        } else {
            "developer API key"
        };
        assert!(
            reason.starts_with(&format!(
                "HubSpot refused the {kind} with 401 (correlation id "
            )),
            "{reason}"
        );
        assert!(
            reason.ends_with("HubSpot holds what it held before."),
            "{reason}"
        );
        assert!(!told.to_string().contains("marked"), "{told}");
    }
}

#[tokio::test]
async fn a_stack_may_come_before_its_secrets_but_its_url_does_not_change_without_them() {
    let empty: [fn(&World); 2] = [
        |world| world.secrets.lock().unwrap().credential = "{}".into(),
        |world| world.secrets.lock().unwrap().client_secret = "{}".into(),
    ];
    for (unset, name) in empty
        .into_iter()
        .zip(["HubSpot credential", "client secret"])
    {
        let world = World::new().await;
        unset(&world);
        let reason = format!(
            "Nothing was told to HubSpot: the {name} is not set yet. Set it, then deploy again."
        );
        let unchanged = |event: &mut Value| {
            event["OldResourceProperties"]["WebhookUrl"] = world.webhook_url.as_str().into();
        };
        for told in [
            world.deploy("create", as_it_is).await,
            world.deploy("update", unchanged).await,
        ] {
            assert_eq!(
                (&told["Status"], &told["Reason"]),
                (&json!("SUCCESS"), &json!(reason))
            );
        }
        assert_eq!(world.deploy("update", as_it_is).await["Status"], "FAILED");
        assert_eq!(world.deploy("delete", as_it_is).await["Status"], "SUCCESS");
        assert_eq!(world.held(), None);
    }
}

#[tokio::test]
async fn status_tells_what_is_held_beside_what_is_expected() {
    let world = World::new().await;
    let status = async || world.send("status", as_it_is).await.unwrap();
    let expected = |registered: Value, drift: bool| {
        json!({
            "appId": 1_234_567, "apiVersion": "2026-03", "credential": "developer API key",
            "expectedUrl": world.webhook_url, "registered": registered, "drift": drift,
        })
    };
    assert_eq!(status().await, expected(Value::Null, true));
    world.hold(ELSEWHERE, true);
    assert_eq!(
        status().await,
        expected(json!({"url": ELSEWHERE, "isReady": true}), true)
    );
    world.hold(&world.webhook_url, false);
    assert_eq!(
        status().await,
        expected(json!({"url": world.webhook_url, "isReady": false}), false)
    );
}

#[tokio::test]
async fn an_event_of_no_known_kind_is_refused() {
    let world = World::new().await;
    let error = world
        .send("status", |event| *event = json!({"action": "dance"}))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"this event is neither CloudFormation's nor an action; try {"action":"status"}"#
    );
}

#[tokio::test]
async fn once_registered_hubspot_calls_the_webhook_and_it_answers_from_the_table() {
    let world = World::new().await;
    world.numbers.put_named("+18001231234", "Sales").await;
    world.deploy("create", property("IsReady", "true")).await;
    let question = json!({"portalId": PORTAL.parse::<i64>().unwrap(), "userId": 4242});
    let call = format!("{}/simulator/call", world.hubspot.api_url());
    let called = reqwest::Client::new()
        .post(call)
        .json(&question)
        .send()
        .await
        .unwrap();
    let called: Value = called.json().await.unwrap();
    let numbers = json!([{"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"}]);
    assert_eq!(
        called["answer"],
        json!({"status": 200, "body": {"phoneNumbers": numbers}, "violations": []})
    );
}
