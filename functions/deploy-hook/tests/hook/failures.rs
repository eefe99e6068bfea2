//! HubSpot's failures, and a deploy that meets them.

use std::{
    iter::repeat_n,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use hubspot_simulator::fault::{How, When};
use serde_json::json;
use test_support::Log;

use crate::{
    account::ELSEWHERE,
    support::{
        TestEnv, constant_webhook, outcome, property, reason, settings, silent_webhook, unchanged,
    },
};

const BEFORE: When = When::Before;
const AFTER: When = When::After;

#[tokio::test]
async fn retries_transient_errors() {
    for how in [
        How::Status(423),
        How::Status(429),
        How::Status(477),
        How::Status(500),
        How::StatusWithRetryAfter(477, 0),
        How::Garbage,
        How::WrongContentType,
    ] {
        let env = TestEnv::new().await;
        let once = Some((BEFORE, how));
        env.fail([once, None, once, None, once]);
        let response = env.deploy("create", property("IsReady", "true")).await;
        assert_eq!(response["Status"], "SUCCESS", "{how:?} {response}");
        assert_eq!(env.current(), settings(&env.webhook_url, true));
    }
}

#[tokio::test]
async fn lost_responses_of_writes_are_found_again() {
    let release = [
        "GET 404",
        "POST fault",
        "GET 200",
        "PATCH 200",
        "GET 200",
        "PATCH 200",
        "GET 200",
    ];
    let cases: [(&str, &str, &[&str]); 2] = [
        (
            "to register",
            "false",
            &["GET 404", "POST fault", "GET 200", "GET 200"],
        ),
        // The second write makes the version this event's.
        ("to release", "true", &release),
    ];
    for (case, is_ready, calls) in cases {
        let mut env = TestEnv::new().await;
        env.budget.call = Duration::from_millis(300);
        env.budget.settle = Duration::from_millis(900);
        env.fail([None, Some((AFTER, How::Silence))]);
        let response = env.deploy("create", property("IsReady", is_ready)).await;
        reason(&response, "SUCCESS");
        assert_eq!(env.calls(), calls, "{case}");
    }
}

#[tokio::test]
async fn a_404_of_another_server_is_no_answer() {
    let env = TestEnv::new().await;
    env.register(&env.webhook_url, true);
    env.fail([Some((BEFORE, How::Garbage)); 4]);
    let response = env.deploy("delete", unchanged).await;
    assert_eq!(
        reason(&response, "FAILED"),
        "HubSpot's response to read the settings is not as its specification says. HubSpot may still have the settings"
    );
    assert_eq!(env.current(), settings(&env.webhook_url, true));
}

#[tokio::test]
async fn settings_that_hubspot_denied_are_changed_and_restored() {
    let env = TestEnv::new().await;
    env.register(ELSEWHERE, false);
    env.fail([Some((BEFORE, How::Status(404)))]);
    reason(&env.deploy("create", unchanged).await, "SUCCESS");
    let calls = ["GET fault", "POST 409", "GET 200", "PATCH 200", "GET 200"];
    assert_eq!(env.calls(), calls);

    let mut env = TestEnv::new().await;
    env.webhook_url = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    env.register(ELSEWHERE, false);
    env.fail([Some((BEFORE, How::Status(404)))]);
    reason(&env.deploy("create", unchanged).await, "FAILED");
    assert_eq!(env.current(), settings(ELSEWHERE, false));
}

#[tokio::test]
async fn a_refused_write_that_took_effect_is_reported() {
    let mut env = TestEnv::new().await;
    env.webhook_url = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    env.fail([None, Some((AFTER, How::Status(429)))]);
    let response = env.deploy("create", property("IsReady", "true")).await;
    let reason = reason(&response, "FAILED");
    assert!(reason.contains("NOT restored"), "{reason}");
    assert_eq!(response["PhysicalResourceId"], "channel-connection/1234567");
}

#[tokio::test]
async fn longer_rate_limits_are_not_waited_for() {
    let env = TestEnv::new().await;
    env.fail([Some((BEFORE, How::StatusWithRetryAfter(477, 86_400)))]);
    let reason = reason(&env.deploy("create", unchanged).await, "FAILED");
    assert!(reason.starts_with("HubSpot answered 477 to read the settings: Simulated fault"));
    assert_eq!(env.calls(), ["GET fault"]);
}

#[tokio::test]
async fn hubspots_reason_reaches_the_operator_and_the_log() {
    let env = TestEnv::new().await;
    let log = Log::start();
    env.fail([None, Some((BEFORE, How::Status(403)))]);
    let outcome = outcome(&env.act("register").await, false);
    let start = "HubSpot refused the developer API key with 403: Simulated fault: 403 Forbidden [FAULT] (to create the settings, correlation id ";
    assert!(outcome.starts_with(start), "{outcome}");
    assert!(log.text().contains("Simulated fault: 403 Forbidden"));
    // The last two are of the rollback and of the report.
    let calls = ["GET 404", "POST fault", "GET 404", "GET 404"];
    assert_eq!(env.calls(), calls);
}

#[tokio::test]
async fn an_ignored_change_is_reported_at_once() {
    let env = TestEnv::new().await;
    env.register(&env.webhook_url, false);
    env.hubspot
        .with_account(|account| account.ignores_changes = true);
    let outcome = outcome(&env.act("release").await, false);
    assert_eq!(
        outcome,
        "HubSpot did not apply the change (change the settings), although it accepted it. This event left no change in HubSpot."
    );
    // The last two are of the rollback and of the report.
    let calls = [
        "GET 200",
        "PATCH 200",
        "GET 200",
        "PATCH 200",
        "GET 200",
        "GET 200",
    ];
    assert_eq!(env.calls(), calls);
}

#[tokio::test]
async fn settings_that_a_release_did_not_see_are_announced_again() {
    let env = TestEnv::new().await;
    env.register(&env.webhook_url, false);
    env.fail([Some((BEFORE, How::Status(404)))]);
    let release = json!({"action": "register", "isReady": "true"});
    outcome(&env.handle(release).await.unwrap(), true);
    assert_eq!(env.current(), settings(&env.webhook_url, true));
}

#[tokio::test]
async fn silence_leaves_the_time_to_respond() {
    let mut env = TestEnv::new().await;
    env.timeout = Duration::from_secs(5);
    env.budget.rollback_reserve = Duration::from_secs(1);
    env.budget.response_reserve = Duration::from_secs(3);
    env.fail(repeat_n(Some((BEFORE, How::Silence)), 100));
    let started = Instant::now();
    let response = env.deploy("create", unchanged).await;
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "two seconds are left"
    );
    assert_eq!(
        reason(&response, "FAILED"),
        "HubSpot did not respond in time to read the settings. This event left no change in HubSpot."
    );
}

#[tokio::test]
async fn a_write_without_response_is_undone_and_logged() {
    let mut env = TestEnv::new().await;
    env.timeout = Duration::from_secs(9);
    env.budget.call = Duration::from_secs(3);
    env.budget.rollback_reserve = Duration::from_secs(4);
    env.budget.response_reserve = Duration::from_secs(3);
    env.fail([None, Some((AFTER, How::Silence))]);
    let log = Log::start();
    let response = env.deploy("create", unchanged).await;
    assert_eq!(
        reason(&response, "FAILED"),
        "HubSpot did not respond in time to read the settings. The previous HubSpot settings were restored."
    );
    assert_eq!(env.current(), None);
    let log = log.text();
    let audited: Vec<_> = log
        .lines()
        .filter(|line| line.contains("audit=true"))
        .collect();
    assert_eq!(audited.len(), 2, "{log}");
    assert!(audited[0].contains("settings perhaps not written"), "{log}");
    assert!(audited[1].contains("settings written"), "{log}");
}

#[tokio::test]
async fn a_silent_webhook_is_named_as_the_cause() {
    let mut env = TestEnv::new().await;
    env.webhook_url = silent_webhook().await;
    env.timeout = Duration::from_secs(8);
    env.budget.call = Duration::from_millis(500);
    env.budget.probe = env.budget.probe.with_max_times(100);
    env.budget.rollback_reserve = Duration::from_secs(1);
    env.budget.response_reserve = Duration::from_secs(3);
    let response = env.deploy("create", unchanged).await;
    let expected = format!(
        "{} is not verified: the webhook did not respond: no response in time. \
         Check that its URL can be reached from the internet. \
         The previous HubSpot settings were restored.",
        env.webhook_url
    );
    assert_eq!(reason(&response, "FAILED"), expected);
}

#[tokio::test]
async fn an_unreachable_webhook_is_refused_with_the_cause() {
    let mut env = TestEnv::new().await;
    env.webhook_url = "http://localhost:1/numbers".into();
    let reason = reason(&env.deploy("create", unchanged).await, "FAILED");
    let start =
        "http://localhost:1/numbers is not verified: the webhook did not respond: no connection (";
    assert!(reason.starts_with(start), "{reason}");
    assert!(reason.contains("refused"), "{reason}");
    assert_eq!(env.current(), None);
}

#[tokio::test]
async fn an_invocation_without_time_changes_nothing() {
    let mut env = TestEnv::new().await;
    env.timeout = Duration::from_secs(2);
    env.budget.response_reserve = Duration::from_secs(2);
    reason(&env.deploy("create", unchanged).await, "FAILED");
    assert_eq!(env.calls(), [""; 0]);
}

#[tokio::test]
async fn only_a_denied_secret_is_read_again() {
    let env = TestEnv::new().await;
    let secrets = &env.aws.secrets;
    secrets.set_error(Some("AccessDeniedException"));
    let permitted = async {
        while secrets.reads() < 3 {
            tokio::task::yield_now().await;
        }
        secrets.set_error(None);
    };
    let permitted = tokio::time::timeout(Duration::from_secs(30), permitted);
    let (report, permitted) = tokio::join!(env.act("verify"), permitted);
    permitted.expect("a denied secret is read three times");
    outcome(&report, true);
    secrets.set_error(Some("ResourceNotFoundException"));
    let before = secrets.reads();
    let outcome = outcome(&env.act("verify").await, false);
    assert!(outcome.starts_with("cannot read the secret "), "{outcome}");
    // By the action, and twice by the report.
    assert_eq!(secrets.reads() - before, 3);
}

#[tokio::test]
async fn rejected_credentials_are_named_by_kind() {
    let env = TestEnv::new().await;
    for (credential, kind) in [
        (
            json!({"developerApiKey": "marked-wrong"}),
            "developer API key",
        ),
        (json!({"accessToken": "marked-wrong"}), "access token"),
        (
            json!({"clientId": "id", "clientSecret": "marked-wrong"}),
            "OAuth client credentials",
        ),
    ] {
        env.set_credential(&credential);
        let response = env.deploy("create", unchanged).await;
        let reason = reason(&response, "FAILED");
        let start = format!("HubSpot refused the {kind} with 401: ");
        assert!(reason.starts_with(&start), "{reason}");
        assert!(!response.to_string().contains("marked"), "{response}");
    }
}
