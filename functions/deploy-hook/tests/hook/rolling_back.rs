//! Roll-backs that have nothing to bring back.

use serde_json::json;

use crate::support::{ELSEWHERE, World, settings};

#[tokio::test]
async fn a_roll_back_that_has_nothing_to_bring_back_succeeds_without_a_credential() {
    let world = World::new().await;
    world.hold(&world.webhook_url, true);
    world.aws.secrets.lock().unwrap().credential =
        json!({"accessToken": "marked-wrong"}).to_string();
    assert_rolled_back(&world, "HubSpot refused the access token").await;
    assert_eq!(world.held(), settings(&world.webhook_url, true));
}

#[tokio::test]
async fn a_roll_back_that_has_nothing_to_bring_back_takes_no_other_stacks_place() {
    let world = World::new().await;
    world.hold(ELSEWHERE, true);
    assert_rolled_back(&world, "HubSpot does not hold this stack's URL").await;
    assert_eq!(world.held(), settings(ELSEWHERE, true));
    assert_eq!(world.calls(), ["GET 200"]);
}

/// Rolls back to a stack of the same URL that said `IsReady=true`.
async fn assert_rolled_back(world: &World, with: &str) {
    let told = world
        .deploy("update", |event| {
            event["ResourceProperties"]["IsReady"] = "true".into();
            event["ResourceProperties"]["DeployId"] = "1".into();
            event["OldResourceProperties"]["DeployId"] = "2".into();
            event["OldResourceProperties"]["WebhookUrl"] = world.webhook_url.as_str().into();
        })
        .await;
    assert_eq!(told["Status"], "SUCCESS", "{told}");
    let reason = told["Reason"].as_str().unwrap();
    let start = format!("Rolled back, with one thing to look at: {with}");
    assert!(reason.starts_with(&start), "{reason}");
}
