//! The webhook as a service for Lambda: API Gateway's events in, responses out.

use std::{convert::Infallible, sync::Arc, time::SystemTime};

use channel_connection::signature::{LEGACY_SIGNATURE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use lambda_http::{
    Adapter, LambdaEvent, Request, Service, aws_lambda_events::query_map::QueryMap,
    http::HeaderMap, request::LambdaRequest, service_fn, tower::ServiceBuilder,
};
use serde::Serialize;

use crate::webhook::Webhook;

/// The headers that the webhook reads.
const HEADERS: [&str; 3] = [SIGNATURE_HEADER, TIMESTAMP_HEADER, LEGACY_SIGNATURE_HEADER];
/// The longest path that is looked at, in bytes.
const MAX_PATH: usize = 2_048;
/// Stands for a path that cannot be the webhook's.
const NO_PATH: &str = "/";

/// Returns a service that answers each event, and prints its line of the access log.
pub fn service(
    webhook: Arc<Webhook>,
    clock: impl Fn() -> SystemTime + Send + 'static,
) -> impl Service<LambdaEvent<LambdaRequest>, Response: Serialize, Error = Infallible, Future: Send> + Send
{
    let handler = service_fn(move |request: Request| {
        let (webhook, now) = (Arc::clone(&webhook), clock());
        async move {
            let (response, log) = webhook.respond(&request, now).await;
            println!("{log}");
            Ok::<_, Infallible>(response)
        }
    });
    ServiceBuilder::new()
        .map_request(|event: LambdaEvent<LambdaRequest>| LambdaEvent {
            payload: strip(event.payload),
            ..event
        })
        .service(Adapter::from(handler))
}

/// Takes out of a request what a caller chooses and the webhook does not read.
///
/// `lambda_http` builds a URL from host, scheme, path and query, and panics where they make none. The
/// caller would be answered 502, and could so trip the alarms of a deployment.
fn strip(request: LambdaRequest) -> LambdaRequest {
    match request {
        LambdaRequest::ApiGatewayV1(mut request) => {
            strip_headers(&mut request.headers);
            strip_headers(&mut request.multi_value_headers);
            request.path = request.path.map(plain_path);
            request.query_string_parameters = QueryMap::default();
            request.multi_value_query_string_parameters = QueryMap::default();
            request.path_parameters.clear();
            request.request_context.domain_name = None;
            request.request_context.stage = None;
            LambdaRequest::ApiGatewayV1(request)
        }
        LambdaRequest::ApiGatewayV2(mut request) => {
            strip_headers(&mut request.headers);
            request.raw_path = request.raw_path.map(plain_path);
            request.raw_query_string = None;
            request.query_string_parameters = QueryMap::default();
            request.path_parameters.clear();
            request.cookies = None;
            request.request_context.domain_name = None;
            request.request_context.stage = None;
            LambdaRequest::ApiGatewayV2(request)
        }
        other => other,
    }
}

fn strip_headers(headers: &mut HeaderMap) {
    let read = HEADERS.map(|name| Some((name, headers.remove(name)?)));
    headers.clear();
    for (name, value) in read.into_iter().flatten() {
        headers.insert(name, value);
    }
}

/// Returns the path if it consists of what a URL's path may (RFC 3986), and another one if not.
fn plain_path(path: String) -> String {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/".contains(&byte);
    if path.starts_with('/') && path.len() <= MAX_PATH && path.bytes().all(is_plain) {
        path
    } else {
        NO_PATH.to_owned()
    }
}
