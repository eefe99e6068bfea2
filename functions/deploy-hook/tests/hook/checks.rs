//! The scheduled check, and dry runs: what writes nothing.

use axum::http::StatusCode;
use hubspot_simulator::fault::{Fault, How, When};
use serde_json::json;
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
        let before = env.current();
        assert_eq!(findings(&env).await, expected, "{case}");
        assert_eq!(env.current(), before, "{case}");
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
    let [held, released] = [false, true].map(|is_ready| settings(&env.webhook_url, is_ready));
    let other = settings(ELSEWHERE, true);
    let cases = [
        ("release", &None, false, &None),
        ("release", &held, true, &released),
        ("release", &other, false, &other),
        ("hold", &None, false, &None),
        ("hold", &released, true, &held),
        ("hold", &other, false, &other),
        ("register", &None, true, &held),
        ("register", &released, true, &released),
        ("register", &other, false, &other),
        ("unregister", &None, true, &None),
        ("unregister", &released, true, &None),
        ("unregister", &other, false, &other),
    ];
    for (action, before, is_done, plan) in cases {
        let plan = json!(plan);
        let case = format!("{action} over {before:?}");
        env.hubspot.with_account(|account| account.settings = None);
        if let Some(before) = before {
            env.register(before.url.as_str(), before.is_ready);
        }
        let request = json!({"action": action, "dryRun": true});
        let foretold = env.handle(request).await.unwrap();
        assert_eq!(foretold["done"], is_done, "{case}: {foretold}");
        assert_eq!(foretold["plan"], plan, "{case}: {foretold}");
        assert_eq!(env.current(), *before, "{case}");
        // The action itself then does as foretold.
        let report = env.act(action).await;
        assert_eq!(report["done"], is_done, "{case}: {report}");
        assert_eq!(report["registered"], plan, "{case}: {report}");
    }
}
