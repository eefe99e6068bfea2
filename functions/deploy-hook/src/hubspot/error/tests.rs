use super::*;

const HEADERS: [(&str, &str); 0] = [];

fn refused(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> ErrorResponse {
    let auth = Auth::from_json(r#"{"accessToken":"marked"}"#)
        .unwrap()
        .unwrap();
    refused_with(&auth, status, headers, body)
}

fn refused_with(
    auth: &Auth,
    status: u16,
    headers: &[(&'static str, &'static str)],
    body: &str,
) -> ErrorResponse {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    let status = StatusCode::from_u16(status).unwrap();
    match ApiError::refused("read the settings", auth, status, &headers, body.as_bytes()) {
        ApiError::Refused(response) => *response,
        other => unreachable!("{other}"),
    }
}

#[test]
fn keeps_hubspots_own_reason() {
    let cases = [
        (
            "message and category",
            r#"{"message":"scopes missing","category":"MISSING_SCOPES","correlationId":"c-1"}"#,
            "HubSpot refused the access token with 403: scopes missing [MISSING_SCOPES] (to read the settings, correlation id c-1); ",
        ),
        (
            "nothing",
            "<html>",
            "HubSpot refused the access token with 403: no reason given (to read the settings, correlation id c-2); ",
        ),
    ];
    for (case, body, text) in cases {
        let response = refused(403, &[(CORRELATION_ID, "c-2")], body).to_string();
        assert!(response.starts_with(text), "{case}: {response}");
    }
}

#[test]
fn token_endpoint_rejects_the_credential() {
    let client = r#"{"clientId":"id","clientSecret":"marked"}"#;
    let exchange = Auth::from_json(client).unwrap().unwrap();
    let cases = [
        (
            "RFC 6749",
            r#"{"error":"invalid_client","error_description":"marked is wrong"}"#,
            "… is wrong [invalid_client]",
        ),
        (
            "HubSpot's older body",
            r#"{"status":"BAD_CLIENT_SECRET","message":"missing or invalid client secret"}"#,
            "missing or invalid client secret [BAD_CLIENT_SECRET]",
        ),
    ];
    for (case, body, reason) in cases {
        let response = refused_with(&exchange, 400, &HEADERS, body);
        assert!(response.credential.is_some(), "{case}");
        assert_eq!(response.reason, reason, "{case}");
    }
}

#[test]
fn tells_hubspots_body_from_another() {
    for (body, is_hubspots) in [
        (r#"{"status":"error","message":"No settings"}"#, true),
        ("", false),
        ("<html>", false),
        ("[]", false),
        (r#"{"message":5}"#, false),
    ] {
        assert_eq!(
            refused(404, &HEADERS, body).is_hubspots,
            is_hubspots,
            "{body}"
        );
    }
}

#[test]
fn redacts_before_it_truncates() {
    let cases = [
        ("repeated secret", "the key marked expired".to_owned()),
        (
            "across the limit",
            format!("{}marked", " x".repeat(MAX_TEXT / 2 - 1)),
        ),
        (
            "query of a URL",
            "Invalid url https://a.example/n?key=mar".to_owned(),
        ),
    ];
    for (case, message) in cases {
        let body = serde_json::json!({"message": message, "correlationId": "marked"});
        let response = refused(400, &HEADERS, &body.to_string());
        assert!(!response.to_string().contains("mar"), "{case}: {response}");
    }
    let header = refused(400, &[(CORRELATION_ID, "marked")], "");
    assert_eq!(header.correlation_id, "…");
    let long = serde_json::json!({"message": format!("\u{1b}{}", "é".repeat(9_000))});
    let long = refused(400, &HEADERS, &long.to_string()).reason;
    assert_eq!(long, format!("\\u{{1b}}{}", "é".repeat(MAX_TEXT - 1)));
}
