//! Calls of the webhook, as the page and the local stack's tests make them.

use std::time::SystemTime;

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use channel_connection::{
    client_secrets::SigningSecret,
    signature::{self, SignatureHeaders},
    webhook_url::{UrlPolicy, WebhookUrl},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::hubspot::{HubSpot, SIGNING_SECRET, URL, response};

const PORTAL: i64 = i64::MAX;

#[tokio::test]
async fn reports_request_and_response() {
    let hubspot = HubSpot::start().await;
    let url = serve_webhook().await;
    hubspot.register(&url).await;
    let body = json!({"portalId": PORTAL, "userId": 4242});
    let (status, report) = call(&hubspot, "/simulator/call", &body).await;
    assert_eq!(status, 200);
    let sent = format!(r#"{{"appId":1234567,"portalId":{PORTAL},"userId":4242}}"#);
    let request = &report["request"];
    let timestamp = request["timestamp"].as_str().unwrap();
    assert_eq!(request["body"], sent);
    assert_eq!(
        request["signatureBase"],
        format!("POST{url}{sent}{timestamp}")
    );
    let numbers = json!([{"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"}]);
    assert_eq!(
        report["response"],
        json!({"status": 200, "body": {"phoneNumbers": numbers}, "violations": []})
    );
    assert_eq!(
        report["received"]["body"],
        json!({"phoneNumbers": numbers}).to_string()
    );
    assert_eq!(report["shown"][0]["name"], "Sales");
    assert!(!report.to_string().contains(SIGNING_SECRET));
}

#[tokio::test]
async fn webhook_rejects_every_request_fault() {
    let hubspot = HubSpot::start().await;
    hubspot.register(&serve_webhook().await).await;
    for (fault, status) in [
        ("wrongSignature", 401),
        ("staleTimestamp", 401),
        ("tamperedBody", 401),
        ("foreignApp", 403),
    ] {
        let body = json!({"portalId": PORTAL, "userId": 4242, "fault": fault});
        let (_, report) = call(&hubspot, "/simulator/call", &body).await;
        assert_eq!(report["response"]["status"], status, "{fault}");
    }
}

#[tokio::test]
async fn reports_each_of_many_calls() {
    let hubspot = HubSpot::start().await;
    hubspot.register(&serve_webhook().await).await;
    let body = json!({"portalId": PORTAL, "userId": 4242, "times": 3});
    let (status, results) = call(&hubspot, "/simulator/calls", &body).await;
    let statuses = results
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["status"]);
    assert_eq!(
        (status, statuses.collect::<Vec<_>>()),
        (200, vec![&json!(200); 3])
    );
}

#[tokio::test]
async fn names_the_reason_for_no_response() {
    let hubspot = HubSpot::start().await;
    let ids = json!({"portalId": 1, "userId": 2});
    let cases = [
        (
            "nothing registered",
            None,
            "/simulator/call",
            ids.clone(),
            409,
            "no webhook is registered",
        ),
        (
            "no id",
            None,
            "/simulator/call",
            json!({"portalId": 0, "userId": 2}),
            400,
            "Invalid input: portalId: must be a whole number from 1 to 9223372036854775807",
        ),
        (
            "too many",
            None,
            "/simulator/calls",
            json!({"portalId": 1, "userId": 2, "times": 101}),
            400,
            "times must be from 1 to 100",
        ),
        (
            "outside the machine",
            Some(URL),
            "/simulator/call",
            ids.clone(),
            502,
            "the webhook cannot be reached",
        ),
    ];
    for (name, registered, path, body, expected, message) in cases {
        if let Some(url) = registered {
            hubspot.register(url).await;
        }
        let (status, report) = call(&hubspot, path, &body).await;
        assert_eq!(status, expected, "{name}: {report}");
        assert!(
            report["message"].as_str().unwrap().starts_with(message),
            "{name}: {report}"
        );
    }
}

async fn call(hubspot: &HubSpot, path: &str, body: &Value) -> (u16, Value) {
    response(hubspot.request(Method::POST, path).json(body)).await
}

/// Serves a webhook that checks signature and app, and has one number for everyone.
async fn serve_webhook() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!(
        "http://localhost:{}/numbers",
        listener.local_addr().unwrap().port()
    );
    let own_url = url.clone();
    let handler = async move |headers: HeaderMap, body: String| respond(&own_url, &headers, &body);
    let routes = Router::new().route("/numbers", post(handler));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

fn respond(url: &str, headers: &HeaderMap, body: &str) -> (StatusCode, Json<Value>) {
    let url = WebhookUrl::parse(url, UrlPolicy::Local).unwrap();
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap());
    let signature = SignatureHeaders {
        signature: header("x-hubspot-signature-v3"),
        timestamp: header("x-hubspot-request-timestamp"),
        legacy: false,
    };
    let secrets = [SigningSecret::new(SIGNING_SECRET).unwrap()];
    let (uri, now) = ((&url).into(), SystemTime::now());
    if signature::verify(&secrets, "POST", &uri, body.as_bytes(), signature, now).is_err() {
        return (StatusCode::UNAUTHORIZED, Json(json!({})));
    }
    let request: Value = serde_json::from_str(body).unwrap();
    if request["appId"] != 1_234_567 {
        return (StatusCode::FORBIDDEN, Json(json!({})));
    }
    let number = json!({"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"});
    (StatusCode::OK, Json(json!({"phoneNumbers": [number]})))
}
