//! CloudFormation is told the outcome, whatever becomes of the event.

use std::{
    iter::repeat_n,
    time::{Duration, Instant},
};

use hubspot_simulator::fault::{How, When};

use serde_json::Value;

use crate::support::{Log, World, as_it_is, property, silent_webhook};

/// A presigned URL at a port where nobody listens.
const NOBODY: &str = "http://localhost:1/?X-Amz-Signature=marked-signature";
const SILENCE: Option<(When, How)> = Some((When::Before, How::Silence));

#[tokio::test]
async fn a_response_url_that_fails_is_tried_again() {
    let world = World::new().await;
    *world.cloudformation.refusals.lock().unwrap() = 2;
    assert_eq!(world.deploy("create", as_it_is).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_response_url_that_keeps_failing_is_given_up_and_never_logged() {
    let world = World::new().await;
    let log = Log::start();
    *world.cloudformation.refusals.lock().unwrap() = 9;
    let error = world.send("create", as_it_is).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "CloudFormation's response URL answered 503"
    );
    let unreachable = |event: &mut Value| event["ResponseURL"] = NOBODY.into();
    let error = world.send("create", unreachable).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "CloudFormation's response URL cannot be reached"
    );
    assert_eq!(log.text().matches("CloudFormation not told yet").count(), 4);
    for logged in [log.text(), format!("{error:?}")] {
        assert!(!logged.contains("marked"), "{logged}");
    }
}

#[tokio::test]
async fn hubspot_that_never_answers_leaves_the_time_to_tell_cloudformation() {
    let mut world = World::new().await;
    world.lambda_timeout = Duration::from_secs(5);
    world.budget.to_restore = Duration::from_secs(1);
    world.budget.to_answer = Duration::from_secs(3);
    world.fail(repeat_n(SILENCE, 100));
    let started = Instant::now();
    let told = world.deploy("create", as_it_is).await;
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "two seconds are left"
    );
    assert_eq!(told["Status"], "FAILED");
    assert_eq!(
        told["Reason"],
        "there was no time left. HubSpot holds what it held before."
    );
}

#[tokio::test]
async fn a_write_that_gets_no_answer_in_time_is_undone_in_the_time_kept_for_it() {
    let mut world = World::new().await;
    world.lambda_timeout = Duration::from_secs(9);
    world.budget.to_restore = Duration::from_secs(4);
    world.budget.to_answer = Duration::from_secs(3);
    world.budget.call = Duration::from_secs(3);
    world.fail([None, Some((When::After, How::Silence))]);
    let log = Log::start();
    let told = world.deploy("create", as_it_is).await;
    assert_eq!(
        told["Reason"],
        "there was no time left. The former settings stand again in HubSpot."
    );
    assert_eq!(world.held(), None);
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
async fn a_webhook_that_never_answers_is_named_rather_than_the_time_that_ran_out() {
    let mut world = World::new().await;
    let silent = silent_webhook().await;
    world.lambda_timeout = Duration::from_secs(8);
    world.budget.call = Duration::from_millis(500);
    world.budget.probe_tries = 100;
    world.budget.to_restore = Duration::from_secs(1);
    world.budget.to_answer = Duration::from_secs(3);
    let told = world
        .deploy("create", property("WebhookUrl", silent.as_str()))
        .await;
    assert_eq!(
        told["Reason"],
        format!(
            "{silent} is not proved: the webhook gave no answer: no answer in time. \
             Check that its URL can be reached from the internet. \
             The former settings stand again in HubSpot."
        )
    );
}

#[tokio::test]
async fn an_invocation_without_any_time_changes_nothing() {
    let mut world = World::new().await;
    world.lambda_timeout = Duration::from_secs(2);
    world.budget.to_answer = Duration::from_secs(2);
    let told = world.deploy("create", as_it_is).await;
    assert_eq!(told["Status"], "FAILED");
    assert_eq!(world.calls(), [""; 0]);
}
