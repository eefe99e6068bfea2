//! Deploys, rollbacks and deletes: what HubSpot has afterwards, and in which order it got it.

use axum::http::StatusCode;
use channel_connection::settings::ApiVersion;
use hubspot_simulator::fault::{How, When};
use serde_json::{Value, json};
use test_support::APP_ID;

use crate::{
    account::{CLIENT_ID, ELSEWHERE, KEY, OAUTH_SECRET, TOKEN},
    support::{TestEnv, constant_webhook, property, reason, settings, unchanged},
};

const OTHER_APP: &str = "7654321";

#[tokio::test]
async fn first_deploy_registers_without_releasing() {
    let env = TestEnv::new().await;
    let response = env.deploy("create", unchanged).await;
    assert_eq!(env.current(), settings(&env.webhook_url, false));
    let outcome = format!("HubSpot has {} with isReady=false.", env.webhook_url);
    assert_eq!(
        response,
        json!({
            "Status": "SUCCESS", "Reason": outcome, "PhysicalResourceId": "channel-connection/1234567",
            "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/channel-connection/5b918d10-cd98-11ea-90d5-0a9cd3354c10",
            "RequestId": "5d478078-13e9-baf0-464a-7ef285ecc786", "LogicalResourceId": "ChannelConnection",
            "NoEcho": false, "Data": {"Outcome": outcome},
        })
    );
}

#[tokio::test]
async fn releases_after_verification_in_five_calls() {
    let env = TestEnv::new().await;
    env.deploy("create", property("IsReady", "true")).await;
    assert_eq!(env.current(), settings(&env.webhook_url, true));
    let calls = ["GET 404", "POST 200", "GET 200", "PATCH 200", "GET 200"];
    assert_eq!(env.calls(), calls);
    let current = env.webhook.settings_at_requests.lock().unwrap().clone();
    let unreleased = || settings(&env.webhook_url, false);
    assert_eq!(current, [unreleased(), unreleased(), unreleased()]);
}

#[tokio::test]
async fn equal_settings_are_read_once_and_verified() {
    let env = TestEnv::new().await;
    env.register(&env.webhook_url, true);
    let response = env.deploy("update", property("IsReady", "true")).await;
    reason(&response, "SUCCESS");
    assert_eq!(env.calls(), ["GET 200"]);
}

#[tokio::test]
async fn every_api_version_and_credential_works() {
    for version in ApiVersion::ALL {
        for credential in [
            json!({"developerApiKey": KEY}),
            json!({"accessToken": TOKEN}),
            json!({"clientId": CLIENT_ID, "clientSecret": OAUTH_SECRET}),
        ] {
            let mut env = TestEnv::new().await;
            env.budget.call *= 4;
            env.set_credential(&credential);
            let version = property("ApiVersion", version.name());
            reason(&env.deploy("create", version).await, "SUCCESS");
            assert_eq!(env.current(), settings(&env.webhook_url, false));
            for action in ["release", "hold", "remove"] {
                let report = env.act(action).await;
                assert_eq!(report["done"], true, "{report}");
            }
            assert_eq!(env.current(), None);
            env.assert_specified();
        }
    }
}

#[tokio::test]
async fn released_url_change_is_verified_before_and_after() {
    let env = TestEnv::new().await;
    env.register(ELSEWHERE, true);
    let change = |event: &mut Value| {
        event["ResourceProperties"]["IsReady"] = "keep".into();
        event["OldResourceProperties"]["WebhookUrl"] = ELSEWHERE.into();
    };
    reason(&env.deploy("update", change).await, "SUCCESS");
    assert_eq!(env.current(), settings(&env.webhook_url, true));
    let current = env.webhook.settings_at_requests.lock().unwrap().clone();
    let (before, after) = (settings(ELSEWHERE, true), settings(&env.webhook_url, true));
    // Each attempt is a signed, a wrongly signed and an unsigned request.
    let expected = [&before, &before, &before, &after, &after, &after];
    assert_eq!(current.iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn keep_replaces_no_other_stacks_released_url() {
    let env = TestEnv::new().await;
    env.register(ELSEWHERE, true);
    let response = env.deploy("create", unchanged).await;
    assert_eq!(
        reason(&response, "FAILED"),
        "HubSpot has another URL (https://other.example.com/numbers), released to customers. It may be \
         another stage's: each needs an app of its own. To replace it, \
         say true or false for IsReady, not keep. This event left no change in HubSpot."
    );
    let id = response["PhysicalResourceId"].clone();
    let delete = |event: &mut Value| event["PhysicalResourceId"] = id;
    reason(&env.deploy("delete", delete).await, "SUCCESS");
    assert_eq!(env.current(), settings(ELSEWHERE, true));
    let response = env.deploy("create", property("IsReady", "true")).await;
    let reason = reason(&response, "SUCCESS");
    assert!(reason.ends_with("Until now it had https://other.example.com/numbers."));
    assert_eq!(env.current(), settings(&env.webhook_url, true));
}

#[tokio::test]
async fn deploy_holds_a_released_app_with_broken_webhook() {
    let mut env = TestEnv::new().await;
    env.webhook_url = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    env.register(&env.webhook_url, true);
    let response = env.deploy("update", property("IsReady", "false")).await;
    reason(&response, "SUCCESS");
    assert_eq!(env.current(), settings(&env.webhook_url, false));
}

#[tokio::test]
async fn failed_verification_restores_the_previous_settings() {
    let url = constant_webhook(StatusCode::OK, "[]").await;
    let cause = "the webhook's response violates HubSpot's contract: the response is a bare array; it must be an object with phoneNumbers";
    let (unchanged, restored) = (
        "This event left no change in HubSpot.",
        "The previous HubSpot settings were restored.",
    );
    for (case, previous, after) in [
        ("none", None, restored),
        ("another URL", settings(ELSEWHERE, false), restored),
        (
            "another URL, released",
            settings(ELSEWHERE, true),
            unchanged,
        ),
        ("the same, released", settings(&url, true), unchanged),
    ] {
        let mut env = TestEnv::new().await;
        env.webhook_url.clone_from(&url);
        if let Some(previous) = &previous {
            env.register(previous.url.as_str(), previous.is_ready);
        }
        let response = env.deploy("update", property("IsReady", "true")).await;
        let expected = format!("{url} is not verified: {cause}. {after}");
        assert_eq!(reason(&response, "FAILED"), expected, "{case}");
        assert_eq!(env.current(), previous, "{case}");
    }
}

#[tokio::test]
async fn broken_url_replaces_no_released_one_unreleased() {
    let mut env = TestEnv::new().await;
    env.webhook_url = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    env.register(ELSEWHERE, true);
    let response = env.deploy("create", property("IsReady", "false")).await;
    reason(&response, "FAILED");
    assert_eq!(env.calls(), ["GET 200"]);
    assert_eq!(env.current(), settings(ELSEWHERE, true));
}

#[tokio::test]
async fn a_written_replacement_is_taken_back() {
    let env = TestEnv::new().await;
    env.register(ELSEWHERE, true);
    // The settings are read before the write, right before it, and after it.
    let refused = Some((When::Before, How::Status(403)));
    env.fail([None, None, None, refused]);
    let response = env.deploy("update", property("IsReady", "true")).await;
    let reason = reason(&response, "FAILED");
    let end = "The previous HubSpot settings were restored.";
    assert!(reason.ends_with(end), "{reason}");
    assert_eq!(env.current(), settings(ELSEWHERE, true));
    let restored = ["GET 200", "GET 200", "PATCH 200", "GET 200"];
    assert_eq!(env.calls().split_off(4), restored);
}

#[tokio::test]
async fn lost_response_of_an_unreleased_replacement_is_a_success() {
    let mut env = TestEnv::new().await;
    env.budget.call = std::time::Duration::from_millis(200);
    env.register(ELSEWHERE, true);
    env.fail([None, None, Some((When::After, How::Silence))]);
    let response = env.deploy("update", property("IsReady", "false")).await;
    reason(&response, "SUCCESS");
    assert_eq!(env.current(), settings(&env.webhook_url, false));
}

#[tokio::test]
async fn app_change_moves_the_registration() {
    let env = TestEnv::new().await;
    let (old, id) = (OTHER_APP.parse().unwrap(), "channel-connection/7654321");
    env.hubspot.with_account(|account| {
        let registered = account.new_settings(settings(&env.webhook_url, false).unwrap());
        account.other_apps.insert(old, Some(registered));
    });
    let change = |event: &mut Value| {
        event["OldResourceProperties"]["AppId"] = OTHER_APP.into();
        event["PhysicalResourceId"] = id.into();
    };
    let response = env.deploy("update", change).await;
    reason(&response, "SUCCESS");
    assert_eq!(
        response["PhysicalResourceId"],
        format!("channel-connection/{APP_ID}")
    );
    let clean_up = |event: &mut Value| {
        event["ResourceProperties"]["AppId"] = OTHER_APP.into();
        event["PhysicalResourceId"] = id.into();
    };
    reason(&env.deploy("delete", clean_up).await, "SUCCESS");
    let left = env
        .hubspot
        .with_account(|account| account.other_apps[&old].clone());
    assert_eq!(
        (left, env.current()),
        (None, settings(&env.webhook_url, true))
    );
}

#[tokio::test]
async fn marker_of_a_failed_creation_counts_for_deletes() {
    let env = TestEnv::new().await;
    let response = env.deploy("create", property("AppId", "none")).await;
    assert_eq!(
        reason(&response, "FAILED"),
        "AppId must be a whole number from 1 to 9223372036854775807"
    );
    let id = response["PhysicalResourceId"].clone();
    let marked = |event: &mut Value| event["PhysicalResourceId"] = id.clone();
    let response = env.deploy("delete", marked).await;
    assert_eq!(
        reason(&response, "SUCCESS"),
        "Nothing was registered, so nothing was removed."
    );
    assert_eq!(env.calls(), [""; 0]);
    let response = env.deploy("update", marked).await;
    reason(&response, "SUCCESS");
    assert_eq!(response["PhysicalResourceId"], "channel-connection/1234567");
    assert_eq!(env.current(), settings(&env.webhook_url, true));
}

#[tokio::test]
async fn delete_removes_only_this_stacks_settings() {
    let env = TestEnv::new().await;
    env.register(&env.webhook_url, true);
    reason(&env.deploy("delete", unchanged).await, "SUCCESS");
    assert_eq!(env.current(), None);
    let response = env.deploy("delete", unchanged).await;
    assert_eq!(reason(&response, "SUCCESS"), "HubSpot had no settings.");
    env.register(ELSEWHERE, true);
    for on_delete in ["remove", "hold", "retain"] {
        let response = env.deploy("delete", property("OnDelete", on_delete)).await;
        reason(&response, "SUCCESS");
        assert_eq!(env.current(), settings(ELSEWHERE, true));
    }
}

#[tokio::test]
async fn delete_can_hold_or_retain_the_settings() {
    let env = TestEnv::new().await;
    env.register(&env.webhook_url, true);
    let response = env.deploy("delete", property("OnDelete", "retain")).await;
    reason(&response, "SUCCESS");
    assert_eq!(env.calls(), [""; 0]);
    assert_eq!(env.current(), settings(&env.webhook_url, true));
    let response = env.deploy("delete", property("OnDelete", "hold")).await;
    assert_eq!(
        reason(&response, "SUCCESS"),
        "HubSpot has the URL with isReady=false: users can no longer select the app."
    );
    assert_eq!(env.current(), settings(&env.webhook_url, false));
}
