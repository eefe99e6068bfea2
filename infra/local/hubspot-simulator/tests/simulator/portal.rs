//! The app's calling settings, and what a portal's token reads.

use channel_connection::settings::ApiVersion;
use hubspot_simulator::PORTAL_TOKEN;
use serde_json::{Value, json};

use crate::hubspot::{HubSpot, TOKEN};

pub const STATUSES: &str = "/crm/extensions/calling/v3/connection-statuses";
const ACCOUNTS: &str = "/conversations/v3/conversations/channel-accounts";

#[tokio::test]
async fn every_version_reads_calling_settings() {
    let hubspot = HubSpot::start().await;
    let no_calls = json!({"supportsInboundCalling": false, "isReady": true});
    let nothing = Value::Null;
    for (name, set, status, takes_calls) in [
        ("at first", None, 200, Some(true)),
        ("changed", Some(&no_calls), 200, Some(false)),
        ("absent", Some(&nothing), 404, None),
    ] {
        if let Some(settings) = set {
            hubspot.control("calling-settings", settings.clone()).await;
        }
        for version in ApiVersion::ALL {
            let path = version.calling_settings_path("1234567");
            let (read, body) = hubspot.read_with(TOKEN, &path).await;
            assert_eq!(read, status, "{name}, {version:?}");
            let (calls, is_ready) = (&body["supportsInboundCalling"], &body["isReady"]);
            assert_eq!(calls.as_bool(), takes_calls, "{name}, {version:?}");
            assert_eq!(is_ready.as_bool(), takes_calls.map(|_| true), "{name}");
        }
    }
    hubspot.assert_no_violations();
}

#[tokio::test]
async fn returns_accounts_page_by_page() {
    let hubspot = HubSpot::start().await;
    let account = |id: &str| {
        json!({
            "id": id, "name": "Support", "channelId": "7", "inboxId": "1", "active": true,
            "archived": false, "authorized": true, "createdAt": "2026-01-02T03:04:05Z",
            "deliveryIdentifier": {"type": "HS_PHONE_NUMBER", "value": "+18001231234"},
        })
    };
    let portal = json!({
        "accessToken": "another", "connectionStatuses": [],
        "channelAccounts": [account("a"), account("b"), account("c")],
    });
    hubspot.control("portal", portal).await;
    for (name, query, ids, next) in [
        ("all", "", "a b c", None),
        ("first page", "?limit=2", "a b", Some("2")),
        ("last page", "?limit=2&after=2", "c", None),
        ("beyond the end", "?after=9", "", None),
    ] {
        let path = format!("{ACCOUNTS}{query}");
        let (_, body) = hubspot.read_with("another", &path).await;
        let accounts = body["results"].as_array().unwrap().iter();
        let read: Vec<_> = accounts
            .map(|account| account["id"].as_str().unwrap())
            .collect();
        assert_eq!(read.join(" "), ids, "{name}");
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
    hubspot.assert_no_violations();
}
