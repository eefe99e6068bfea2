//! What a deploy registers, in which order, and what it leaves alone.

use axum::http::StatusCode;
use channel_connection::settings::ApiVersion;
use serde_json::{Value, json};

use crate::support::{
    CLIENT_ID, ELSEWHERE, KEY, OAUTH_SECRET, TOKEN, World, as_it_is, constant_webhook,
    numbers::{PORTAL, http},
    property, settings,
};

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
            "Data": {"Outcome": outcome},
        })
    );
}

#[tokio::test]
async fn is_ready_is_set_after_the_proof_in_four_calls_of_hubspot() {
    let world = World::new().await;
    world.deploy("create", property("IsReady", "true")).await;
    assert_eq!(world.held(), settings(&world.webhook_url, true));
    assert_eq!(
        world.calls(),
        ["GET 404", "POST 200", "PATCH 200", "GET 200"]
    );
    let probes = world.held_at_probes.lock().unwrap().clone();
    assert!(
        !probes.is_empty() && probes.iter().all(|held| held["isReady"] == false),
        "{probes:?}"
    );
}

#[tokio::test]
async fn every_api_version_and_credential_registers_as_hubspot_specifies_it() {
    for version in ApiVersion::ALL {
        for credential in [
            json!({"developerApiKey": KEY}),
            json!({"accessToken": TOKEN}),
            json!({"clientId": CLIENT_ID, "clientSecret": OAUTH_SECRET}),
        ] {
            let world = World::new().await;
            world.aws.secrets.lock().unwrap().credential = credential.to_string();
            let told = world
                .deploy("create", property("ApiVersion", version.name()))
                .await;
            assert_eq!(told["Status"], "SUCCESS", "{version:?} {told}");
            assert_eq!(world.held(), settings(&world.webhook_url, false));
            for action in ["release", "hold", "remove"] {
                let report = world.act(action).await;
                assert_eq!(report["done"], true, "{version:?} {report}");
            }
            assert_eq!(world.held(), None);
            world.assert_specified();
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
    assert_eq!(
        world.calls(),
        ["GET 200", "GET 200"],
        "one call for each deploy"
    );
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
        [ELSEWHERE, ELSEWHERE, ELSEWHERE, url, url, url],
        "each proof is a signed, a forged and an unsigned request"
    );
}

#[tokio::test]
async fn another_stacks_released_url_is_replaced_only_on_demand_and_then_named() {
    let world = World::new().await;
    world.hold(ELSEWHERE, true);
    let told = world.deploy("create", as_it_is).await;
    assert_eq!(told["Status"], "FAILED");
    assert_eq!(
        told["Reason"],
        "HubSpot holds another URL (https://other.example.com/numbers), released to customers. It may be \
         another stage's: each needs an app of its own. To replace it, \
         say true or false for IsReady, not keep. HubSpot holds what it held before."
    );
    let id = told["PhysicalResourceId"].clone();
    let told = world
        .deploy("delete", |event| event["PhysicalResourceId"] = id)
        .await;
    assert_eq!(told["Status"], "SUCCESS");
    assert_eq!(world.held(), settings(ELSEWHERE, true));
    let told = world.deploy("create", property("IsReady", "true")).await;
    assert_eq!(world.held(), settings(&world.webhook_url, true));
    let reason = told["Reason"].as_str().unwrap();
    assert!(
        reason.ends_with("with isReady=true. Until now it held https://other.example.com/numbers."),
        "{reason}"
    );
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
async fn once_registered_hubspot_calls_the_webhook_and_it_answers_from_the_table() {
    let world = World::new().await;
    world.numbers.put_named("+18001231234", "Sales").await;
    world.deploy("create", property("IsReady", "true")).await;
    let question = json!({"portalId": PORTAL.parse::<i64>().unwrap(), "userId": 4242});
    let call = format!("{}/simulator/call", world.hubspot.api_url());
    let called = http().post(call).json(&question).send().await.unwrap();
    let called: Value = called.json().await.unwrap();
    let numbers = json!([{"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"}]);
    assert_eq!(
        called["answer"],
        json!({"status": 200, "body": {"phoneNumbers": numbers}, "violations": []})
    );
}

#[tokio::test]
async fn a_first_release_with_oauth_takes_five_calls() {
    let world = World::new().await;
    let credential = json!({"clientId": CLIENT_ID, "clientSecret": OAUTH_SECRET});
    world.aws.secrets.lock().unwrap().credential = credential.to_string();
    world.deploy("create", property("IsReady", "true")).await;
    assert_eq!(
        world.calls(),
        ["POST 200", "GET 404", "POST 200", "PATCH 200", "GET 200"]
    );
}
