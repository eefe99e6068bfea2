//! Events of every sender, and the way of the outcome back to it.

use channel_connection::webhook_url::UrlPolicy;
use serde_json::{Value, json};
use test_support::{CLIENT_SECRET_ARN, Log};

use crate::support::{TestEnv, reason, unchanged};

const VERSION: &str = "arn:aws:lambda:us-east-1:123456789012:function:numbers-webhook:7";
/// A presigned URL at a port where nobody listens.
const NOBODY: &str = "http://localhost:1/?X-Amz-Signature=marked-signature";

#[tokio::test]
async fn unknown_events_are_rejected() {
    let env = TestEnv::new().await;
    for event in [
        json!({"action": "dance"}),
        json!({"action": "hold", "dryrun": true}),
        json!({}),
        json!([]),
        json!("status"),
        json!({"RequestType": "Create"}),
        json!({"DeploymentId": "d-1"}),
    ] {
        let error = env.handle(event).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"this event is neither CloudFormation's nor CodeDeploy's nor an action; try {"action":"status"}, or verify, release, hold, register, unregister, check"#
        );
    }
    for (field, value) in [("RequestType", json!("Import")), ("RequestId", json!(7))] {
        let change = |event: &mut Value| event[field] = value;
        let reason = reason(&env.deploy("create", change).await, "FAILED");
        let expected = "the event must be a Create, Update or Delete of a custom resource";
        assert_eq!(reason, expected, "{field}");
    }
}

#[tokio::test]
async fn a_foreign_response_url_gets_no_response() {
    let mut env = TestEnv::new().await;
    env.config.url_policy = UrlPolicy::Public;
    let error = env.handle(env.event("create")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "ResponseURL must be an https URL of CloudFormation's own bucket; nothing was done"
    );
    assert!(env.cloudformation.responses.lock().unwrap().is_empty());
    assert_eq!((env.current(), env.calls()), (None, Vec::new()));
}

#[tokio::test]
async fn a_failing_response_url_is_retried() {
    let env = TestEnv::new().await;
    *env.cloudformation.failures.lock().unwrap() = 2;
    reason(&env.deploy("create", unchanged).await, "SUCCESS");
}

#[tokio::test]
async fn the_response_url_is_never_shown() {
    let env = TestEnv::new().await;
    let log = Log::start();
    *env.cloudformation.failures.lock().unwrap() = 9;
    let error = env.handle(env.event("create")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "CloudFormation's response URL answered 503"
    );
    let mut event = env.event("create");
    event["ResponseURL"] = NOBODY.into();
    let error = env.handle(event).await.unwrap_err();
    let start = "CloudFormation's response URL cannot be reached (";
    assert!(error.to_string().starts_with(start), "{error}");
    for text in [log.text(), format!("{error:?}")] {
        assert!(!text.contains("marked"), "{text}");
    }
    let retries = log
        .text()
        .matches("retrying error=CloudFormation's")
        .count();
    assert_eq!(retries, 4);
}

#[tokio::test]
async fn codedeploy_learns_whether_a_version_is_verified() {
    let broken = |status: u16, body: &str| Some(json!({"statusCode": status, "body": body}));
    let cases = [
        ("works", None, None),
        (
            "fails",
            broken(500, ""),
            Some(
                "the webhook answered the signed request with 500, expected 200. See the log of its function",
            ),
        ),
        (
            "answers anybody",
            broken(200, r#"{"phoneNumbers":[]}"#),
            Some(
                "the webhook answered a wrongly signed request with 200, expected 401: it must refuse what HubSpot did not sign",
            ),
        ),
        (
            "answers no HTTP",
            Some(json!({"errorMessage": "it died"})),
            Some(
                "the webhook's new version did not respond: its response is none that API Gateway accepts. See the log of its function",
            ),
        ),
    ];
    for (case, response, expected) in cases {
        let mut env = TestEnv::new().await;
        env.config.webhook_version = Some(VERSION.into());
        *env.aws.function_response.lock().unwrap() = response;
        let handled = env.handle(env.event("before-traffic")).await;
        let error = handled.err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected, "{case}");
        let is_verified = expected.is_none();
        assert_report(&env, is_verified);
        if is_verified {
            let invoked = env.aws.invoked.lock().unwrap().clone();
            assert_eq!(invoked, [VERSION; 3], "signed, wrongly signed, unsigned");
        }
        assert_eq!(env.calls(), [""; 0], "{case}");
    }
}

#[tokio::test]
async fn codedeploy_gets_a_report_in_any_case() {
    let cases: [(&str, Option<&str>, &str, bool); 3] = [
        ("no version", None, "{}", false),
        ("invalid secret", Some(VERSION), "marked", false),
        ("secret not set yet", Some(VERSION), "{}", true),
    ];
    for (case, version, secret, is_verified) in cases {
        let mut env = TestEnv::new().await;
        env.config.webhook_version = version.map(str::to_owned);
        env.aws.secrets.set(CLIENT_SECRET_ARN, secret);
        let handled = env.handle(env.event("before-traffic")).await;
        assert_eq!(handled.is_ok(), is_verified, "{case}");
        assert_report(&env, is_verified);
    }
}

#[track_caller]
fn assert_report(env: &TestEnv, is_verified: bool) {
    let status = if is_verified { "Succeeded" } else { "Failed" };
    let report = json!({
        "deploymentId": "d-A1B2C3D4E", "status": status,
        "lifecycleEventHookExecutionId": "eyJlbmNyeXB0ZWREYXRhIjoiIn0",
    });
    assert_eq!(*env.aws.deployments.lock().unwrap(), [report]);
}
