//! Calls of the webhook, as the page and the local stack's tests make them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::hubspot::{HubSpot, URL, response};

#[tokio::test]
async fn names_the_reason_for_no_response() {
    let hubspot = HubSpot::start().await;
    let [one, many] = ["/simulator/call", "/simulator/calls"];
    let ids = json!({"portalId": 1, "userId": 2});
    let too_many = json!({"portalId": 1, "userId": 2, "times": 101});
    let no_id = json!({"portalId": 0, "userId": 2});
    let range = "portalId: must be a whole number from 1 to 9223372036854775807";
    for (name, path, body, expected, message) in [
        ("no webhook", one, &ids, 409, "no webhook is registered"),
        ("no id", one, &no_id, 400, range),
        (
            "too many",
            many,
            &too_many,
            400,
            "times must be from 1 to 100",
        ),
        ("not local", one, &ids, 502, "no connection"),
    ] {
        if name == "not local" {
            hubspot.register(URL).await;
        }
        let (status, report) = call(&hubspot, path, body).await;
        let told = report["message"].as_str().unwrap();
        assert!(
            status == expected && told.contains(message),
            "{name}: {report}"
        );
    }
}

async fn call(hubspot: &HubSpot, path: &str, body: &Value) -> (u16, Value) {
    response(hubspot.request(Method::POST, path).json(body)).await
}
