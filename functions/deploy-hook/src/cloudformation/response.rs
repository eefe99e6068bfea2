//! The response to CloudFormation: without it a stack waits for an hour.

use aws_lambda_events::cloudformation::{
    CloudFormationCustomResourceResponse as Response,
    CloudFormationCustomResourceResponseStatus as Status,
};
use channel_connection::{http_client, webhook_url::UrlPolicy};
use reqwest::{Client, Url};
use serde_json::Value;

use crate::{
    budget::{Retries, RetryHint},
    handler::HookError,
};

/// The end of the physical id of a resource that was never created.
pub(crate) const NOT_CREATED: &str = "/not-created";
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

/// The place where CloudFormation waits for the outcome, and what identifies the request there.
///
/// It has no `Debug`: the presigned URL lets anybody answer.
pub(crate) struct Callback {
    url: Url,
    event: Value,
}

type Outcome = Result<String, HookError>;

impl Callback {
    /// Takes the response URL of an event, if only CloudFormation can have written it.
    pub(crate) fn parse(event: &Value, policy: UrlPolicy) -> Result<Self, HookError> {
        let url = event["ResponseURL"]
            .as_str()
            .and_then(|url| Url::parse(url).ok());
        let url = url.ok_or(HookError::UnknownEvent)?;
        if policy == UrlPolicy::Public && !is_response_url(&url) {
            return Err(HookError::ResponseUrl);
        }
        Ok(Self {
            url,
            event: event.clone(),
        })
    }

    /// Sends the outcome, with retries.
    pub(crate) async fn send(
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
        let request = http.put(self.url.clone()).body(body);
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
        self.text("StackId").clone_into(&mut response.stack_id);
        self.text("RequestId").clone_into(&mut response.request_id);
        self.text("LogicalResourceId")
            .clone_into(&mut response.logical_resource_id);
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
        let app = |properties: &str| self.event[properties]["AppId"].as_str();
        let current = self.text("PhysicalResourceId");
        let created = format!(
            "channel-connection/{}",
            truncate(app("ResourceProperties").unwrap_or("unknown"), 100)
        );
        let has_new_app = app("ResourceProperties") != app("OldResourceProperties");
        match (self.text("RequestType"), outcome) {
            ("Create", Err(error)) if !error.is_partial() => created + NOT_CREATED,
            ("Create", _) => created,
            // Another app is another resource.
            ("Update", Ok(_)) if has_new_app || current.ends_with(NOT_CREATED) => created,
            _ if current.is_empty() => created + NOT_CREATED,
            _ => current.to_owned(),
        }
    }

    fn text(&self, name: &str) -> &str {
        self.event[name].as_str().unwrap_or_default()
    }
}

/// Returns whether a URL is of CloudFormation's own bucket in S3.
fn is_response_url(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let Some((bucket, rest)) = host
        .strip_prefix(BUCKET)
        .and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    let is_domain = S3_DOMAINS.iter().any(|domain| {
        let labels = rest
            .strip_suffix(domain)
            .and_then(|rest| rest.strip_suffix('.'));
        labels.is_some_and(is_s3_endpoint)
    });
    let is_region = |label: &str| label.bytes().all(|byte| byte.is_ascii_alphanumeric());
    url.scheme() == "https" && url.port().is_none() && is_region(bucket) && is_domain
}

/// Takes `s3`, `s3-us-west-2`, `s3.us-east-1`, `s3-fips.dualstack.us-gov-west-1` and their like.
fn is_s3_endpoint(labels: &str) -> bool {
    let mut labels = labels.split('.');
    let service = labels.next().unwrap_or_default();
    let rest: Vec<_> = labels.filter(|label| *label != "dualstack").collect();
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
mod tests {
    use serde_json::json;

    use super::*;

    fn callback(kind: &str, id: &str, app_id: &str) -> Callback {
        let event = json!({
            "RequestType": kind, "ResponseURL": "https://example.com/", "PhysicalResourceId": id,
            "ResourceProperties": {"AppId": app_id}, "OldResourceProperties": {"AppId": "1"},
        });
        Callback::parse(&event, UrlPolicy::Local).unwrap()
    }

    #[test]
    fn changes_the_physical_id_on_success_only() {
        let done: Outcome = Ok(String::new());
        let failed: Outcome = Err(HookError::UnknownEvent);
        let partial: Outcome = Err(HookError::OutOfTime);
        let marker = "channel-connection/1/not-created";
        let cases = [
            ("created", "Create", "", "2", &done, "channel-connection/2"),
            (
                "not created",
                "Create",
                "",
                "2",
                &failed,
                "channel-connection/2/not-created",
            ),
            (
                "partly created",
                "Create",
                "",
                "2",
                &partial,
                "channel-connection/2",
            ),
            ("updated", "Update", "id", "1", &done, "id"),
            (
                "new app",
                "Update",
                "id",
                "2",
                &done,
                "channel-connection/2",
            ),
            ("new app failed", "Update", "id", "2", &failed, "id"),
            ("new app partly", "Update", "id", "2", &partial, "id"),
            (
                "created late",
                "Update",
                marker,
                "1",
                &done,
                "channel-connection/1",
            ),
            ("deleted", "Delete", "id", "2", &done, "id"),
            ("not deleted", "Delete", "id", "2", &partial, "id"),
            ("unknown request", "Import", "id", "1", &failed, "id"),
        ];
        for (case, kind, id, app_id, outcome, expected) in cases {
            let response = callback(kind, id, app_id).response(outcome);
            assert_eq!(response.physical_resource_id, expected, "{case}");
        }
    }

    #[test]
    fn accepts_cloudformations_own_hosts_only() {
        let cases = [
            (
                "commercial",
                "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/x?X-Amz=1",
                true,
            ),
            (
                "region",
                "https://cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com/",
                true,
            ),
            (
                "older region",
                "https://cloudformation-custom-resource-response-uswest2.s3-us-west-2.amazonaws.com/",
                true,
            ),
            (
                "dual stack",
                "https://cloudformation-custom-resource-response-useast1.s3.dualstack.us-east-1.amazonaws.com/",
                true,
            ),
            (
                "FIPS",
                "https://cloudformation-custom-resource-response-usgovwest1.s3-fips.us-gov-west-1.amazonaws.com/",
                true,
            ),
            (
                "China",
                "https://cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn/",
                true,
            ),
            (
                "isolated",
                "https://cloudformation-custom-resource-response-usisoeast1.s3.us-iso-east-1.c2s.ic.gov/",
                true,
            ),
            (
                "plain http",
                "http://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/",
                false,
            ),
            (
                "a port",
                "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com:8443/",
                false,
            ),
            ("another bucket", "https://evil.s3.amazonaws.com/", false),
            (
                "a bucket with a like name",
                "https://cloudformation-custom-resource-response-useast1-evil.s3.amazonaws.com/",
                false,
            ),
            (
                "another service",
                "https://cloudformation-custom-resource-response-useast1.elb.amazonaws.com/",
                false,
            ),
            (
                "another domain",
                "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com.example.com/",
                false,
            ),
            (
                "a name in the path",
                "https://example.com/cloudformation-custom-resource-response-useast1.s3.amazonaws.com",
                false,
            ),
        ];
        for (case, url, expected) in cases {
            let event = json!({"ResponseURL": url});
            let parsed = Callback::parse(&event, UrlPolicy::Public);
            assert_eq!(parsed.is_ok(), expected, "{case}");
        }
    }

    #[test]
    fn a_response_stays_under_cloudformations_limit() {
        let callback = callback("Create", "", &"9".repeat(9_000));
        for character in ["é", "\"", "\u{1}"] {
            let text = character.repeat(60_000);
            for outcome in [Ok(text.clone()), Err(HookError::Report(text))] {
                let size = serde_json::to_string(&callback.response(&outcome));
                assert!(size.unwrap().len() < 4_096, "{character:?}");
            }
        }
    }
}
