//! HubSpot's `OpenAPI` documents, and the violations of them by a call or by its response.
//!
//! `openapi/` holds the documents of these paths without their prose, from
//! <https://github.com/HubSpot/HubSpot-public-api-spec-collection>. Credentials are not checked:
//! the documents of different versions contradict each other.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

const DOCUMENTS: [&str; 4] = [
    include_str!("../openapi/calling-extensions-2026-03.json"),
    include_str!("../openapi/calling-extensions-2026-09.json"),
    include_str!("../openapi/calling-extensions-v3.json"),
    include_str!("../openapi/oauth-2026-03.json"),
];

static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| DOCUMENTS.iter().flat_map(|text| operations(text)).collect());

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// The path, without the query.
    pub(crate) path: String,
    /// The names of the query's parameters.
    pub(crate) query: Vec<String>,
    pub(crate) request: Message,
}

/// A request's or a response's body.
#[derive(Debug)]
pub(crate) struct Message {
    /// The content type, without its parameters.
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

struct Operation {
    method: String,
    path: String,
    request: Option<Body>,
    responses: Vec<(String, Option<Body>)>,
}

struct Body {
    content_type: String,
    properties: Vec<String>,
    validator: Validator,
}

/// Lists the violations by a call, and by its response where there is one.
pub(crate) fn violations(call: &Call, response: Option<(u16, &Message)>) -> Vec<String> {
    let operation = OPERATIONS
        .iter()
        .find(|operation| operation.method == call.method && operation.matches(&call.path));
    let Some(operation) = operation else {
        return vec![format!("{} {} is not specified", call.method, call.path)];
    };
    let mut violations = operation.request_violations(call);
    if let Some((status, message)) = response {
        violations.extend(operation.response_violations(status, message));
    }
    violations
}

impl Operation {
    fn request_violations(&self, call: &Call) -> Vec<String> {
        let unknown = call.query.iter().filter(|name| *name != "hapikey");
        unknown
            .map(|name| format!("the query parameter {name} is not specified"))
            .chain(body_violations(
                "request",
                self.request.as_ref(),
                &call.request,
            ))
            .chain(unspecified(self.request.as_ref(), &call.request))
            .collect()
    }

    fn response_violations(&self, status: u16, message: &Message) -> Vec<String> {
        let status = status.to_string();
        let mut specified = ["default", status.as_str()].into_iter().filter_map(|name| {
            let mut responses = self.responses.iter();
            responses.find(|(status, _)| status == name)
        });
        match specified.next_back() {
            None => vec![format!("the status {status} is not specified")],
            Some((_, body)) => body_violations("response", body.as_ref(), message),
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

fn body_violations(of: &str, specified: Option<&Body>, message: &Message) -> Vec<String> {
    let Some(specified) = specified else {
        let violation = (!message.body.is_empty()).then(|| format!("the {of} must have no body"));
        return violation.into_iter().collect();
    };
    let (expected, got) = (&specified.content_type, &message.content_type);
    if expected != "*/*" && expected != got {
        return vec![format!(
            "the {of}'s content type is \"{got}\", not {expected}"
        )];
    }
    let body = message.parsed();
    let errors = specified.validator.iter_errors(&body);
    errors
        .map(|error| {
            let path = error.instance_path();
            format!("the {of} body{path}: {}", error.masked())
        })
        .collect()
}

impl Message {
    fn parsed(&self) -> Value {
        if self.content_type == "application/x-www-form-urlencoded" {
            form(&self.body)
        } else {
            serde_json::from_slice(&self.body).unwrap_or_default()
        }
    }
}

/// Lists unspecified fields of a request; HubSpot's responses may have such fields.
fn unspecified(specified: Option<&Body>, message: &Message) -> Vec<String> {
    let known = |key: &&String| specified.is_some_and(|body| body.properties.contains(key));
    let sent = message.parsed();
    let keys = sent.as_object().into_iter().flat_map(Map::keys);
    keys.filter(|key| !known(key))
        .map(|key| format!("the request's {key} is not specified"))
        .collect()
}

fn form(body: &[u8]) -> Value {
    let pairs = url::form_urlencoded::parse(body);
    pairs
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect::<Map<_, _>>()
        .into()
}

#[expect(
    clippy::expect_used,
    reason = "the documents are a part of this program"
)]
fn operations(text: &str) -> Vec<Operation> {
    let document: Value = serde_json::from_str(text).expect("a specification is JSON");
    let paths = document["paths"].as_object().expect("it has paths");
    let all = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().expect("a path has operations");
        operations
            .iter()
            .map(move |(method, operation)| (path, method, operation))
    });
    all.map(|(path, method, operation)| Operation {
        method: method.to_uppercase(),
        path: path.clone(),
        request: body(&document, &operation["requestBody"]),
        responses: operation["responses"]
            .as_object()
            .expect("an operation has responses")
            .iter()
            .map(|(status, response)| (status.clone(), body(&document, response)))
            .collect(),
    })
    .collect()
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
