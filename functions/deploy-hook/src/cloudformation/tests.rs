use serde_json::json;

use super::*;

const URL: &str = "https://calls.example.com/numbers";
const OTHER: &str = "https://calls.example.com/other";

/// Returns a request that changes some properties of the resource.
fn request(kind: &str, changes: &[(&str, &str)]) -> StackRequest {
    let old = json!({
        "AppId": "1", "WebhookUrl": URL, "ApiVersion": "v3", "IsReady": "keep", "DeployId": "9",
    });
    let mut new = old.clone();
    for (name, value) in changes {
        new[name] = (*value).into();
    }
    let event = json!({
        "RequestType": kind, "RequestId": "r", "ResponseURL": "https://example.com/",
        "StackId": "s", "ResourceType": "Custom::ChannelConnection", "LogicalResourceId": "l",
        "PhysicalResourceId": "channel-connection/1",
        "ResourceProperties": new, "OldResourceProperties": old,
    });
    StackRequest::new(event, UrlPolicy::Local).unwrap()
}

#[test]
fn a_rollback_has_the_lower_deploy_id() {
    let is_rollback = |changes: &[_]| request("Update", changes).is_rollback_in_place();
    let cases: [(&str, &[(&str, &str)], bool); 7] = [
        ("lower", &[("DeployId", "8")], true),
        ("equal", &[], false),
        ("higher", &[("DeployId", "10")], false),
        ("no number", &[("DeployId", "none")], false),
        ("eleven digits", &[("DeployId", "00000000008")], false),
        ("another app", &[("DeployId", "8"), ("AppId", "2")], false),
        (
            "another URL",
            &[("DeployId", "8"), ("WebhookUrl", OTHER)],
            false,
        ),
    ];
    for (case, changes, expected) in cases {
        assert_eq!(is_rollback(changes), expected, "{case}");
    }
    assert!(!request("Delete", &[("DeployId", "8")]).is_rollback_in_place());
}

#[test]
fn another_apps_url_is_no_previous_url() {
    let previous_url = |name, value| {
        let update = request("Update", &[(name, value)]);
        match update.operation(UrlPolicy::Public) {
            Ok(Operation::Register(desired)) => desired.previous_url,
            _ => None,
        }
    };
    assert_eq!(previous_url("DeployId", "10").as_deref(), Some(URL));
    assert_eq!(previous_url("AppId", "2"), None);
}

#[test]
fn names_an_invalid_property() {
    let cases = [
        (
            "Update",
            "AppId",
            "x",
            "must be a whole number from 1 to 9223372036854775807",
        ),
        (
            "Update",
            "WebhookUrl",
            "http://calls.example.com/",
            "must start with https://",
        ),
        (
            "Update",
            "ApiVersion",
            "v4",
            "must be 2026-03, 2026-09 or v3",
        ),
        ("Update", "IsReady", "yes", "must be true, false or keep"),
        (
            "Delete",
            "OnDelete",
            "keep",
            "must be remove, hold or retain",
        ),
    ];
    for (kind, name, value, reason) in cases {
        let operation = request(kind, &[(name, value)]).operation(UrlPolicy::Public);
        let error = operation.unwrap_err().to_string();
        assert_eq!(error, format!("{name} {reason}"));
    }
    let mut no_text = request("Delete", &[]);
    no_text.event["ResourceProperties"]["OnDelete"] = 5.into();
    let error = no_text.operation(UrlPolicy::Public).unwrap_err();
    assert_eq!(error.to_string(), "OnDelete must be a text");
}

#[test]
fn changes_the_physical_id_on_success_only() {
    let done: Outcome = Ok(String::new());
    let failed: Outcome = Err(HookError::UnknownEvent);
    let partial: Outcome = Err(HookError::Interrupted);
    let (one, two) = ("channel-connection/1", "channel-connection/2");
    let one_not_created = "channel-connection/1/not-created";
    let two_not_created = "channel-connection/2/not-created";
    let cases = [
        ("created", "Create", "", "2", &done, two),
        ("not created", "Create", "", "2", &failed, two_not_created),
        ("partly created", "Create", "", "2", &partial, two),
        ("updated", "Update", "id", "1", &done, "id"),
        ("new app", "Update", "id", "2", &done, two),
        ("new app failed", "Update", "id", "2", &failed, "id"),
        ("new app partly", "Update", "id", "2", &partial, "id"),
        ("created late", "Update", one_not_created, "1", &done, one),
        ("deleted", "Delete", "id", "2", &done, "id"),
        ("not deleted", "Delete", "id", "2", &partial, "id"),
        ("unknown request", "Import", "id", "1", &failed, "id"),
    ];
    for (case, kind, id, app_id, outcome, expected) in cases {
        let mut request = request(kind, &[("AppId", app_id)]);
        request.event["PhysicalResourceId"] = id.into();
        assert_eq!(request.physical_id(outcome), expected, "{case}");
    }
}

#[test]
fn accepts_cloudformations_own_hosts_only() {
    let accepted = [
        ("commercial", "useast1.s3.amazonaws.com/x?X-Amz=1"),
        ("region", "eucentral1.s3.eu-central-1.amazonaws.com/"),
        ("older region", "uswest2.s3-us-west-2.amazonaws.com/"),
        (
            "dual stack",
            "useast1.s3.dualstack.us-east-1.amazonaws.com/",
        ),
        ("FIPS", "usgovwest1.s3-fips.us-gov-west-1.amazonaws.com/"),
        ("China", "cnnorth1.s3.cn-north-1.amazonaws.com.cn/"),
        ("isolated", "usisoeast1.s3.us-iso-east-1.c2s.ic.gov/"),
    ];
    let own = "https://cloudformation-custom-resource-response-";
    let accepted = accepted.map(|(case, rest)| (case, format!("{own}{rest}"), true));
    let refused = [
        (
            "plain http",
            "http://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/",
        ),
        (
            "a port",
            "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com:8443/",
        ),
        ("another bucket", "https://evil.s3.amazonaws.com/"),
        (
            "a bucket with a like name",
            "https://cloudformation-custom-resource-response-useast1-evil.s3.amazonaws.com/",
        ),
        (
            "another service",
            "https://cloudformation-custom-resource-response-useast1.elb.amazonaws.com/",
        ),
        (
            "another domain",
            "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com.example.com/",
        ),
        (
            "a name in the path",
            "https://example.com/cloudformation-custom-resource-response-useast1.s3.amazonaws.com",
        ),
    ];
    let refused = refused.map(|(case, url)| (case, url.to_owned(), false));
    for (case, url, expected) in accepted.into_iter().chain(refused) {
        let parsed = StackRequest::new(json!({"ResponseURL": url}), UrlPolicy::Public);
        assert_eq!(parsed.is_ok(), expected, "{case}");
    }
}

#[test]
fn a_response_stays_under_cloudformations_limit() {
    let request = request("Create", &[("AppId", &"9".repeat(9_000))]);
    for character in ["é", "\"", "\u{1}"] {
        let text = character.repeat(60_000);
        for outcome in [Ok(text.clone()), Err(HookError::Report(text))] {
            let response = serde_json::to_string(&request.response(&outcome)).unwrap();
            assert!(response.len() < 4_096, "{character:?}");
        }
    }
}
