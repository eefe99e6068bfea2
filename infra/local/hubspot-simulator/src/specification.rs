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
use url::form_urlencoded;

const DOCUMENTS: [&str; 5] = [
    include_str!("../openapi/calling-extensions-2026-03.json"),
    include_str!("../openapi/calling-extensions-2026-09.json"),
    include_str!("../openapi/calling-extensions-v3.json"),
    include_str!("../openapi/conversations-v3.json"),
    include_str!("../openapi/oauth-2026-03.json"),
];

const FORM: &str = "application/x-www-form-urlencoded";

static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| DOCUMENTS.iter().flat_map(|text| operations(text)).collect());

/// An operation with the schemas of its [messages](message).
struct Operation {
    method: String,
    path: String,
    request: Validator,
    responses: HashMap<String, Validator>,
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
    let mut sent = message(request.headers(), request.body());
    sent["query"] = fields(request.uri().query().unwrap_or_default().as_bytes());
    let mut violations = errors("request", &operation.request, &sent);
    if let Some(response) = response {
        let (status, responses) = (response.status(), &operation.responses);
        let specified = responses.get(status.as_str());
        match specified.or_else(|| responses.get("default")) {
            None => violations.push(format!("the status {} is not specified", status.as_u16())),
            Some(validator) => {
                let received = message(response.headers(), response.body());
                violations.extend(errors("response", validator, &received));
            }
        }
    }
    violations
}

impl Operation {
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

/// Returns a request or a response as JSON: its body, if there is one, and the type of that.
fn message(headers: &HeaderMap, body: &[u8]) -> Value {
    if body.is_empty() {
        return json!({});
    }
    let header = headers.get(CONTENT_TYPE);
    let content_type = header.and_then(|value| value.to_str().ok()?.split(';').next());
    let body = match content_type {
        Some(FORM) => fields(body),
        _ => serde_json::from_slice(body).unwrap_or_default(),
    };
    json!({"contentType": content_type, "body": body})
}

fn fields(form: &[u8]) -> Value {
    let pairs = form_urlencoded::parse(form);
    let fields: Map<_, _> = pairs
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect();
    fields.into()
}

fn errors(of: &str, validator: &Validator, message: &Value) -> Vec<String> {
    let errors = validator.iter_errors(message);
    errors
        .map(|error| format!("the {of}{}: {}", error.instance_path(), error.masked()))
        .collect()
}

#[expect(
    clippy::expect_used,
    reason = "the documents are a part of this program"
)]
fn operations(text: &str) -> Vec<Operation> {
    let document: Value = serde_json::from_str(text).expect("a specification is JSON");
    let options = jsonschema::options().should_validate_formats(true);
    let validator = |mut schema: Value| {
        schema["components"] = document["components"].clone();
        options.build(&schema).expect("a specification has schemas")
    };
    let paths = document["paths"].as_object().expect("it has paths");
    let mut specified = Vec::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("a path has operations") {
            let responses = operation["responses"].as_object();
            let responses = responses.expect("an operation has responses").iter();
            specified.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                request: validator(request_schema(&document, operation)),
                responses: responses
                    .map(|(status, described)| {
                        let schema = message_schema(&document, described);
                        (status.clone(), validator(schema))
                    })
                    .collect(),
            });
        }
    }
    specified
}

fn request_schema(document: &Value, operation: &Value) -> Value {
    let mut schema = message_schema(document, &operation["requestBody"]);
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let queries = parameters.filter(|parameter| parameter["in"] == "query");
    let names = queries.filter_map(|parameter| parameter["name"].as_str());
    let query: Map<_, _> = names
        .chain(["hapikey"])
        .map(|name| (name.to_owned(), true.into()))
        .collect();
    schema["properties"]["query"] = json!({"properties": query, "additionalProperties": false});
    // Only of a request: HubSpot's responses may have fields that are not specified.
    if let Some(body) = schema.pointer_mut("/properties/body") {
        *body = resolved(document, body).clone();
        body["additionalProperties"] = false.into();
    }
    schema
}

/// Returns the schema of a message whose body a document describes.
fn message_schema(document: &Value, described: &Value) -> Value {
    let content = resolved(document, described)["content"].as_object();
    let Some((content_type, content)) = content.and_then(|content| content.iter().next()) else {
        return json!({"properties": {"contentType": true}, "additionalProperties": false});
    };
    let content_type = match content_type.as_str() {
        "*/*" => json!(true),
        content_type => json!({"const": content_type}),
    };
    json!({
        "properties": {"contentType": content_type, "body": content["schema"]},
        "required": ["body"],
    })
}

fn resolved<'a>(document: &'a Value, described: &'a Value) -> &'a Value {
    let reference = described["$ref"].as_str();
    let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
    pointer
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(described)
}
