//! CloudFormation's request for the custom resource, and the response, without which a stack waits for
//! an hour.

use std::fmt::Display;

use aws_lambda_events::cloudformation::{
    CloudFormationCustomResourceRequest as Request,
    CloudFormationCustomResourceResponse as Response,
    CloudFormationCustomResourceResponseStatus as Status,
};
use channel_connection::{
    http_client,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use reqwest::{Client, Url};
use serde_json::Value;

use crate::{
    HookError,
    config::Target,
    desired_state::{DesiredState, IsReady, Operation},
    retries::{Retries, RetryHint},
};

/// The properties that decide the settings in HubSpot, beside `IsReady`.
const SETTINGS: [&str; 3] = ["AppId", "WebhookUrl", "ApiVersion"];
/// The end of the physical id of a resource that was never created.
const NOT_CREATED: &str = "/not-created";
/// Maximum bytes of an explanation, which a success has twice: CloudFormation accepts 4,096 in all.
const MAX_EXPLANATION: usize = 1_000;
/// The bucket of a region is named after it: `…-response-useast1`.
const BUCKET: &str = "cloudformation-custom-resource-response-";
/// The domains of AWS's partitions: commercial and `GovCloud`, China, European, isolated.
const S3_DOMAINS: [&str; 7] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
];

/// CloudFormation's request. It gets a response even if it is malformed, provided that its URL is valid.
///
/// It has no `Debug`: the presigned URL lets anybody answer.
pub(crate) struct StackRequest {
    response_url: Url,
    event: Value,
}

type Outcome = Result<String, HookError>;

impl StackRequest {
    /// Takes an event whose response URL only CloudFormation can have written.
    pub(crate) fn new(event: Value, policy: UrlPolicy) -> Result<Self, HookError> {
        let url = event["ResponseURL"].as_str().map(Url::parse);
        let response_url = url.and_then(Result::ok).ok_or(HookError::UnknownEvent)?;
        if policy == UrlPolicy::Public && !is_response_url(&response_url) {
            return Err(HookError::ResponseUrl);
        }
        Ok(Self {
            response_url,
            event,
        })
    }

    /// Returns the operation that the stack asks for.
    pub(crate) fn operation(&self, policy: UrlPolicy) -> Result<Operation, HookError> {
        let (properties, old_properties) = match serde_json::from_value(self.event.clone()) {
            Ok(Request::Create(new)) => (new.resource_properties, Value::Null),
            Ok(Request::Update(new)) => (new.resource_properties, new.old_resource_properties),
            Ok(Request::Delete(old)) if old.physical_resource_id.ends_with(NOT_CREATED) => {
                let reason = "Nothing was registered, so nothing was removed.";
                return Ok(Operation::NoOp(reason));
            }
            Ok(Request::Delete(old)) => return on_delete(&old.resource_properties, policy),
            _ => {
                return Err(HookError::Property {
                    name: "the event",
                    reason: "must be a Create, Update or Delete of a custom resource".into(),
                });
            }
        };
        let previous_url = old_properties["WebhookUrl"].as_str();
        let previous_url = previous_url.filter(|_| self.has_same(&["AppId"]));
        Ok(Operation::Register(DesiredState {
            target: target(&properties, policy)?,
            previous_url: previous_url.map(str::to_owned),
            is_ready: property(&properties, "IsReady", |text| {
                if self.rolls_back_keep() {
                    return Ok(IsReady::Keep);
                }
                let is_ready = serde_json::from_value::<IsReady>(text.into());
                is_ready.map_err(|_| "must be true, false or keep")
            })?,
            // A rollback takes no other URL's place.
            must_be_registered: self.is_rollback_in_place(),
        }))
    }

    /// Returns the reason for the log.
    pub(crate) fn reason(&self) -> String {
        let id = self.properties()["DeployId"].as_str();
        format!(
            "{}, deploy {}",
            self.text("RequestType"),
            id.unwrap_or("none")
        )
    }

    pub(crate) fn stack_id(&self) -> &str {
        self.text("StackId")
    }

    /// Returns whether the secrets may still be empty: the stack creates them before they are set.
    pub(crate) fn may_precede_secrets(&self) -> bool {
        self.text("RequestType") == "Create" || self.changes_nothing()
    }

    /// Returns whether an update leaves the settings in HubSpot as they are.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.has_same(&SETTINGS) && (self.has_same(&["IsReady"]) || self.rolls_back_keep())
    }

    /// Returns whether the deploy that failed kept isReady as it was: the one before it may have said
    /// true, and a hold have come in between.
    fn rolls_back_keep(&self) -> bool {
        self.is_rollback() && self.old_properties()["IsReady"] == "keep"
    }

    /// CloudFormation does not say that it rolls back, but then the deploy's id is the lower one.
    pub(crate) fn is_rollback(&self) -> bool {
        // SAM cuts an id of more than ten digits, so that it does not compare.
        let order = |properties: &Value| {
            let id = properties["DeployId"].as_str();
            id.filter(|id| id.len() <= 10)?.parse::<u64>().ok()
        };
        let ids = order(self.properties()).zip(order(self.old_properties()));
        self.is_update() && ids.is_some_and(|(new, old)| new < old)
    }

    /// Returns whether this is a rollback to the same app and URL.
    pub(crate) fn is_rollback_in_place(&self) -> bool {
        self.is_rollback() && self.has_same(&["AppId", "WebhookUrl"])
    }

    pub(crate) fn is_delete(&self) -> bool {
        self.text("RequestType") == "Delete"
    }

    fn is_update(&self) -> bool {
        self.text("RequestType") == "Update"
    }

    fn has_same(&self, names: &[&str]) -> bool {
        let (new, old) = (self.properties(), self.old_properties());
        self.is_update() && names.iter().all(|name| new[*name] == old[*name])
    }

    fn properties(&self) -> &Value {
        &self.event["ResourceProperties"]
    }

    fn old_properties(&self) -> &Value {
        &self.event["OldResourceProperties"]
    }

    fn text(&self, name: &str) -> &str {
        self.event[name].as_str().unwrap_or_default()
    }

    /// Sends CloudFormation the outcome, with retries.
    pub(crate) async fn respond(
        &self,
        http: &Client,
        outcome: &Outcome,
        retries: Retries,
    ) -> Result<(), HookError> {
        let body = serde_json::to_string(&self.response(outcome)).unwrap_or_default();
        let hint = |_: &String| RetryHint::Backoff;
        let sent = retries.run(hint, async || self.put(http, body.clone()).await);
        sent.await.map_err(HookError::Report)
    }

    /// Sends the outcome once; the error never holds the presigned URL.
    async fn put(&self, http: &Client, body: String) -> Result<(), String> {
        // No content type: the URL is presigned without one, and S3 refuses any.
        let request = http.put(self.response_url.clone()).body(body);
        let response = request.send().await.map_err(|error| {
            let cause = http_client::cause(&error);
            format!("CloudFormation's response URL cannot be reached ({cause})")
        })?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!(
                "CloudFormation's response URL answered {}",
                status.as_u16()
            )),
        }
    }

    /// The template can read a success's explanation as the resource's attribute `Outcome`.
    fn response(&self, outcome: &Outcome) -> Response {
        let explanation = match outcome {
            Ok(done) => truncate(done, MAX_EXPLANATION).to_owned(),
            Err(error) => truncate(&error.to_string(), MAX_EXPLANATION).to_owned(),
        };
        let mut response = Response::default();
        response.physical_resource_id = self.physical_id(outcome);
        response.stack_id = self.stack_id().into();
        response.request_id = self.text("RequestId").into();
        response.logical_resource_id = self.text("LogicalResourceId").into();
        response.status = Status::Failed;
        if outcome.is_ok() {
            response.status = Status::Success;
            response.data.insert("Outcome".into(), explanation.clone());
        }
        response.reason = Some(explanation);
        response
    }

    /// CloudFormation deletes a resource whose id changes, and one whose creation fails.
    fn physical_id(&self, outcome: &Outcome) -> String {
        let current = self.text("PhysicalResourceId");
        let app_id = self.properties()["AppId"].as_str();
        let has_new_app = app_id != self.old_properties()["AppId"].as_str();
        let app_id = truncate(app_id.unwrap_or("unknown"), 100);
        let created = format!("channel-connection/{app_id}");
        match (self.text("RequestType"), outcome) {
            ("Create", Err(error)) if !error.is_partial() => created + NOT_CREATED,
            ("Create", _) => created,
            // Another app is another resource.
            ("Update", Ok(_)) if has_new_app || current.ends_with(NOT_CREATED) => created,
            _ if current.is_empty() => created + NOT_CREATED,
            _ => current.to_owned(),
        }
    }
}

fn on_delete(properties: &Value, policy: UrlPolicy) -> Result<Operation, HookError> {
    let target = target(properties, policy)?;
    if properties["OnDelete"].is_null() {
        return Ok(Operation::Remove(target));
    }
    property(properties, "OnDelete", |text| match text {
        "remove" => Ok(Operation::Remove(target)),
        "hold" => Ok(Operation::Hold(target)),
        "retain" => {
            let reason = "OnDelete=retain: HubSpot's settings stay as they are.";
            Ok(Operation::NoOp(reason))
        }
        _ => Err("must be remove, hold or retain"),
    })
}

fn target(properties: &Value, policy: UrlPolicy) -> Result<Target, HookError> {
    Ok(Target {
        app_id: property(properties, "AppId", str::parse)?,
        url: property(properties, "WebhookUrl", |url| {
            WebhookUrl::parse(url, policy)
        })?,
        api_version: property(properties, "ApiVersion", str::parse)?,
    })
}

fn property<T, E: Display>(
    properties: &Value,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, HookError> {
    let invalid = |reason| HookError::Property { name, reason };
    let text = properties[name].as_str();
    let text = text.ok_or_else(|| invalid("must be a text".into()))?;
    parse(text).map_err(|error| invalid(error.to_string()))
}

/// Returns whether a URL is of CloudFormation's own bucket in S3.
fn is_response_url(url: &Url) -> bool {
    let host = url.host_str().and_then(|host| host.strip_prefix(BUCKET));
    let Some((region, endpoint)) = host.and_then(|host| host.split_once('.')) else {
        return false;
    };
    let is_endpoint = S3_DOMAINS.iter().any(|domain| {
        let labels = endpoint.strip_suffix(domain);
        labels.is_some_and(is_s3_endpoint)
    });
    let is_alphanumeric = region.bytes().all(|byte| byte.is_ascii_alphanumeric());
    url.scheme() == "https" && url.port().is_none() && is_alphanumeric && is_endpoint
}

/// Takes `s3.`, `s3-us-west-2.`, `s3.us-east-1.`, `s3-fips.dualstack.us-gov-west-1.` and their like.
fn is_s3_endpoint(labels: &str) -> bool {
    let Some(labels) = labels.strip_suffix('.') else {
        return false;
    };
    let mut labels = labels.split('.').filter(|label| *label != "dualstack");
    let service = labels.next().unwrap_or_default();
    let rest: Vec<_> = labels.collect();
    let is_region = |label: &&str| label.contains('-');
    (service == "s3" || service.starts_with("s3-")) && rest.len() <= 1 && rest.iter().all(is_region)
}

/// Truncates a text to `bytes` once it is quoted as JSON.
fn truncate(text: &str, bytes: usize) -> &str {
    let mut size = 0;
    let fits = |character: &char| {
        size += match character {
            '"' | '\\' => 2,
            control if control.is_control() => 6,
            other => other.len_utf8(),
        };
        size <= bytes
    };
    let length = text.chars().take_while(fits).map(char::len_utf8).sum();
    &text[..length]
}

#[cfg(test)]
mod tests;
