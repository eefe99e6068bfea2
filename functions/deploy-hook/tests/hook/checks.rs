//! The scheduled check, and dry runs: what writes nothing.

use axum::http::StatusCode;
use hubspot_simulator::fault::{Fault, How, When};
use serde_json::{Value, json};
use test_support::CLIENT_SECRET_ARN;

use crate::{
    account::ELSEWHERE,
    support::{TestEnv, constant_webhook, outcome, settings},
};

/// Returns the names of what a check finds wrong.
async fn findings(env: &TestEnv) -> Vec<String> {
    let report = env.act("check").await;
    let findings = report["findings"].as_object().unwrap();
    assert_eq!(findings.len(), 3, "{report}");
    let wrong = findings.iter().filter(|(_, reason)| reason.is_string());
    wrong.map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn a_check_finds_each_fault_alone() {
    type Fault = fn(&TestEnv);
    let cases: [(&str, Fault, &[&str]); 9] = [
        ("none", |_| {}, &[]),
        ("held", |env| env.register(&env.webhook_url, false), &[]),
        (
            "overwritten",
            |env| env.register(ELSEWHERE, true),
            &["settings"],
        ),
        (
            "removed",
            |env| env.hubspot.with_account(|account| account.settings = None),
            &["settings"],
        ),
        (
            "credential revoked",
            |env| env.set_credential(&json!({"accessToken": "marked-wrong"})),
            &["credential"],
        ),
        (
            "credential not set",
            |env| env.set_credential(&json!({})),
            &[],
        ),
        (
            "client secret that is none",
            |env| env.aws.secrets.set(CLIENT_SECRET_ARN, "marked"),
            &["webhook"],
        ),
        (
            "secrets unreadable",
            |env| {
                env.aws.secrets.set_error(Some("ResourceNotFoundException"));
            },
            &["credential", "webhook"],
        ),
        (
            "HubSpot down",
            |env| {
                env.hubspot.with_account(|account| {
                    account.standing_fault = Some(hubspot_down());
                });
            },
            &[],
        ),
    ];
    for (case, fault, expected) in cases {
        let env = TestEnv::new().await;
        env.register(&env.webhook_url, true);
        // The webhook keeps the secret that it has read.
        outcome(&env.act("verify").await, true);
        fault(&env);
        let before = env.held();
        assert_eq!(findings(&env).await, expected, "{case}");
        assert_eq!(env.held(), before, "{case}");
    }
    let mut env = TestEnv::new().await;
    env.webhook_url = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    env.register(&env.webhook_url, true);
    assert_eq!(findings(&env).await, ["webhook"]);
}

fn hubspot_down() -> Fault {
    Fault {
        when: When::Before,
        how: How::Status(503),
    }
}

#[tokio::test]
async fn a_dry_run_foretells_and_writes_nothing() {
    let env = TestEnv::new().await;
    let url = env.webhook_url.as_str();
    let planned = |url: &str, is_ready: bool| json!({"url": url, "isReady": is_ready});
    let cases = [
        ("release", None, false, Value::Null),
        ("release", settings(url, false), true, planned(url, true)),
        (
            "release",
            settings(ELSEWHERE, true),
            false,
            planned(ELSEWHERE, true),
        ),
        ("hold", None, false, Value::Null),
        ("hold", settings(url, true), true, planned(url, false)),
        (
            "hold",
            settings(ELSEWHERE, true),
            false,
            planned(ELSEWHERE, true),
        ),
        ("register", None, true, planned(url, false)),
        ("register", settings(url, true), true, planned(url, true)),
        (
            "register",
            settings(ELSEWHERE, true),
            false,
            planned(ELSEWHERE, true),
        ),
        ("unregister", None, true, Value::Null),
        ("unregister", settings(url, true), true, Value::Null),
        (
            "unregister",
            settings(ELSEWHERE, true),
            false,
            planned(ELSEWHERE, true),
        ),
    ];
    for (action, held, is_done, plan) in cases {
        let case = format!("{action} over {held:?}");
        env.hubspot.with_account(|account| account.settings = None);
        if let Some(held) = &held {
            env.register(held.url.as_str(), held.is_ready);
        }
        let request = json!({"action": action, "dryRun": true});
        let foretold = env.handle(request).await.unwrap();
        assert_eq!(foretold["done"], is_done, "{case}: {foretold}");
        assert_eq!(foretold["plan"], plan, "{case}: {foretold}");
        assert_eq!(env.held(), held, "{case}");
        // The action itself then does as foretold.
        let report = env.act(action).await;
        assert_eq!(report["done"], is_done, "{case}: {report}");
        assert_eq!(report["registered"], plan, "{case}: {report}");
    }
}
