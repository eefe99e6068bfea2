//! The page, and the check that keeps other pages of the same browser away from the simulator.

use axum::{
    Router,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use channel_connection::webhook_url::is_loopback_name;

use crate::error::ApiError;

// Nothing but the simulator's own, and nothing written into the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

pub(crate) fn routes() -> Router {
    [
        ("/", HTML, include_str!("page/picker.html")),
        ("/picker.css", CSS, include_str!("page/picker.css")),
        ("/picker.js", SCRIPT, include_str!("page/picker.js")),
        ("/requests.js", SCRIPT, include_str!("page/requests.js")),
        ("/page.js", SCRIPT, include_str!("page/page.js")),
    ]
    .into_iter()
    .fold(Router::new(), |router, (path, content_type, text)| {
        router.route(path, get(async move || file(content_type, text)))
    })
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (RESOURCE_POLICY, "same-origin"),
        // Another build of the simulator may answer under the same address a moment later.
        (CACHE_CONTROL, "no-store"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    (headers, text).into_response()
}

/// Rejects a `Host` that is neither an address nor a loopback name.
///
/// Any page in the developer's browser can point its own name at this machine (DNS rebinding), and
/// could then read the simulator's responses. Such a page needs a name.
pub(crate) async fn check_host(request: Request, next: Next) -> Result<Response, ApiError> {
    if is_known_host(request.headers()) {
        return Ok(next.run(request).await);
    }
    let message = "this simulator answers under its address and localhost only";
    Err(ApiError::invalid(StatusCode::MISDIRECTED_REQUEST, message))
}

fn is_known_host(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        return false;
    };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    name.parse::<std::net::IpAddr>().is_ok() || is_loopback_name(name)
}
