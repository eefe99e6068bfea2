//! A hold against releases that run at the same time.

use std::time::{Duration, Instant};

use hubspot_simulator::fault::{How, When};
use serde_json::json;

use crate::{
    account::ELSEWHERE,
    support::{TestEnv, outcome, settings},
};

const HELD: &str = "HubSpot has the URL with isReady=false: users can no longer select the app.";
const CALL: Duration = Duration::from_millis(600);

/// An environment whose webhook may be blocked for many probes.
async fn env() -> TestEnv {
    let mut env = TestEnv::new().await;
    env.budget.call = CALL;
    env.budget.settle = CALL * 7 / 3;
    env.budget.probe = env.budget.probe.with_max_times(100);
    env.register(&env.webhook_url, false);
    env
}

/// Waits until HubSpot's planned faults are used.
async fn used_faults(env: &TestEnv) {
    let used = async {
        while env
            .hubspot
            .with_account(|account| !account.faults.is_empty())
        {
            tokio::task::yield_now().await;
        }
    };
    let used = tokio::time::timeout(Duration::from_secs(30), used).await;
    used.expect("HubSpot is called");
}

#[tokio::test]
async fn stops_a_release_that_is_verifying() {
    let env = env().await;
    let gate = env.webhook.gate.write().await;
    env.fail([None, None]);
    let hold = async {
        // The release has read and written.
        used_faults(&env).await;
        assert_eq!(outcome(&env.act("hold").await, true), HELD);
        drop(gate);
    };
    let (report, ()) = tokio::join!(env.act("release"), hold);
    let reason = outcome(&report, false);
    assert!(
        reason.starts_with("the settings may have been held or changed meanwhile"),
        "{reason}"
    );
    assert_eq!(env.current(), settings(&env.webhook_url, false));
    assert_eq!(report["isReady"], false);
}

#[tokio::test]
async fn overrides_a_release_whose_write_is_late() {
    let env = env().await;
    let late = Some((When::Before, How::Delay(250)));
    env.fail([None, None, None, late]);
    let hold = async {
        used_faults(&env).await;
        let report = env.act("hold").await;
        assert_eq!(outcome(&report, true), HELD);
        assert_eq!(report["isReady"], false);
    };
    tokio::join!(env.act("release"), hold);
    assert_eq!(env.current(), settings(&env.webhook_url, false));
    let is_released = env.hubspot.with_account(|account| {
        let mut accesses = account.accesses.iter();
        accesses.any(|access| access.after == settings(&env.webhook_url, true))
    });
    assert!(is_released, "the release's write took effect");
}

#[tokio::test]
async fn a_late_announcement_undoes_no_release() {
    let mut env = env().await;
    env.budget.settle = CALL * 4;
    env.fail([None, Some((When::Before, How::Delay(1_200)))]);
    let others = async {
        // The announcement is on its way, and not yet made.
        used_faults(&env).await;
        env.register(&env.webhook_url, true);
    };
    let (report, ()) = tokio::join!(env.act("release"), others);
    outcome(&report, true);
    env.hubspot.settled().await;
    assert_eq!(env.current(), settings(&env.webhook_url, true));
}

#[tokio::test]
async fn a_failed_hold_of_a_deploy_leaves_what_others_wrote() {
    let env = env().await;
    env.register(&env.webhook_url, true);
    env.fail([None, None]);
    let others = async {
        // The deploy has read and written.
        used_faults(&env).await;
        env.register(ELSEWHERE, true);
    };
    let deploy = async {
        let register = json!({"action": "register", "isReady": "false"});
        outcome(&env.handle(register).await.unwrap(), false);
    };
    tokio::join!(deploy, others);
    assert_eq!(env.current(), settings(ELSEWHERE, true));
}

#[tokio::test]
async fn a_refused_hold_claims_nothing() {
    let env = TestEnv::new().await;
    env.register(&env.webhook_url, true);
    env.fail([None, Some((When::Before, How::Status(403)))]);
    let reason = outcome(&env.act("hold").await, false);
    let refused = "HubSpot refused the developer API key with 403";
    assert!(reason.starts_with(refused), "{reason}");
}

#[tokio::test]
async fn a_false_404_is_asked_again() {
    let env = TestEnv::new().await;
    let lie = Some((When::Before, How::Status(404)));
    env.register(&env.webhook_url, true);
    env.fail([lie, None, lie]);
    assert_eq!(outcome(&env.act("hold").await, true), HELD);
    env.fail([None, lie]);
    outcome(&env.act("remove").await, true);
    let calls = [
        "GET fault",
        "GET 200",
        "PATCH fault",
        "GET 200",
        "PATCH 200",
        "GET 200",
        "GET 200",
        "GET 200",
        "DELETE fault",
        "GET 200",
        "DELETE 204",
        "GET 404",
        "GET 404",
    ];
    assert_eq!(env.calls(), calls);
}

#[tokio::test]
async fn writes_even_if_already_held() {
    let env = TestEnv::new().await;
    env.register(&env.webhook_url, false);
    let version = |env: &TestEnv| {
        let account = |account: &mut hubspot_simulator::Account| account.settings.clone();
        env.hubspot.with_account(account).unwrap().updated_at
    };
    let before = version(&env);
    assert_eq!(outcome(&env.act("hold").await, true), HELD);
    assert_ne!(version(&env), before);
    assert_eq!(
        outcome(&env.act("release").await, true),
        format!("HubSpot has {} with isReady=true.", env.webhook_url)
    );
}

#[tokio::test]
async fn claims_no_more_than_hubspot_shows() {
    let cases = [("held already", false, false), ("released", true, true)];
    for (case, was_ready, is_done) in cases {
        let env = TestEnv::new().await;
        env.register(&env.webhook_url, was_ready);
        env.hubspot
            .with_account(|account| account.equal_change_keeps_version = true);
        let report = env.act("hold").await;
        assert_eq!(report["done"], is_done, "{case}");
        assert_eq!(report["isReady"], false, "{case}");
        if !is_done {
            let outcome = outcome(&report, false);
            let start = "HubSpot has isReady=false now, but a release that was already running may still set it (HubSpot's updatedAt did not change with the hold).";
            assert!(outcome.starts_with(start), "{outcome}");
            assert!(outcome.contains("channelctl status"), "{outcome}");
        }
        outcome(&env.act("release").await, true);
    }
}

#[tokio::test]
async fn an_unconfirmed_hold_is_not_done() {
    for request in [
        json!({"action": "hold"}),
        json!({"action": "register", "isReady": "false"}),
    ] {
        let mut env = TestEnv::new().await;
        env.budget.settle = env.budget.action;
        env.register(&env.webhook_url, true);
        let started = Instant::now();
        let report = env.handle(request).await.unwrap();
        assert!(started.elapsed() < env.budget.action / 2, "told at once");
        let outcome = outcome(&report, false);
        assert!(
            outcome.starts_with("HubSpot has isReady=false now, but"),
            "{outcome}"
        );
        assert!(outcome.contains("(there was no time left)"), "{outcome}");
        assert_eq!(report["isReady"], false);
    }
}

#[tokio::test]
async fn two_holds_at_once_are_both_done() {
    let env = env().await;
    env.fail([None, None]);
    let second = async {
        // The first has read and written.
        used_faults(&env).await;
        env.act("hold").await
    };
    let (first, second) = tokio::join!(env.act("hold"), second);
    for report in [first, second] {
        assert_eq!(outcome(&report, true), HELD);
    }
}

#[tokio::test]
async fn leaves_other_urls_and_no_settings() {
    let env = TestEnv::new().await;
    let report = env.act("hold").await;
    assert_eq!(outcome(&report, false), "HubSpot had no settings.");
    env.register(ELSEWHERE, true);
    for action in ["hold", "remove"] {
        let reason = outcome(&env.act(action).await, false);
        assert_eq!(reason, "HubSpot has another URL, which was left alone.");
        assert_eq!(env.current(), settings(ELSEWHERE, true));
    }
}

#[tokio::test]
async fn hubspot_that_does_not_respond_is_named() {
    let env = TestEnv::new().await;
    env.register(&env.webhook_url, true);
    let down = Some((When::Before, How::Status(503)));
    env.fail(std::iter::repeat_n(down, 50));
    let report = env.act("hold").await;
    let outcome = outcome(&report, false);
    assert!(
        outcome.starts_with("HubSpot answered 503 to read the settings: "),
        "{outcome}"
    );
    assert!(
        outcome.ends_with("HubSpot may still have the settings"),
        "{outcome}"
    );
    assert_eq!(report["registered"], json!(null));
}
