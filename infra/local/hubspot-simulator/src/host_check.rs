//! Who may call the simulator by which name.
//!
//! Any page in the developer's browser can have its own name lead to this machine (DNS rebinding),
//! and would then be let at what it answers. Such a page needs a name; so only addresses are
//! taken, and the names that never lead anywhere else.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header::HOST, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use channel_connection::webhook_url::is_loopback_name;

use crate::failure::failure;

pub(crate) async fn require(request: Request, next: Next) -> Response {
    if is_known(request.headers()) {
        return next.run(request).await;
    }
    let message = "this simulator answers under its address and localhost only";
    failure(StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

fn is_known(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        return false;
    };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    name.parse::<std::net::IpAddr>().is_ok() || is_loopback_name(name)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn addresses_and_loopback_names_are_taken_and_nobodys_own_name() {
        let cases = [
            ("127.0.0.1:4577", true),
            ("172.17.0.1:4577", true),
            ("[::1]:4577", true),
            ("localhost:4577", true),
            ("hubspot.localhost", true),
            ("rebound.example.com:4577", false),
            ("localhost.example.com", false),
            ("127.0.0.1.example.com", false),
            ("", false),
        ];
        for (host, known) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            assert_eq!(is_known(&headers), known, "{host}");
        }
        assert!(!is_known(&HeaderMap::new()));
    }
}
