//! The app's calling settings, and what a portal's token reads.

use channel_connection::settings::ApiVersion;
use hubspot_simulator::PORTAL_TOKEN;
use reqwest::Method;
use serde_json::{Value, json};

use crate::hubspot::{HubSpot, TOKEN, response};

const STATUSES: &str = "/crm/extensions/calling/v3/connection-statuses";
const ACCOUNTS: &str = "/conversations/v3/conversations/channel-accounts";

#[tokio::test]
async fn every_version_reads_calling_settings() {
    let hubspot = HubSpot::start().await;
    for (name, set, expected) in [
        ("at first", None, (200, json!(true), json!(true))),
        (
            "changed",
            Some(json!({"supportsInboundCalling": false, "isReady": true})),
            (200, json!(false), json!(true)),
        ),
        ("absent", Some(Value::Null), (404, Value::Null, Value::Null)),
    ] {
        if let Some(settings) = set {
            hubspot.control("calling-settings", settings).await;
        }
        for version in ApiVersion::ALL {
            let path = version.calling_settings_path("1234567");
            let (status, body) = hubspot.read_with(TOKEN, &path).await;
            let read = (
                status,
                body["supportsInboundCalling"].clone(),
                body["isReady"].clone(),
            );
            assert_eq!(read, expected, "{name}, {version:?}");
        }
    }
    hubspot.assert_no_violations();
}

#[tokio::test]
async fn filters_statuses_and_pages_accounts() {
    let hubspot = HubSpot::start().await;
    let status = |user: &str| json!({"userId": user, "connected": false});
    let account = |id: &str, channel: &str| {
        json!({
            "id": id, "name": "Support", "channelId": channel, "inboxId": "1", "active": true,
            "archived": false, "authorized": true, "createdAt": "2026-01-02T03:04:05Z",
            "deliveryIdentifier": {"type": "HS_PHONE_NUMBER", "value": "+18001231234"},
        })
    };
    let portal = json!({
        "accessToken": "another",
        "connectionStatuses": [status("1"), status("2"), status("3")],
        "channelAccounts": [account("a", "7"), account("b", "8"), account("c", "7")],
    });
    hubspot.control("portal", portal).await;
    for (name, query, field, values, next) in [
        ("all", "", "userId", "1 2 3", None),
        ("two users", "?userId=1&userId=3", "userId", "1 3", None),
        ("all accounts", "", "id", "a b c", None),
        ("channel", "?channelId=7", "id", "a c", None),
        ("first page", "?limit=2", "id", "a b", Some("2")),
        ("last page", "?limit=2&after=2", "id", "c", None),
        ("beyond the end", "?after=9", "id", "", None),
    ] {
        let path = if field == "id" { ACCOUNTS } else { STATUSES };
        let (_, body) = hubspot
            .read_with("another", &format!("{path}{query}"))
            .await;
        let items = body["results"].as_array().unwrap().iter();
        let read: Vec<_> = items.map(|item| item[field].as_str().unwrap()).collect();
        assert_eq!(read.join(" "), values, "{name}");
        assert_eq!(body["paging"]["next"]["after"].as_str(), next, "{name}");
    }
    hubspot.assert_no_violations();
}

#[tokio::test]
async fn portal_and_account_tokens_differ() {
    let hubspot = HubSpot::start().await;
    for (token, expected) in [(PORTAL_TOKEN, 200), (TOKEN, 401)] {
        for path in [STATUSES, ACCOUNTS] {
            let (status, _) = hubspot.read_with(token, path).await;
            assert_eq!(status, expected, "{token} at {path}");
        }
    }
    let request = hubspot
        .request(Method::POST, ACCOUNTS)
        .bearer_auth(PORTAL_TOKEN);
    let (status, body) = response(request).await;
    assert_eq!((status, &body["status"]), (405, &json!("error")));
    hubspot.control("portal", json!({
        "accessToken": PORTAL_TOKEN, "connectionStatuses": [{"userId": 1}], "channelAccounts": [],
    })).await;
    hubspot.read_with(PORTAL_TOKEN, STATUSES).await;
    let violations = hubspot
        .simulator
        .with_account(|account| account.calls.last().unwrap().violations.clone());
    assert_eq!(violations.len(), 2, "{violations:?}");
}
