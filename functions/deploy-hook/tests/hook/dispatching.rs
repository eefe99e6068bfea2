//! Which event is whose.

use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn an_event_of_no_known_kind_is_refused() {
    let world = World::new().await;
    for event in [
        json!({"action": "dance"}),
        json!({}),
        json!([]),
        json!("status"),
        json!({"RequestType": "Create"}),
        json!({"DeploymentId": "d-1"}),
    ] {
        let error = world
            .send("status", |sample| *sample = event)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"this event is neither CloudFormation's nor CodeDeploy's nor an action; try {"action":"status"}, or probe, release, hold, register, remove"#
        );
    }
    let told = world
        .deploy("create", |event| {
            event["RequestType"] = "Import".into();
            event["ResourceProperties"] = Value::Null;
        })
        .await;
    assert_eq!(
        told["Reason"],
        "RequestType must be Create, Update or Delete"
    );
}
