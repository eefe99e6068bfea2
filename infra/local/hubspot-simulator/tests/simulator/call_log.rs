//! The record of each call, and its violations of HubSpot's specification.

use hubspot_simulator::{ApiCall, PORTAL_TOKEN};
use reqwest::Method;
use serde_json::json;

use crate::{
    hubspot::{HubSpot, KEY, TOKEN, URL, VERSION, response},
    portal::STATUSES,
};

#[tokio::test]
async fn records_calls_without_their_key() {
    let hubspot = HubSpot::start().await;
    let call = hubspot.anonymous(Method::GET, VERSION);
    response(call.query(&[("hapikey", KEY)])).await;
    let (status, mut account) = response(hubspot.request(Method::GET, "/simulator")).await;
    assert!(account["calls"][0]["answeredAt"].take().is_string());
    assert!(account["calls"][0]["milliseconds"].take().is_u64());
    let path = "/crm/extensions/calling/2026-03/1234567/settings/channel-connection";
    let calls = json!([{
        "number": 1, "answeredAt": null, "milliseconds": null, "method": "GET", "path": path,
        "status": 404, "fault": null, "settings": null, "violations": [],
    }]);
    assert_eq!((status, &account["calls"]), (200, &calls));
    assert_eq!(
        (&account["appId"], &account["settings"]),
        (&json!(1_234_567), &json!(null))
    );
}

#[tokio::test]
async fn names_each_violation() {
    let hubspot = HubSpot::start().await;
    let post = || hubspot.anonymous(Method::POST, VERSION).bearer_auth(TOKEN);
    let complete = json!({"url": URL, "isReady": true});
    let cases = [
        ("none", post().json(&complete), ""),
        (
            "field missing",
            post().json(&json!({"url": URL})),
            r#"the request/body: "isReady" is a required property"#,
        ),
        (
            "wrong type, without its value",
            post().json(&json!({"url": URL, "isReady": "secret"})),
            r#"the request/body/isReady: value is not of type "boolean""#,
        ),
        (
            "unknown field",
            post().json(&json!({"url": URL, "isReady": true, "ready": true})),
            "the request/body: Additional properties are not allowed ('ready' was unexpected)",
        ),
        (
            "no content type",
            post().body(complete.to_string()),
            r#"the request/contentType: "application/json" was expected"#,
        ),
        (
            "unknown parameter",
            post().json(&complete).query(&[("portalId", "1")]),
            "the request/query: Additional properties are not allowed ('portalId' was unexpected)",
        ),
        (
            "body of a GET",
            hubspot.anonymous(Method::GET, VERSION).body("x"),
            "the request: Additional properties are not allowed ('body' was unexpected)",
        ),
        (
            "unknown path",
            hubspot.request(Method::GET, "/crm/nothing"),
            "GET /crm/nothing is not specified",
        ),
        (
            "too large",
            post().body("x".repeat(65 * 1024)),
            "the request has more than 65536 bytes",
        ),
    ];
    for (name, call, violation) in cases {
        response(call).await;
        let violations = last_call(&hubspot).violations;
        assert_eq!(violations.join("; "), violation, "{name}");
    }
}

#[tokio::test]
async fn checks_calls_that_meet_a_fault() {
    let hubspot = HubSpot::start().await;
    let fault = json!({"when": "before", "how": {"status": 503}});
    hubspot.control("standing-fault", fault).await;
    let (status, _) = hubspot
        .send(Method::POST, VERSION, json!({"url": URL}))
        .await;
    let call = last_call(&hubspot);
    assert_eq!((status, call.status, call.violations.len()), (503, None, 1));
}

#[tokio::test]
async fn keeps_little_of_an_excessive_call() {
    let hubspot = HubSpot::start().await;
    let path = format!("/crm/{}", "x".repeat(10_000));
    response(hubspot.request(Method::GET, &path)).await;
    let call = last_call(&hubspot);
    assert_eq!((call.path.len(), call.violations[0].len()), (200, 200));
    hubspot.simulator.with_account(|account| {
        account.portal.connection_statuses = vec![json!({}); 20];
    });
    hubspot.read_with(PORTAL_TOKEN, STATUSES).await;
    assert_eq!(last_call(&hubspot).violations.len(), 10);
}

fn last_call(hubspot: &HubSpot) -> ApiCall {
    hubspot
        .simulator
        .with_account(|account| account.calls.last().unwrap().clone())
}
