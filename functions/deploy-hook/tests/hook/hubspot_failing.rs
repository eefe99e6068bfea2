//! HubSpot's own failures, and what becomes of a deploy that meets them.

use axum::http::StatusCode;
use hubspot_simulator::fault::{How, When};

use crate::support::{ELSEWHERE, World, as_it_is, constant_webhook, property, settings};

const BEFORE: When = When::Before;
const AFTER: When = When::After;

#[tokio::test]
async fn what_passes_is_tried_again() {
    for how in [
        How::Status(423),
        How::Status(429),
        How::Status(477),
        How::Status(500),
        How::StatusWithRetryAfter(477, 0),
        How::Garbage,
        How::WrongContentType,
    ] {
        let world = World::new().await;
        let once = Some((BEFORE, how));
        world.fail([once, None, once]);
        let told = world.deploy("create", property("IsReady", "true")).await;
        assert_eq!(told["Status"], "SUCCESS", "{how:?} {told}");
        assert_eq!(world.held(), settings(&world.webhook_url, true));
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_not_written_twice() {
    let mut world = World::new().await;
    world.budget.call = std::time::Duration::from_millis(500);
    world.fail([None, Some((AFTER, How::Silence))]);
    let told = world.deploy("create", as_it_is).await;
    assert_eq!(told["Status"], "SUCCESS", "{told}");
    assert_eq!(
        world.calls(),
        ["GET 404", "POST fault", "GET 200", "GET 200"]
    );
}

#[tokio::test]
async fn a_200_of_something_on_the_way_is_not_taken_for_a_write() {
    for how in [How::Garbage, How::WrongContentType] {
        let world = World::new().await;
        world.fail([None, Some((BEFORE, how))]);
        let told = world.deploy("create", as_it_is).await;
        assert_eq!(told["Status"], "SUCCESS", "{told}");
        assert_eq!(
            world.calls(),
            ["GET 404", "POST fault", "GET 404", "POST 200", "GET 200"]
        );
    }
}

#[tokio::test]
async fn what_hubspot_has_although_it_said_otherwise_is_changed_instead_of_created() {
    let world = World::new().await;
    world.hold(ELSEWHERE, false);
    world.fail([Some((BEFORE, How::Status(404)))]);
    let told = world.deploy("create", as_it_is).await;
    assert_eq!(told["Status"], "SUCCESS", "{told}");
    assert_eq!(
        world.calls(),
        ["GET fault", "POST 409", "GET 200", "PATCH 200", "GET 200"]
    );
}

#[tokio::test]
async fn what_hubspot_turns_out_to_hold_is_what_is_put_back() {
    let world = World::new().await;
    world.hold(ELSEWHERE, false);
    world.fail([Some((BEFORE, How::Status(404)))]);
    let broken = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    let told = world
        .deploy("update", property("WebhookUrl", broken.as_str()))
        .await;
    assert_eq!(told["Status"], "FAILED");
    assert_eq!(world.held(), settings(ELSEWHERE, false), "{told}");
}

#[tokio::test]
async fn a_write_that_fails_again_and_again_is_made_when_hubspot_is_back() {
    let mut world = World::new().await;
    world.budget.retries = 4;
    let failing = Some((BEFORE, How::Status(500)));
    world.fail([None, failing, None, failing, None, failing, None, failing]);
    let told = world.deploy("create", as_it_is).await;
    assert_eq!(told["Status"], "SUCCESS", "{told}");
    assert_eq!(world.held(), settings(&world.webhook_url, false));
}

#[tokio::test]
async fn a_write_that_hubspot_refuses_is_not_made_again() {
    let world = World::new().await;
    world.fail([None, Some((BEFORE, How::Status(403)))]);
    let told = world.deploy("create", as_it_is).await;
    assert_eq!(told["Status"], "FAILED");
    let written = |calls: Vec<String>| calls.iter().filter(|call| call.starts_with("POST")).count();
    assert_eq!(written(world.calls()), 1, "{told}");
}

#[tokio::test]
async fn hubspot_that_asks_for_more_time_than_there_is_is_not_waited_for() {
    let world = World::new().await;
    world.fail([Some((BEFORE, How::StatusWithRetryAfter(477, 86_400)))]);
    let told = world.deploy("create", as_it_is).await;
    let reason = told["Reason"].as_str().unwrap();
    assert!(
        reason.starts_with("HubSpot answered 477 to read the settings (correlation id "),
        "{reason}"
    );
    assert_eq!(world.calls(), ["GET fault"]);
}

#[tokio::test]
async fn a_404_of_something_on_the_way_is_not_taken_for_no_settings() {
    let world = World::new().await;
    world.hold(&world.webhook_url, true);
    world.fail([Some((BEFORE, How::Garbage)); 4]);
    let told = world.deploy("delete", as_it_is).await;
    assert_eq!(told["Status"], "FAILED");
    assert_eq!(
        told["Reason"],
        "HubSpot's answer to read the settings is not as its specification says. The settings may still stand in HubSpot."
    );
    assert_eq!(world.held(), settings(&world.webhook_url, true));
}
