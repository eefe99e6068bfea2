//! Rollbacks of a stack, which succeed where nothing has to be brought back.

use axum::http::StatusCode;
use serde_json::{Value, json};
use test_support::CLIENT_SECRET_ARN;

use crate::{
    account::{CREDENTIAL_ARN, ELSEWHERE},
    support::{TestEnv, constant_webhook, reason, settings, unchanged},
};

const OTHER_APP: &str = "7654321";

/// Changes an event to a roll-back from deploy 2 to deploy 1.
fn rollback(env: &TestEnv, event: &mut Value, is_ready: &str, was_ready: &str) {
    let mut old = event["ResourceProperties"].clone();
    old["WebhookUrl"] = env.webhook_url.as_str().into();
    (old["DeployId"], old["IsReady"]) = ("2".into(), was_ready.into());
    event["OldResourceProperties"] = old;
    let new = &mut event["ResourceProperties"];
    (new["DeployId"], new["IsReady"]) = ("1".into(), is_ready.into());
}

#[tokio::test]
async fn rollback_with_nothing_to_restore_succeeds() {
    let broken = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    let cases = [
        ("rejected credential", None, "true"),
        ("broken webhook", Some(&broken), "true"),
        ("broken webhook, new flag", Some(&broken), "false"),
    ];
    for (case, broken, was_ready) in cases {
        let mut env = TestEnv::new().await;
        let cause = if let Some(broken) = broken {
            env.webhook_url.clone_from(broken);
            "is not verified"
        } else {
            env.set_credential(&json!({"accessToken": "marked-wrong"}));
            "HubSpot refused the access token"
        };
        env.register(&env.webhook_url, true);
        let change = |event: &mut Value| rollback(&env, event, "true", was_ready);
        let reason = reason(&env.deploy("update", change).await, "SUCCESS");
        assert!(
            reason.starts_with("Rolled back, with one thing to look at: "),
            "{case}"
        );
        assert!(reason.contains(cause), "{case}: {reason}");
        assert_eq!(env.current(), settings(&env.webhook_url, true), "{case}");
    }
}

#[tokio::test]
async fn rollback_of_a_kept_flag_undoes_no_hold() {
    let broken = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    for broken in [None, Some(broken)] {
        let mut env = TestEnv::new().await;
        if let Some(broken) = broken {
            env.webhook_url = broken;
        }
        env.register(&env.webhook_url, false);
        let change = |event: &mut Value| rollback(&env, event, "true", "keep");
        reason(&env.deploy("update", change).await, "SUCCESS");
        assert_eq!(env.current(), settings(&env.webhook_url, false));
    }
}

#[tokio::test]
async fn rollback_takes_no_other_stacks_place() {
    let env = TestEnv::new().await;
    env.register(ELSEWHERE, true);
    let change = |event: &mut Value| rollback(&env, event, "true", "true");
    let reason = reason(&env.deploy("update", change).await, "SUCCESS");
    assert!(
        reason.contains("HubSpot does not have this stack's URL"),
        "{reason}"
    );
    assert_eq!(env.current(), settings(ELSEWHERE, true));
    assert_eq!(env.calls(), ["GET 200"]);
}

#[tokio::test]
async fn lower_deploy_id_excuses_no_failed_change() {
    let mut env = TestEnv::new().await;
    env.webhook_url = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    env.register(&env.webhook_url, false);
    let change = |event: &mut Value| rollback(&env, event, "true", "false");
    reason(&env.deploy("update", change).await, "FAILED");
    env.set_credential(&json!({"accessToken": "marked-wrong"}));
    let change = |event: &mut Value| rollback(&env, event, "false", "true");
    reason(&env.deploy("update", change).await, "FAILED");
}

#[tokio::test]
async fn secrets_may_be_empty_until_something_changes() {
    let secrets = [
        ("HubSpot credential", CREDENTIAL_ARN),
        ("client secret", CLIENT_SECRET_ARN),
    ];
    for (name, arn) in secrets {
        let env = TestEnv::new().await;
        env.aws.secrets.set(arn, "{}");
        let update = |name: &'static str, value: &'static str| {
            let url = env.webhook_url.clone();
            move |event: &mut Value| {
                let mut old = event["ResourceProperties"].clone();
                (old["WebhookUrl"], old["DeployId"]) = (url.into(), "1".into());
                event["OldResourceProperties"] = old;
                event["ResourceProperties"][name] = value.into();
            }
        };
        let outcome = format!(
            "Nothing was sent to HubSpot: the {name} is not set yet. Set it, then deploy again."
        );
        let create = env.deploy("create", unchanged).await;
        assert_eq!(reason(&create, "SUCCESS"), outcome);
        for (changed, value) in [("DeployId", "2"), ("OnDelete", "hold")] {
            let response = env.deploy("update", update(changed, value)).await;
            assert_eq!(reason(&response, "SUCCESS"), outcome);
        }
        for (changed, value) in [
            ("AppId", OTHER_APP),
            ("ApiVersion", "v3"),
            ("IsReady", "false"),
            ("WebhookUrl", ELSEWHERE),
        ] {
            let response = env.deploy("update", update(changed, value)).await;
            reason(&response, "FAILED");
            // A rollback that failed would leave a stack that cannot be updated.
            let roll_back = |event: &mut Value| {
                let mut failed = event["ResourceProperties"].clone();
                (failed[changed], failed["DeployId"]) = (value.into(), "9999999999".into());
                event["OldResourceProperties"] = failed;
            };
            let response = env.deploy("update", roll_back).await;
            assert_eq!(reason(&response, "SUCCESS"), outcome);
        }
        reason(&env.deploy("delete", unchanged).await, "SUCCESS");
        assert_eq!(env.current(), None);
    }
}
