//! HubSpot's requests, signed, as API Gateway hands them over.

use std::time::SystemTime;

use channel_connection::{
    client_secrets::SigningSecret,
    numbers_request::NumbersRequest,
    webhook_call::WebhookCall,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use serde_json::Value;

use crate::{APP_ID, CLIENT_SECRET, PORTAL_ID};

/// Returns a user's request for the sample portal's numbers.
pub fn numbers_request(user: i64) -> NumbersRequest {
    NumbersRequest {
        app_id: APP_ID.parse().unwrap(),
        portal_id: PORTAL_ID.parse().unwrap(),
        user_id: user.try_into().unwrap(),
    }
}

/// Returns a signed request as an HTTP API's event (payload 2.0).
pub fn signed_request(url: &str, request: NumbersRequest, now: SystemTime) -> Value {
    signed_body(CLIENT_SECRET, url, &request.to_json(), now)
}

/// Returns the event of a body that a holder of `secret` signed.
pub fn signed_body(secret: &str, url: &str, body: &str, now: SystemTime) -> Value {
    let url = WebhookUrl::parse(url, UrlPolicy::Local).unwrap();
    let secret = SigningSecret::new(secret).unwrap();
    WebhookCall::signed_body(url, body.to_owned(), &secret, now).to_event()
}
