//! CloudFormation's request for the custom resource, and the response, without which a stack waits for
//! an hour.

use std::fmt::Display;

use channel_connection::{
    http_client,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    budget::{Retries, RetryHint},
    config::Target,
    desired_state::{DesiredState, IsReady, Operation},
    error::HookError,
};

/// The properties that decide the settings in HubSpot.
const SETTINGS: [&str; 4] = ["AppId", "WebhookUrl", "ApiVersion", "IsReady"];
/// The end of the physical id of a resource that was never created.
const NOT_CREATED: &str = "/not-created";
/// Maximum bytes of an explanation, which a success has twice: CloudFormation accepts 4,096 in all.
const MAX_EXPLANATION: usize = 1_000;
/// The bucket of a region is named after it: `…-response-useast1`.
const BUCKET: &str = "cloudformation-custom-resource-response-";
/// The domains of AWS's partitions: commercial and `GovCloud`, China, European, isolated.
const S3_DOMAINS: [&str; 7] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
];

/// CloudFormation's request; whatever is wrong with the rest of it, it gets a response.
///
/// It has no `Debug`: the presigned URL lets anybody answer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct StackRequest {
    request_type: String,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    pub stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: String,
    resource_properties: Value,
    old_resource_properties: Value,
}

type Outcome = Result<String, HookError>;

impl StackRequest {
    /// Parses an event whose response URL only CloudFormation can have written.
    pub(crate) fn parse(event: Value, policy: UrlPolicy) -> Result<Self, HookError> {
        let request: Self = serde_json::from_value(event).map_err(|_| HookError::UnknownEvent)?;
        let url = Url::parse(&request.response_url).map_err(|_| HookError::UnknownEvent)?;
        if policy == UrlPolicy::Public && !is_response_url(&url) {
            return Err(HookError::ResponseUrl);
        }
        Ok(request)
    }

    /// Returns the operation that the stack asks for.
    pub(crate) fn operation(&self, policy: UrlPolicy) -> Result<Operation, HookError> {
        if !["Create", "Update", "Delete"].contains(&self.request_type.as_str()) {
            return Err(HookError::Property {
                name: "the event",
                reason: "must be a Create, Update or Delete of a custom resource".into(),
            });
        }
        if self.is_delete() && self.physical_resource_id.ends_with(NOT_CREATED) {
            let reason = "Nothing was registered, so nothing was removed.";
            return Ok(Operation::NoOp(reason));
        }
        let target = Target {
            app_id: self.property("AppId", str::parse)?,
            url: self.property("WebhookUrl", |url| WebhookUrl::parse(url, policy))?,
            api_version: self.property("ApiVersion", str::parse)?,
        };
        if !self.is_delete() {
            let previous_url = self.old_resource_properties["WebhookUrl"].as_str();
            let previous_url = previous_url.filter(|_| self.has_same(&["AppId"]));
            return Ok(Operation::Register(DesiredState {
                target,
                previous_url: previous_url.map(str::to_owned),
                is_ready: self.property("IsReady", |text| {
                    let is_ready = serde_json::from_value::<IsReady>(text.into());
                    is_ready.map_err(|_| "must be true, false or keep")
                })?,
                // A rollback takes no other URL's place.
                must_be_registered: self.is_rollback_in_place(),
            }));
        }
        match self.resource_properties["OnDelete"]
            .as_str()
            .unwrap_or("remove")
        {
            "remove" => Ok(Operation::Remove(target)),
            "hold" => Ok(Operation::Hold(target)),
            "retain" => {
                let reason = "OnDelete=retain: HubSpot's settings stay as they are.";
                Ok(Operation::NoOp(reason))
            }
            _ => Err(HookError::Property {
                name: "OnDelete",
                reason: "must be remove, hold or retain".into(),
            }),
        }
    }

    /// Returns the reason for the log.
    pub(crate) fn reason(&self) -> String {
        let id = self.resource_properties["DeployId"].as_str();
        format!("{}, deploy {}", self.request_type, id.unwrap_or("none"))
    }

    /// Returns whether the secrets may still be empty: the stack creates them before they are set.
    pub(crate) fn may_precede_secrets(&self) -> bool {
        self.request_type == "Create" || self.changes_nothing()
    }

    /// Returns whether an update leaves the settings in HubSpot as they are.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.has_same(&SETTINGS)
    }

    /// CloudFormation does not say that it rolls back, but then the deploy's id is the lower one.
    pub(crate) fn is_rollback(&self) -> bool {
        // SAM cuts an id of more than ten digits, so that it does not compare.
        let order = |properties: &Value| {
            let id = properties["DeployId"].as_str();
            id.filter(|id| id.len() <= 10)?.parse::<u64>().ok()
        };
        let ids = order(&self.resource_properties).zip(order(&self.old_resource_properties));
        self.is_update() && ids.is_some_and(|(new, old)| new < old)
    }

    /// Returns whether this is a rollback to the same app and URL.
    pub(crate) fn is_rollback_in_place(&self) -> bool {
        self.is_rollback() && self.has_same(&["AppId", "WebhookUrl"])
    }

    pub(crate) fn is_delete(&self) -> bool {
        self.request_type == "Delete"
    }

    fn is_update(&self) -> bool {
        self.request_type == "Update"
    }

    fn has_same(&self, names: &[&str]) -> bool {
        let (new, old) = (&self.resource_properties, &self.old_resource_properties);
        self.is_update() && names.iter().all(|name| new[*name] == old[*name])
    }

    fn property<T, E: Display>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, HookError> {
        let invalid = |reason| HookError::Property { name, reason };
        let text = self.resource_properties[name].as_str();
        let text = text.ok_or_else(|| invalid("must be a text".into()))?;
        parse(text).map_err(|error| invalid(error.to_string()))
    }

    /// Sends CloudFormation the outcome, with retries.
    pub(crate) async fn respond(
        &self,
        http: &Client,
        outcome: &Outcome,
        retries: Retries,
    ) -> Result<(), HookError> {
        let body = self.response(outcome).to_string();
        let hint = |_: &String| RetryHint::Backoff;
        let sent = retries.run(hint, async || self.put(http, body.clone()).await);
        sent.await.map_err(HookError::Report)
    }

    /// Sends the outcome once; the error never holds the presigned URL.
    async fn put(&self, http: &Client, body: String) -> Result<(), String> {
        // No content type: the URL is presigned without one, and S3 refuses any.
        let request = http.put(&self.response_url).body(body);
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
    fn response(&self, outcome: &Outcome) -> Value {
        let (status, explanation) = match outcome {
            Ok(done) => ("SUCCESS", done.clone()),
            Err(error) => ("FAILED", error.to_string()),
        };
        let explanation = truncate(&explanation, MAX_EXPLANATION);
        json!({
            "Status": status,
            "Reason": explanation,
            "PhysicalResourceId": self.physical_id(outcome),
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_resource_id,
            "NoEcho": false,
            "Data": if outcome.is_ok() { json!({"Outcome": explanation}) } else { json!({}) },
        })
    }

    /// CloudFormation deletes a resource whose id changes, and one whose creation fails.
    fn physical_id(&self, outcome: &Outcome) -> String {
        let current = &self.physical_resource_id;
        let app_id = &self.resource_properties["AppId"];
        let has_new_app = *app_id != self.old_resource_properties["AppId"];
        let created = format!(
            "channel-connection/{}",
            truncate(app_id.as_str().unwrap_or("unknown"), 100)
        );
        match (self.request_type.as_str(), outcome) {
            ("Create", Err(error)) if !error.is_partial() => created + NOT_CREATED,
            ("Create", _) => created,
            // Another app is another resource.
            ("Update", Ok(_)) if has_new_app || current.ends_with(NOT_CREATED) => created,
            _ if current.is_empty() => created + NOT_CREATED,
            _ => current.clone(),
        }
    }
}

/// Returns whether a URL is of CloudFormation's own bucket in S3, at any of its endpoints: `s3`,
/// `s3-us-west-2`, `s3.us-east-1`, `s3-fips.dualstack.us-gov-west-1` and their like.
fn is_response_url(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let Some((bucket, endpoint)) = host.split_once('.') else {
        return false;
    };
    let region = bucket.strip_prefix(BUCKET).unwrap_or("-");
    let service = endpoint.split(['.', '-']).next();
    url.scheme() == "https"
        && url.port().is_none()
        && region.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && service == Some("s3")
        && S3_DOMAINS.iter().any(|domain| endpoint.ends_with(domain))
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
