//! The page that shows what HubSpot's user sees, and its files.

use axum::{
    Router,
    http::{
        HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};

// Nothing but the simulator's own, and nothing written into the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

pub(crate) fn routes() -> Router {
    let style = "text/css; charset=utf-8";
    let script = "text/javascript; charset=utf-8";
    let files = [
        (
            "/",
            "text/html; charset=utf-8",
            include_str!("page/picker.html"),
        ),
        ("/picker.css", style, include_str!("page/picker.css")),
        ("/controls.css", style, include_str!("page/controls.css")),
        ("/content.css", style, include_str!("page/content.css")),
        ("/picker.js", script, include_str!("page/picker.js")),
        ("/element.js", script, include_str!("page/element.js")),
        ("/exchange.js", script, include_str!("page/exchange.js")),
        ("/numbers.js", script, include_str!("page/numbers.js")),
        ("/settings.js", script, include_str!("page/settings.js")),
        ("/simulator.js", script, include_str!("page/simulator.js")),
    ];
    files
        .into_iter()
        .fold(Router::new(), |router, (path, kind, text)| {
            router.route(path, get(async move || file(kind, text)))
        })
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (RESOURCE_POLICY, "same-origin"),
        // Another build of the simulator may answer under the same address a moment later.
        (CACHE_CONTROL, "no-store"),
    ];
    (
        headers.map(|(name, value)| (name, HeaderValue::from_static(value))),
        text,
    )
        .into_response()
}
