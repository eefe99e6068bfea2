//! Why a user does not see a number: the question, its answer as JSON and as text.

use serde_json::json;

use crate::{
    aws::Account,
    checkout::{TestEnv, deployed},
    json::assert_valid,
    registering::report,
    support::{Ran, run},
};

/// Explains a portal to somebody; the webhook answers what is no list.
async fn explain(options: &str, input: &str) -> Ran {
    let mut report = report(true);
    report["callingSettings"] = json!({"state": "absent"});
    let mut account = Account {
        report,
        parameters: vec![("AppId", "1234567".into())],
        ..deployed()
    };
    let secret = r#"{"clientSecret":"marked"}"#.into();
    account.secrets.insert("arn:client".into(), secret);
    account.outputs.retain(|(name, _)| *name != "WebhookUrl");
    let env = TestEnv::start(account).await;
    let url = format!("{}/numbers", env.aws.endpoint).leak();
    env.aws
        .account(|account| account.outputs.push(("WebhookUrl", url)));
    let line = format!("--stage dev explain --portal 62515 {options}");
    run(env.command(&line), input).await
}

#[tokio::test]
async fn every_reason_comes_with_its_fix() {
    let ran = explain("--user 41 --number", "+49 30 901820\n").await;
    assert_eq!(ran.code, Some(3), "{}", ran.errors);
    insta::with_settings!({filters => vec![(r"http://127.0.0.1:\d+", "[aws]")]}, {
        insta::assert_snapshot!("explain", ran.output);
    });
    let ran = explain("--user 41 --json", "").await;
    assert_eq!(ran.code, Some(3), "{}", ran.errors);
    let document = assert_valid("explain", &ran.output);
    assert_eq!(document["reasons"][1]["cause"], "callingSettingsAbsent");
}

#[tokio::test]
async fn a_number_that_is_none_is_refused() {
    let ran = explain("--number Sales", "").await;
    assert_eq!(ran.code, Some(2), "{}", ran.errors);
    assert!(!ran.errors.contains("Sales"), "{}", ran.errors);
}
