//! An AWS with at most one stack, which records what it is asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the account holds, and which calls came in.
#[derive(Debug, Default)]
pub struct Account {
    /// The stack's status; none where there is no stack.
    pub status: Option<&'static str>,
    pub parameters: Vec<(&'static str, String)>,
    pub outputs: Vec<(&'static str, &'static str)>,
    /// The change sets by their ids, and the deploys that they are for.
    pub change_sets: Vec<(String, String)>,
    /// The secrets' texts by their ARNs.
    pub secrets: HashMap<String, String>,
    /// The deploy-hook's report, and the events that it was invoked with.
    pub report: Value,
    pub events: Vec<Value>,
    /// Whether the deploy-hook never answers.
    pub hangs: bool,
    pub is_protected: bool,
    pub calls: Vec<String>,
    /// The `Authorization` header of the last call.
    pub signature: String,
}

const STACK_ID: &str = "arn:aws:cloudformation:1";
const ALIAS: &str =
    r#"{"FunctionVersion":"2","RoutingConfig":{"AdditionalVersionWeights":{"3":0.1}}}"#;

/// A local endpoint for that account.
#[derive(Clone)]
pub struct Aws {
    pub endpoint: String,
    account: Arc<Mutex<Account>>,
}

impl Aws {
    pub async fn start(account: Account) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let aws = Self {
            endpoint: format!("http://{}", listener.local_addr().unwrap()),
            account: Arc::new(Mutex::new(account)),
        };
        let routes = Router::new().fallback(response).with_state(aws.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        aws
    }

    /// Looks at the account, or changes it.
    pub fn account<T>(&self, look: impl FnOnce(&mut Account) -> T) -> T {
        look(&mut self.account.lock().unwrap())
    }
}

/// CloudWatch's response without any alarm, in CBOR.
const NO_ALARM: ([(&str, &str); 1], &[u8]) = ([("smithy-protocol", "rpc-v2-cbor")], b"\xa0");

async fn response(State(aws): State<Aws>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if uri.path().ends_with("/DescribeAlarms") {
        return NO_ALARM.into_response();
    }
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let signature = text("authorization").unwrap_or_default();
    let response = aws.account(|account| {
        account.signature = signature;
        match text("x-amz-target") {
            Some(target) => {
                let operation = target.split('.').next_back().unwrap();
                secret(account, operation, &serde_json::from_slice(&body).unwrap())
            }
            None if uri.path().ends_with("/invocations") => {
                let event: Value = serde_json::from_slice(&body).unwrap();
                let mut report = account.report.clone();
                if let Some(report) = report.as_object_mut().filter(|_| event["dryRun"] != true) {
                    report.remove("plan");
                }
                account.events.push(event);
                (StatusCode::OK, report.to_string())
            }
            None if uri.path().ends_with("/aliases/live") => (StatusCode::OK, ALIAS.to_owned()),
            // Nobody was checked.
            None if uri.path().ends_with("/GetMetricData") => (StatusCode::FORBIDDEN, "{}".into()),
            None => query(account, &form(&body)),
        }
    });
    if uri.path().ends_with("/invocations") && aws.account(|account| account.hangs) {
        std::future::pending::<()>().await;
    }
    response.into_response()
}

fn form(body: &[u8]) -> HashMap<String, String> {
    let text = std::str::from_utf8(body).unwrap();
    let decoded = |part: &str| part.replace("%3A", ":").replace("%2F", "/");
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect()
}

fn secret(account: &mut Account, operation: &str, request: &Value) -> (StatusCode, String) {
    account.calls.push(operation.to_owned());
    let arn = request["SecretId"].as_str().unwrap_or_default().to_owned();
    let response = match operation {
        "Scan" => json!({"Items": [{"portalId": {"N": "62515"}}], "Count": 1}),
        "Query" => json!({"Items": [], "Count": 0}),
        "FilterLogEvents" => {
            let line = json!({"level": "INFO", "message": "request", "_aws": {}, "from": request["logGroupName"]});
            let first = json!({"eventId": "1", "timestamp": 1_796_000_000_000_u64, "message": line.to_string()});
            let late = json!({"eventId": "2", "timestamp": 1_795_999_990_000_u64, "message": "late\u{1b}[2J\n"});
            let calls = account.calls.iter().filter(|call| *call == operation);
            let is_second_poll = calls.count() > 2;
            json!({"events": if is_second_poll { vec![first, late] } else { vec![first] }})
        }
        "DescribeSecret" => json!({"LastChangedDate": 1_796_000_000}),
        "GetMetricData" => json!({}),
        "GetSecretValue" => json!({"SecretString": account.secrets[&arn]}),
        "PutSecretValue" => {
            let text = request["SecretString"].as_str().unwrap().to_owned();
            account.secrets.insert(arn, text);
            json!({})
        }
        other => panic!("{other} is not expected"),
    };
    (StatusCode::OK, response.to_string())
}

fn query(account: &mut Account, request: &HashMap<String, String>) -> (StatusCode, String) {
    let Some(operation) = request.get("Action").cloned() else {
        // The clock is read from a response to no call.
        return (StatusCode::OK, String::new());
    };
    account.calls.push(operation.clone());
    let result = match operation.as_str() {
        "GetCallerIdentity" => "<Account>123456789012</Account>".to_owned(),
        "DescribeStacks" => match account.status {
            Some(status) if status != "DELETE_COMPLETE" => format!(
                "<Stacks><member>{}</member></Stacks>",
                stack(account, status)
            ),
            _ => return (StatusCode::BAD_REQUEST, error("ValidationError")),
        },
        "DescribeStackEvents" => format!(
            "<StackEvents><member><EventId>{0}</EventId><ResourceStatus>{0}</ResourceStatus>\
             <PhysicalResourceId>{STACK_ID}</PhysicalResourceId></member></StackEvents>",
            account.status.unwrap_or_default()
        ),
        "ListChangeSets" => {
            let member = |(id, _): &(String, String)| {
                format!("<member><ChangeSetId>{id}</ChangeSetId></member>")
            };
            let members: String = account.change_sets.iter().map(member).collect();
            format!("<Summaries>{members}</Summaries>")
        }
        "DescribeChangeSet" => {
            let id = &request["ChangeSetName"];
            let found = account.change_sets.iter().find(|(known, _)| known == id);
            let deploy = found.unwrap().1.clone();
            format!(
                "<Parameters>{}</Parameters><Changes><member><ResourceChange>\
                 <Action>Add</Action><LogicalResourceId>Api</LogicalResourceId>\
                 <ResourceType>AWS::ApiGatewayV2::Api</ResourceType>\
                 </ResourceChange></member></Changes>",
                member("Parameter", "DeployId", &deploy)
            )
        }
        "DeleteChangeSet" => {
            let id = &request["ChangeSetName"];
            account.change_sets.retain(|(known, _)| known != id);
            String::new()
        }
        "UpdateTerminationProtection" => {
            account.is_protected = true;
            String::new()
        }
        "DeleteStack" => {
            account.status = Some("DELETE_COMPLETE");
            String::new()
        }
        other => panic!("{other} is not expected"),
    };
    let response = format!(
        "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
    );
    (StatusCode::OK, response)
}

fn stack(account: &Account, status: &str) -> String {
    let mut parameters = String::new();
    for (name, value) in &account.parameters {
        parameters.push_str(&member("Parameter", name, value));
    }
    let mut outputs = String::new();
    for (name, value) in &account.outputs {
        outputs.push_str(&member("Output", name, value));
    }
    format!(
        "<StackName>calls</StackName><StackId>{STACK_ID}</StackId>\
         <StackStatus>{status}</StackStatus>\
         <EnableTerminationProtection>{}</EnableTerminationProtection>\
         <CreationTime>2026-11-23T06:00:00Z</CreationTime>\
         <Parameters>{parameters}</Parameters><Outputs>{outputs}</Outputs>",
        account.is_protected
    )
}

fn member(kind: &str, name: &str, value: &str) -> String {
    format!("<member><{kind}Key>{name}</{kind}Key><{kind}Value>{value}</{kind}Value></member>")
}

fn error(code: &str) -> String {
    format!(
        "<ErrorResponse><Error><Code>{code}</Code><Message>none</Message></Error></ErrorResponse>"
    )
}
