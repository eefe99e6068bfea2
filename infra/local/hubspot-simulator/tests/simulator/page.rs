//! What other pages of the developer's browser cannot do with the simulator.

use reqwest::{Method, header::HOST};

use crate::hubspot::{HubSpot, response};

#[tokio::test]
async fn answers_under_addresses_and_loopback_names() {
    let hubspot = HubSpot::start().await;
    for (host, expected) in [
        ("127.0.0.1:4577", 200),
        ("[::1]:4577", 200),
        ("localhost:4577", 200),
        ("hubspot.localhost", 200),
        ("rebound.example.com:4577", 421),
        ("127.0.0.1.example.com", 421),
        ("", 421),
    ] {
        let request = hubspot.request(Method::GET, "/simulator");
        let (status, body) = response(request.header(HOST, host)).await;
        let is_error = body["status"] == "error";
        assert_eq!((status, is_error), (expected, expected != 200), "{host}");
    }
}

#[tokio::test]
async fn rejects_posts_that_browsers_send_unasked() {
    let hubspot = HubSpot::start().await;
    for path in ["/simulator/call", "/simulator/calls", "/simulator/faults"] {
        let request = hubspot.request(Method::POST, path);
        let request = request.header("content-type", "text/plain").body("[]");
        assert_eq!(response(request).await.0, 415, "{path}");
    }
}
