//! Calls of the webhook, as the page and the local stack's tests make them.

use axum::{Router, routing::post};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::hubspot::{HubSpot, SIGNING_SECRET, URL, response};

const NUMBERS: &str =
    r#"{"phoneNumbers":[{"e164PhoneNumber":"+18001231234","friendlyName":"Sales"}]}"#;

#[tokio::test]
async fn reports_request_and_response() {
    let hubspot = HubSpot::start().await;
    let url = serve_webhook().await;
    hubspot.register(&url).await;
    let ids = json!({"portalId": i64::MAX, "userId": 4242});
    let (status, report) = call(&hubspot, "/simulator/call", &ids).await;
    let request = &report["request"];
    let sent = format!(
        r#"{{"appId":1234567,"portalId":{},"userId":4242}}"#,
        i64::MAX
    );
    let timestamp = request["timestamp"].as_str().unwrap();
    assert_eq!((status, &request["body"]), (200, &json!(sent)));
    assert_eq!(
        request["signatureBase"],
        format!("POST{url}{sent}{timestamp}")
    );
    let body: Value = serde_json::from_str(NUMBERS).unwrap();
    let expected = json!({"status": 200, "body": body, "violations": []});
    assert_eq!(report["response"], expected);
    assert_eq!(report["received"]["body"], NUMBERS);
    assert_eq!(report["shown"][0]["name"], "Sales");
    assert!(!report.to_string().contains(SIGNING_SECRET));

    let many = json!({"portalId": 1, "userId": 4242, "times": 3});
    let (_, results) = call(&hubspot, "/simulator/calls", &many).await;
    let statuses = results.as_array().unwrap().iter();
    let statuses: Vec<_> = statuses.map(|result| &result["status"]).collect();
    assert_eq!(statuses, [200, 200, 200]);
}

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
        ("not local", one, &ids, 502, "the webhook cannot be reached"),
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

async fn serve_webhook() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let routes = Router::new().route("/numbers", post(async || NUMBERS));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://localhost:{port}/numbers")
}
