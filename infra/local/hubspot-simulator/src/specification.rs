//! HubSpot's `OpenAPI` documents, and the violations of them by a call or by its response.
//!
//! `openapi/` holds the documents of these paths without their prose, from
//! <https://github.com/HubSpot/HubSpot-public-api-spec-collection>; `conversations-v3.json` is written after
//! the models of HubSpot's Python client. Credentials are not checked: the documents of different versions
//! contradict each other.

use std::{collections::HashMap, sync::LazyLock};

use axum::{
    body::Bytes,
    http::{HeaderMap, Request, Response, header::CONTENT_TYPE},
};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

const DOCUMENTS: [&str; 5] = [
    include_str!("../openapi/calling-extensions-2026-03.json"),
    include_str!("../openapi/calling-extensions-2026-09.json"),
    include_str!("../openapi/calling-extensions-v3.json"),
    include_str!("../openapi/conversations-v3.json"),
    include_str!("../openapi/oauth-2026-03.json"),
];

static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| DOCUMENTS.iter().flat_map(|text| operations(text)).collect());

struct Operation {
    method: String,
    path: String,
    parameters: Vec<String>,
    request: Option<Body>,
    responses: HashMap<String, Option<Body>>,
}

struct Body {
    content_type: String,
    properties: Vec<String>,
    validator: Validator,
}

/// Lists the violations by a call, and by its response where there is one.
pub(crate) fn violations(
    request: &Request<Bytes>,
    response: Option<&Response<Bytes>>,
) -> Vec<String> {
    let (method, path) = (request.method().as_str(), request.uri().path());
    let operation = OPERATIONS
        .iter()
        .find(|operation| operation.method == method && operation.matches(path));
    let Some(operation) = operation else {
        return vec![format!("{method} {path} is not specified")];
    };
    let mut violations = operation.request_violations(request);
    violations.extend(
        response
            .into_iter()
            .flat_map(|response| operation.response_violations(response)),
    );
    violations
}

impl Operation {
    fn request_violations(&self, request: &Request<Bytes>) -> Vec<String> {
        let query = request.uri().query().unwrap_or_default();
        let parameters = url::form_urlencoded::parse(query.as_bytes());
        let sent = parsed(request.headers(), request.body());
        let fields = sent.as_object().into_iter().flat_map(Map::keys);
        // Only of a request: HubSpot's responses may have fields that are not specified.
        let is_known = |field: &&String| {
            let body = self.request.as_ref();
            body.is_some_and(|body| body.properties.contains(field))
        };
        parameters
            .filter(|(name, _)| {
                name != "hapikey" && !self.parameters.iter().any(|known| known == name)
            })
            .map(|(name, _)| format!("the query parameter {name} is not specified"))
            .chain(body_violations(
                "request",
                self.request.as_ref(),
                request.headers(),
                request.body(),
            ))
            .chain(
                fields
                    .filter(|field| !is_known(field))
                    .map(|field| format!("the request's {field} is not specified")),
            )
            .collect()
    }

    fn response_violations(&self, response: &Response<Bytes>) -> Vec<String> {
        let status = response.status();
        let specified = self.responses.get(status.as_str());
        match specified.or_else(|| self.responses.get("default")) {
            None => vec![format!("the status {} is not specified", status.as_u16())],
            Some(body) => body_violations(
                "response",
                body.as_ref(),
                response.headers(),
                response.body(),
            ),
        }
    }

    fn matches(&self, path: &str) -> bool {
        let mut parts = path.split('/');
        let matches = self.path.split('/').all(|specified| match parts.next() {
            // Every path parameter here is an int32.
            Some(part) if specified.starts_with('{') => part.parse::<i32>().is_ok(),
            part => part == Some(specified),
        });
        matches && parts.next().is_none()
    }
}

fn body_violations(
    of: &str,
    specified: Option<&Body>,
    headers: &HeaderMap,
    body: &[u8],
) -> Vec<String> {
    let Some(specified) = specified else {
        let violation = (!body.is_empty()).then(|| format!("the {of} must have no body"));
        return violation.into_iter().collect();
    };
    let (expected, got) = (&specified.content_type, content_type(headers));
    if expected != "*/*" && expected != got {
        let violation = format!("the {of}'s content type is \"{got}\", not {expected}");
        return vec![violation];
    }
    let body = parsed(headers, body);
    let errors = specified.validator.iter_errors(&body);
    errors
        .map(|error| format!("the {of} body{}: {}", error.instance_path(), error.masked()))
        .collect()
}

fn query_parameters(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array();
    let queries = parameters.into_iter().flatten();
    let queries = queries.filter(|parameter| parameter["in"] == "query");
    queries
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
        .collect()
}

/// Returns the content type, without its parameters.
fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok());
    text.and_then(|text| text.split(';').next())
        .unwrap_or_default()
}

fn parsed(headers: &HeaderMap, body: &[u8]) -> Value {
    if content_type(headers) == "application/x-www-form-urlencoded" {
        let pairs = url::form_urlencoded::parse(body);
        let fields: Map<_, _> = pairs
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect();
        return fields.into();
    }
    serde_json::from_slice(body).unwrap_or_default()
}

#[expect(
    clippy::expect_used,
    reason = "the documents are a part of this program"
)]
fn operations(text: &str) -> Vec<Operation> {
    let document: Value = serde_json::from_str(text).expect("a specification is JSON");
    let paths = document["paths"].as_object().expect("it has paths");
    let mut specified = Vec::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("a path has operations") {
            let responses = operation["responses"].as_object();
            let responses = responses.expect("an operation has responses").iter();
            specified.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                parameters: query_parameters(operation),
                request: body(&document, &operation["requestBody"]),
                responses: responses
                    .map(|(status, response)| (status.clone(), body(&document, response)))
                    .collect(),
            });
        }
    }
    specified
}

#[expect(
    clippy::expect_used,
    reason = "the documents are a part of this program"
)]
fn body(document: &Value, described: &Value) -> Option<Body> {
    let described = resolved(document, described);
    let (content_type, content) = described["content"].as_object()?.iter().next()?;
    let schema = &content["schema"];
    let properties = resolved(document, schema)["properties"].as_object();
    let mut whole = json!({"components": document["components"]});
    for (key, value) in schema.as_object()? {
        whole[key] = value.clone();
    }
    let options = jsonschema::options().should_validate_formats(true);
    Some(Body {
        content_type: content_type.clone(),
        properties: properties
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default(),
        validator: options.build(&whole).expect("a specification has schemas"),
    })
}

fn resolved<'a>(document: &'a Value, described: &'a Value) -> &'a Value {
    let reference = described["$ref"]
        .as_str()
        .and_then(|text| text.strip_prefix('#'));
    reference
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(described)
}
