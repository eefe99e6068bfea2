//! What an operator is told, and what the actions do.

use axum::http::StatusCode;
use channelctl::action::{Action, IsReady};
use hubspot_simulator::fault::{Fault, How, When};
use serde_json::{Value, json};

use crate::support::{ELSEWHERE, World, constant_webhook, numbers::PORTAL, property, settings};

#[tokio::test]
async fn status_tells_what_is_held_beside_what_is_expected() {
    let world = World::new().await;
    let status = async || {
        let mut report = world.act("status").await;
        assert!(report["lastProbe"]["milliseconds"].take().is_u64());
        report
    };
    let expected = |registered: Value, drift: bool, ready: bool| {
        json!({
            "action": "status", "done": true, "outcome": "See registered and lastProbe.",
            "appId": 1_234_567, "apiVersion": "2026-03", "credential": "developer API key",
            "credentialUsable": true, "expected": {"url": world.webhook_url}, "registered": registered, "drift": drift, "ready": ready,
            "lastProbe": {"proved": true, "numbers": 0, "milliseconds": null},
        })
    };
    assert_eq!(status().await, expected(Value::Null, true, false));
    world.hold(ELSEWHERE, true);
    assert_eq!(
        status().await,
        expected(json!({"url": ELSEWHERE, "isReady": true}), true, true)
    );
    world.hold(&world.webhook_url, false);
    assert_eq!(
        status().await,
        expected(
            json!({"url": world.webhook_url, "isReady": false}),
            false,
            false
        )
    );
}

#[tokio::test]
async fn what_channelctl_asks_is_understood_and_what_is_reported_is_what_it_reads() {
    let world = World::new().await;
    for action in [
        Action::Register(IsReady::False),
        Action::Probe,
        Action::Release,
        Action::Hold,
        Action::Remove,
    ] {
        let asked = action.request("a test".into());
        let report = world.send("status", |event| *event = json!(asked)).await;
        let report = report.unwrap();
        assert_eq!(report["done"], true, "{report}");
        let read: channelctl::hook::Report = serde_json::from_value(report.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), report, "{action:?}");
    }
}

#[tokio::test]
async fn status_says_what_it_could_not_find_out_and_why() {
    let world = World::new().await;
    world.aws.secrets.lock().unwrap().client_secret = "{}".into();
    world.aws.secrets.lock().unwrap().credential =
        json!({"accessToken": "marked-wrong"}).to_string();
    let report = world.act("status").await;
    assert_eq!(report["done"], false);
    assert!(
        report["outcome"]
            .as_str()
            .unwrap()
            .starts_with("HubSpot refused the access token with 401 (correlation id ")
    );
    assert_eq!(report["credentialUsable"], false);
    for unknown in ["registered", "drift", "ready"] {
        assert_eq!(report[unknown], Value::Null, "{unknown}");
    }
    assert_eq!(
        report["lastProbe"],
        json!({"proved": false, "reason": "the client secret is not set yet"})
    );
}

#[tokio::test]
async fn a_hubspot_that_is_down_says_nothing_against_the_credential() {
    let world = World::new().await;
    world.hubspot.with_account(|account| {
        account.standing_fault = Some(Fault {
            when: When::Before,
            how: How::Status(503),
        });
    });
    let report = world.act("status").await;
    assert_eq!(report["done"], false);
    assert_eq!(report["credential"], "developer API key");
    assert_eq!(report["credentialUsable"], Value::Null);
}

#[tokio::test]
async fn release_and_hold_change_the_flag_of_this_stacks_url() {
    let world = World::new().await;
    world.hold(&world.webhook_url, false);
    let report = world.act("release").await;
    assert_eq!(
        (&report["done"], &report["ready"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(world.held(), settings(&world.webhook_url, true));
    let report = world.act("hold").await;
    assert_eq!(
        (&report["done"], &report["ready"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(world.held(), settings(&world.webhook_url, false));
}

#[tokio::test]
async fn a_webhook_that_is_broken_is_not_released_but_can_be_held() {
    let mut world = World::new().await;
    world.webhook_url = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    world.hold(&world.webhook_url, false);
    let report = world.act("release").await;
    assert_eq!(report["done"], false);
    assert_eq!(
        report["outcome"],
        format!(
            "{} is not proved: the webhook answered the signed request with 502, not 200. \
             See the log of its function. HubSpot holds what it held before.",
            world.webhook_url
        )
    );
    assert_eq!(world.held(), settings(&world.webhook_url, false));
    world.hold(&world.webhook_url, true);
    assert_eq!(world.act("hold").await["done"], true);
    assert_eq!(world.held(), settings(&world.webhook_url, false));
}

#[tokio::test]
async fn no_action_touches_another_stacks_released_url() {
    let world = World::new().await;
    world.hold(ELSEWHERE, true);
    for (action, outcome) in [
        (
            "release",
            "HubSpot does not hold this stack's URL. Register it first: deploy, or the action register. HubSpot holds what it held before.",
        ),
        ("hold", "HubSpot holds another URL, which was left alone."),
        ("remove", "HubSpot holds another URL, which was left alone."),
        (
            "register",
            "HubSpot holds another URL (https://other.example.com/numbers), released to customers. It may be \
             another stage's: each needs an app of its own. To replace it, \
             say true or false for IsReady, not keep. HubSpot holds what it held before.",
        ),
    ] {
        let report = world.act(action).await;
        assert_eq!(
            (&report["done"], &report["outcome"]),
            (&json!(false), &json!(outcome))
        );
        assert_eq!(world.held(), settings(ELSEWHERE, true), "{action}");
    }
}

#[tokio::test]
async fn register_and_remove_do_what_a_deploy_and_a_delete_do() {
    let world = World::new().await;
    assert_eq!(world.act("register").await["done"], true);
    assert_eq!(world.held(), settings(&world.webhook_url, false));
    let released = |event: &mut Value| event["isReady"] = "true".into();
    assert_eq!(
        world.send("register", released).await.unwrap()["ready"],
        true
    );
    let report = world.act("remove").await;
    assert_eq!(report["outcome"], "The settings were removed from HubSpot.");
    assert_eq!(world.held(), None);
}

#[tokio::test]
async fn the_probe_can_ask_for_a_portal_that_must_have_numbers() {
    let mut world = World::new().await;
    world.probed_portal.id = PORTAL.parse().unwrap();
    world.probed_portal.least_numbers = 2;
    world.numbers.put_named("+18001231234", "Sales").await;
    let report = world.act("probe").await;
    assert_eq!(
        (&report["done"], &report["outcome"]),
        (
            &json!(false),
            &json!("the webhook answered 1 numbers for the probed portal, fewer than 2")
        )
    );
    let told = world.deploy("create", property("IsReady", "true")).await;
    assert_eq!(told["Status"], "FAILED");
    assert_eq!(world.held(), None);
    world.numbers.put_named("+18001231235", "Service").await;
    let report = world.act("probe").await;
    assert_eq!(report["done"], true);
    assert_eq!(report["lastProbe"]["numbers"], 2);
}

#[tokio::test]
async fn an_action_that_hubspot_does_not_answer_ends_and_says_so() {
    let world = World::new().await;
    world.hold(&world.webhook_url, true);
    world.fail(std::iter::repeat_n(
        Some((When::Before, How::Status(503))),
        50,
    ));
    let report = world.act("hold").await;
    assert_eq!(report["done"], false);
    let outcome = report["outcome"].as_str().unwrap();
    assert!(
        outcome.starts_with("HubSpot answered 503 to read the settings (correlation id "),
        "{outcome}"
    );
    assert!(
        outcome.ends_with("The settings may still stand in HubSpot."),
        "{outcome}"
    );
    assert_eq!(report["registered"], Value::Null);
}
