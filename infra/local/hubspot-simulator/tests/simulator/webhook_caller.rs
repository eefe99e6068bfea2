//! Calls of the webhook, as the page and the local stack's tests make them.

use channel_connection::webhook_url::InvalidUrl;
use hubspot_simulator::deployed_webhook;
use reqwest::Method;
use serde_json::json;

use crate::hubspot::{HubSpot, URL, response};

#[tokio::test]
async fn names_the_reason_for_no_response() {
    let hubspot = HubSpot::start().await;
    let ids = json!({"portalId": 1, "userId": 2});
    let too_many = json!({"portalId": 1, "userId": 2, "times": 101});
    let no_id = json!({"portalId": 0, "userId": 2});
    let range = "portalId: must be a whole number from 1 to 9223372036854775807";
    for (name, path, body, expected, message) in [
        ("no webhook", "call", &ids, 409, "no webhook is registered"),
        ("no id", "call", &no_id, 400, range),
        ("too many", "calls", &too_many, 400, "from 1 to 100"),
        ("not local", "call", &ids, 502, "no connection"),
    ] {
        if name == "not local" {
            hubspot.register(URL).await;
        }
        let request = hubspot.request(Method::POST, &format!("/simulator/{path}"));
        let (status, report) = response(request.json(body)).await;
        assert_eq!(status, expected, "{name}: {report}");
        let reported = report["message"].as_str().unwrap();
        assert!(reported.contains(message), "{name}: {report}");
    }
}

#[test]
fn calls_https_or_this_machine_only() {
    for (name, url, error) in [
        ("a stage", "https://calls.example.com/numbers", None),
        (
            "a stage without TLS",
            "http://calls.example.com/numbers",
            Some(InvalidUrl::NotHttps),
        ),
        ("this machine", "http://localhost:3000/", None),
        (
            "a private address",
            "https://10.0.0.1/",
            Some(InvalidUrl::NotPublic),
        ),
    ] {
        assert_eq!(deployed_webhook(url).err(), error, "{name}");
    }
}
