//! What an operator is told.

use serde_json::{Value, json};

use crate::support::{ELSEWHERE, World, as_it_is};

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
