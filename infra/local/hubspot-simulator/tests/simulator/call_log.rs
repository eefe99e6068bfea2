//! The record of each call, and its violations of HubSpot's specification.

use hubspot_simulator::{
    ApiCall,
    fault::{Fault, How, When},
};
use reqwest::Method;
use serde_json::json;

use crate::hubspot::{HubSpot, KEY, TOKEN, URL, VERSION, response};

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
        "status": 404, "fault": null, "held": null, "violations": [],
    }]);
    let expected = json!({"appId": 1_234_567, "settings": null, "calls": calls});
    assert_eq!((status, account), (200, expected));
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
            r#"the request body: "isReady" is a required property"#,
        ),
        (
            "wrong type, without its value",
            post().json(&json!({"url": URL, "isReady": "secret"})),
            r#"the request body/isReady: value is not of type "boolean""#,
        ),
        (
            "unknown field",
            post().json(&json!({"url": URL, "isReady": true, "ready": true})),
            "the request's ready is not specified",
        ),
        (
            "no content type",
            post().body(complete.to_string()),
            r#"the request's content type is "", not application/json"#,
        ),
        (
            "unknown parameter",
            post().json(&complete).query(&[("portalId", "1")]),
            "the query parameter portalId is not specified",
        ),
        (
            "body of a GET",
            hubspot.anonymous(Method::GET, VERSION).body("x"),
            "the request must have no body",
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
    hubspot.simulator.with_account(|account| {
        account.standing_fault = Some(Fault {
            when: When::Before,
            how: How::Status(503),
        });
    });
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
    let fields: serde_json::Map<_, _> = (0..1_000)
        .map(|field| (format!("field{field}"), json!(1)))
        .collect();
    hubspot.send(Method::POST, VERSION, fields.into()).await;
    assert_eq!(last_call(&hubspot).violations.len(), 10);
}

fn last_call(hubspot: &HubSpot) -> ApiCall {
    hubspot
        .simulator
        .with_account(|account| account.calls.last().unwrap().clone())
}
