//! What is removed with a stack.

use axum::http::StatusCode;

use crate::support::{ELSEWHERE, World, as_it_is, constant_webhook, property, settings};

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
    for on_delete in ["remove", "hold", "retain"] {
        let told = world
            .deploy("delete", property("OnDelete", on_delete))
            .await;
        assert_eq!(told["Status"], "SUCCESS");
        assert_eq!(world.held(), settings(ELSEWHERE, true));
    }
}

#[tokio::test]
async fn settings_that_are_to_be_held_stay_and_are_no_longer_released() {
    let world = World::new().await;
    world.hold(&world.webhook_url, true);
    let told = world.deploy("delete", property("OnDelete", "hold")).await;
    assert_eq!(
        told["Reason"],
        "HubSpot holds the URL with isReady=false: users can no longer select the app."
    );
    assert_eq!(world.held(), settings(&world.webhook_url, false));
}

#[tokio::test]
async fn settings_that_are_to_be_retained_are_not_even_looked_at() {
    let world = World::new().await;
    world.hold(&world.webhook_url, true);
    world.aws.secrets.lock().unwrap().credential = "unusable".into();
    let told = world.deploy("delete", property("OnDelete", "retain")).await;
    assert_eq!(told["Status"], "SUCCESS");
    assert_eq!(world.held(), settings(&world.webhook_url, true));
    assert_eq!(world.calls(), [""; 0]);
}

#[tokio::test]
async fn a_broken_webhook_can_be_removed() {
    let world = World::new().await;
    let broken = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    world.hold(&broken, true);
    let told = world
        .deploy("delete", property("WebhookUrl", broken.as_str()))
        .await;
    assert_eq!(told["Status"], "SUCCESS");
    assert_eq!(world.held(), None);
}
