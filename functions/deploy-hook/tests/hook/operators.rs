//! An operator's actions and the report.

use axum::{Json, Router, http::StatusCode, routing::get};
use channel_connection::{
    hook_report::{LastProbe, Report},
    settings::ApiVersion,
};
use channelctl::registration::{Action, IsReady, WriteOptions};
use hubspot_simulator::fault::{Fault, How, When};
use serde_json::{Value, json};
use test_support::{APP_ID, CLIENT_SECRET_ARN, PORTAL_ID};

use crate::{
    account::{CLIENT_ID, ELSEWHERE, OAUTH_SECRET, config, serve_locally},
    support::{TestEnv, constant_webhook, outcome, property, reason, settings},
};

#[tokio::test]
async fn status_compares_hubspot_with_the_stack() {
    let env = TestEnv::new().await;
    let status = async || {
        let mut report = env.act("status").await;
        assert!(report["lastProbe"]["milliseconds"].take().is_u64());
        report
    };
    let expected = |registered: Value, drift: bool, ready: bool| {
        json!({
            "action": "status", "done": true, "outcome": "See registered and lastProbe.",
            "appId": 1_234_567, "apiVersion": "2026-03", "credential": "developer API key",
            "credentialUsable": true, "expected": {"url": env.webhook_url},
            "registered": registered, "drift": drift, "isReady": ready,
            "lastProbe": {"verified": true, "numbers": 0, "milliseconds": null, "reason": null},
            "callingSettings": {
                "state": "found", "supportsInboundCalling": true, "isReady": true,
            },
        })
    };
    assert_eq!(status().await, expected(Value::Null, true, false));
    for (url, is_ready, drift) in [(ELSEWHERE, true, true), (&env.webhook_url, false, false)] {
        env.register(url, is_ready);
        let registered = json!({"url": url, "isReady": is_ready});
        assert_eq!(status().await, expected(registered, drift, is_ready));
    }
    env.set_credential(&json!({"clientId": CLIENT_ID, "clientSecret": OAUTH_SECRET}));
    assert_eq!(status().await["credential"], "OAuth client credentials");
    let exchanges = env.hubspot.with_account(|account| {
        let calls = account.calls.iter();
        calls.filter(|call| call.path.starts_with("/oauth")).count()
    });
    assert_eq!(exchanges, 1, "one access token reads both settings");
}

#[tokio::test]
async fn channelctl_reads_the_report_of_its_actions() {
    let env = TestEnv::new().await;
    let write = WriteOptions::default;
    for action in [
        Action::Register {
            is_ready: IsReady::False,
            write: write(),
        },
        Action::Verify,
        Action::Release(write()),
        Action::Hold(write()),
        Action::Unregister(write()),
    ] {
        let report = env.handle(action.event("a test")).await.unwrap();
        outcome(&report, true);
        let read: Report = serde_json::from_value(report).unwrap();
        assert!(read.last_probe.verified, "{action:?}");
    }
}

#[tokio::test]
async fn status_reports_missing_secrets() {
    let env = TestEnv::new().await;
    env.aws.secrets.set(CLIENT_SECRET_ARN, "{}");
    env.set_credential(&json!({"accessToken": "marked-wrong"}));
    let report = env.act("status").await;
    let outcome = outcome(&report, false);
    assert!(
        outcome.starts_with("HubSpot refused the access token with 401: "),
        "{outcome}"
    );
    assert_eq!(report["credentialUsable"], false);
    for unknown in ["registered", "drift", "isReady"] {
        assert_eq!(report[unknown], Value::Null, "{unknown}");
    }
    let reason = "the client secret is not set yet";
    let last_probe = LastProbe {
        reason: Some(reason.into()),
        ..LastProbe::default()
    };
    assert_eq!(report["lastProbe"], json!(last_probe));
    let calling_settings = report["callingSettings"]["reason"].as_str().unwrap();
    assert!(calling_settings.contains("(to read the calling settings, "));
}

#[tokio::test]
async fn an_outage_says_nothing_against_the_credential() {
    let env = TestEnv::new().await;
    env.hubspot.with_account(|account| {
        account.standing_fault = Some(Fault {
            when: When::Before,
            how: How::Status(503),
        });
    });
    let report = env.act("status").await;
    outcome(&report, false);
    assert_eq!(report["credential"], "developer API key");
    assert_eq!(report["credentialUsable"], Value::Null);
}

#[tokio::test]
async fn status_shows_the_calling_settings() {
    let settings = json!({
        "name": "Calls", "url": "https://calls.example.com/", "supportsInboundCalling": true,
        "isReady": false, "createdAt": "2026-01-01T00:00:00Z",
    });
    let unknown = |reason: &str| json!({"state": "unknown", "reason": reason});
    let cases: [(&str, StatusCode, Value, Value); 5] = [
        (
            "found",
            StatusCode::OK,
            settings,
            json!({"state": "found", "supportsInboundCalling": true, "isReady": false}),
        ),
        (
            "old app",
            StatusCode::OK,
            json!({"name": "Calls"}),
            json!({"state": "found", "supportsInboundCalling": null, "isReady": null}),
        ),
        (
            "none",
            StatusCode::NOT_FOUND,
            json!({"status": "error", "message": "none"}),
            json!({"state": "absent"}),
        ),
        (
            "refused",
            StatusCode::CONFLICT,
            json!({"message": "no", "correlationId": "c-1"}),
            unknown("HubSpot answered 409 to read the calling settings: no (correlation id c-1)"),
        ),
        (
            "another server",
            StatusCode::OK,
            json!([]),
            unknown(
                "HubSpot's response to read the calling settings is not as its specification says",
            ),
        ),
    ];
    let mut env = TestEnv::new().await;
    for (case, status, body, expected) in cases {
        for version in ApiVersion::ALL {
            let path = version.settings_path(APP_ID);
            let none = (StatusCode::NOT_FOUND, Json(json!({"message": "none"})));
            let calling = (status, Json(body.clone()));
            let routes = Router::new().route(&path, get(async move || none)).route(
                &version.calling_settings_path(APP_ID),
                get(async move || calling),
            );
            env.config = config(&serve_locally(routes).await, &env.webhook_url);
            env.config.target.api_version = version;
            let report = env.act("status").await;
            outcome(&report, true);
            assert_eq!(report["callingSettings"], expected, "{case}");
        }
    }
}

#[tokio::test]
async fn a_broken_webhook_is_held_but_not_released() {
    let mut env = TestEnv::new().await;
    env.webhook_url = constant_webhook(StatusCode::BAD_GATEWAY, "").await;
    env.register(&env.webhook_url, false);
    let expected = format!(
        "{} is not verified: the webhook answered the signed request with 502, expected 200. \
         See the log of its function. This event left no change in HubSpot.",
        env.webhook_url
    );
    assert_eq!(outcome(&env.act("release").await, false), expected);
    assert_eq!(env.current(), settings(&env.webhook_url, false));
    env.register(&env.webhook_url, true);
    outcome(&env.act("hold").await, true);
    assert_eq!(env.current(), settings(&env.webhook_url, false));
}

#[tokio::test]
async fn the_probed_portal_must_have_its_numbers() {
    let mut env = TestEnv::new().await;
    env.config.probe_portal = PORTAL_ID.parse().unwrap();
    env.config.probe_least_numbers = 2;
    env.numbers.put_named("+18001231234", "Sales").await;
    assert_eq!(
        outcome(&env.act("verify").await, false),
        "the webhook answered 1 numbers for the probed portal, expected at least 2"
    );
    let response = env.deploy("create", property("IsReady", "true")).await;
    reason(&response, "FAILED");
    assert_eq!(env.current(), None);
    env.numbers.put_named("+18001231235", "Service").await;
    let report = env.act("verify").await;
    outcome(&report, true);
    assert_eq!(report["lastProbe"]["numbers"], 2);
}
