//! What is recorded of a call, and where it departs from HubSpot's specification.

use channel_connection::settings::ApiVersion;
use hubspot_simulator::fault::{Fault, How, When};
use reqwest::Method;
use serde_json::json;

use crate::hubspot::{HubSpot, KEY, TOKEN, URL, answered};

#[tokio::test]
async fn a_call_that_fails_or_is_too_large_is_recorded_with_its_departures() {
    let hubspot = HubSpot::start().await;
    let post = |body| hubspot.ask(Method::POST, ApiVersion::V3, body);
    let huge = "x".repeat(65 * 1024);
    assert_eq!(post(json!({"url": huge, "isReady": false})).await.0, 413);
    hubspot.simulator.with_account(|account| {
        account.standing_fault = Some(Fault {
            when: When::Before,
            how: How::Status(503),
        });
    });
    assert_eq!(post(json!({"url": URL})).await.0, 503);
    let recorded = hubspot.simulator.with_account(|account| {
        let calls = account.calls.iter();
        calls
            .map(|call| (call.status, call.violations.clone()))
            .collect::<Vec<_>>()
    });
    assert_eq!(
        recorded,
        [
            (
                Some(413),
                vec!["the request has more than 65536 bytes".to_owned()]
            ),
            (None, vec!["the request's : required".to_owned()]),
        ]
    );
}

#[tokio::test]
async fn every_call_is_recorded_without_its_key() {
    let hubspot = HubSpot::start().await;
    answered(
        hubspot
            .anonymous(Method::GET, ApiVersion::V3)
            .query(&[("hapikey", KEY)]),
    )
    .await;
    let (status, mut account) =
        answered(hubspot.http.get(hubspot.simulator.api_url() + "/simulator")).await;
    assert!(account["calls"][0]["answeredAt"].take().is_string());
    assert!(account["calls"][0]["milliseconds"].take().is_u64());
    let path = "/crm/v3/extensions/calling/1234567/settings/channel-connection";
    let calls = json!([{
        "number": 1, "answeredAt": null, "milliseconds": null, "method": "GET", "path": path,
        "status": 404, "fault": null, "held": null, "violations": [],
    }]);
    assert_eq!(
        (status, account),
        (
            200,
            json!({"appId": 1_234_567, "settings": null, "calls": calls})
        )
    );
}

#[tokio::test]
async fn what_departs_from_the_specification_is_recorded() {
    let hubspot = HubSpot::start().await;
    let version = ApiVersion::V2026_03;
    let complete = json!({"url": URL, "isReady": true});
    let post = || hubspot.anonymous(Method::POST, version).bearer_auth(TOKEN);
    let calls = [
        (post().json(&complete), ""),
        (
            post().json(&json!({"url": URL})),
            "the request's : required",
        ),
        (
            post().json(&json!({"url": URL, "isReady": "yes"})),
            "the request's /isReady: type",
        ),
        (
            post().json(&json!({"url": URL, "isReady": true, "ready": true})),
            "the request's ready is not specified",
        ),
        (
            post().body(complete.to_string()),
            "the request is , not application/json",
        ),
        (
            post().json(&complete).query(&[("portalId", "1")]),
            "the query parameter portalId is not specified",
        ),
        (
            hubspot
                .anonymous(Method::GET, version)
                .bearer_auth(TOKEN)
                .body("x"),
            "the request must have no body",
        ),
    ];
    for (call, violation) in calls {
        answered(call).await;
        let recorded = hubspot
            .simulator
            .with_account(|account| account.calls.pop().unwrap().violations);
        assert_eq!(recorded.join("; "), violation);
    }
}
