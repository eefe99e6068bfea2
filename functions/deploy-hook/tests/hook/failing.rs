//! Deploys that fail, and what stands in HubSpot afterwards.

use axum::http::StatusCode;

use crate::support::{ELSEWHERE, World, constant_webhook, property, settings};

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
async fn a_url_that_is_not_our_webhook_is_refused_and_the_former_settings_stand() {
    let cases = [
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "",
            "the webhook answered the signed request with 500, not 200. See the log of its function",
        ),
        (
            StatusCode::OK,
            "[]",
            "the webhook's answer departs from HubSpot's contract: the answer is a bare array; it must be an object with phoneNumbers",
        ),
        (
            StatusCode::OK,
            r#"{"phoneNumbers":[]}"#,
            "the webhook answered a wrongly signed request with 200, not 401: it must refuse what HubSpot did not sign",
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
            assert_eq!(reason, format!("{url} is not proved: {cause}. {then}"));
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
        "http://localhost:1/numbers is not proved: the webhook gave no answer: the webhook cannot be reached. Check that its URL can be reached from the internet. The former settings stand again in HubSpot."
    );
    assert_eq!(world.held(), None);
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
    assert_eq!(world.calls(), [""; 0]);
}
