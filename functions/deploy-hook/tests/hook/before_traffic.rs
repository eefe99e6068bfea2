//! CodeDeploy's lifecycle event, before traffic shifts to a new version.

use serde_json::{Value, json};

use crate::support::{World, as_it_is};

const VERSION: &str = "arn:aws:lambda:us-east-1:123456789012:function:numbers-webhook:7";

async fn world() -> World {
    let mut world = World::new().await;
    world.webhook_version = Some(VERSION.into());
    world
}

fn told(world: &World) -> Vec<Value> {
    world.aws.deployments.lock().unwrap().clone()
}

fn status(status: &str) -> Value {
    json!({
        "deploymentId": "d-A1B2C3D4E", "status": status,
        "lifecycleEventHookExecutionId": "eyJlbmNyeXB0ZWREYXRhIjoiIn0",
    })
}

#[tokio::test]
async fn a_version_that_answers_hubspot_and_nobody_else_gets_its_traffic() {
    let world = world().await;
    world.send("before-traffic", as_it_is).await.unwrap();
    assert_eq!(told(&world), [status("Succeeded")]);
    let invoked = world.aws.invoked.lock().unwrap().clone();
    assert_eq!(invoked, [VERSION; 3], "signed, wrongly signed, unsigned");
    assert_eq!(world.calls(), [""; 0], "HubSpot has no part in it");
}

#[tokio::test]
async fn a_version_that_is_broken_gets_none() {
    for (answer, reason) in [
        (
            json!({"statusCode": 500, "body": ""}),
            "the webhook answered the signed request with 500, not 200. See the log of its function",
        ),
        (
            json!({"statusCode": 200, "body": r#"{"phoneNumbers":[]}"#}),
            "the webhook answered a wrongly signed request with 200, not 401: it must refuse what HubSpot did not sign",
        ),
        (
            json!({"errorMessage": "it died"}),
            "the webhook's new version gave no answer: its answer is none that API Gateway takes. See the log of its function",
        ),
    ] {
        let world = world().await;
        *world.aws.broken_function.lock().unwrap() = Some(answer);
        let error = world.send("before-traffic", as_it_is).await.unwrap_err();
        assert_eq!(error.to_string(), reason);
        assert_eq!(told(&world), [status("Failed")]);
    }
}

#[tokio::test]
async fn codedeploy_is_told_even_if_nothing_could_be_tried() {
    let unset: [fn(&mut World); 2] = [
        |world| world.webhook_version = None,
        |world| world.aws.secrets.lock().unwrap().client_secret = "broken".into(),
    ];
    for unset in unset {
        let mut world = world().await;
        unset(&mut world);
        assert!(world.send("before-traffic", as_it_is).await.is_err());
        assert_eq!(told(&world), [status("Failed")]);
    }
}

#[tokio::test]
async fn a_stack_without_its_client_secret_yet_can_be_deployed() {
    let world = world().await;
    world.aws.secrets.lock().unwrap().client_secret = "{}".into();
    world.send("before-traffic", as_it_is).await.unwrap();
    assert_eq!(told(&world), [status("Succeeded")]);
}
