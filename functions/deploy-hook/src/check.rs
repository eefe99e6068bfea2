//! The scheduled check of the webhook, HubSpot's settings and the credential. It writes nothing to HubSpot.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::date_time::{DateTime, Format};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{Handler, HookError, hubspot::client::redacted};

/// The namespace of the metrics in CloudWatch.
const NAMESPACE: &str = "ChannelConnection";
/// Time for retries: a single lost packet is no finding.
const MAX_TIME: Duration = Duration::from_secs(20);

/// What is wrong; `None` for what is right, or could not be read.
type Findings = [(&'static str, Option<String>); 3];

impl Handler {
    /// Checks the webhook, HubSpot's settings and the credential, and prints a metric of each.
    ///
    /// It succeeds with findings, too: the function's errors have an alarm of their own.
    pub(crate) async fn check(&self, deadline: Instant) -> Value {
        let until = deadline.min(Instant::now() + MAX_TIME);
        let findings = self.findings(until).await;
        for line in lines(&findings, &self.config.function_name, SystemTime::now()) {
            println!("{line}");
        }
        let findings = findings.map(|(name, reason)| (name.into(), json!(reason)));
        let findings = Value::Object(findings.into_iter().collect());
        json!({"action": "check", "done": true, "findings": findings})
    }

    async fn findings(&self, until: Instant) -> Findings {
        let read = self.read_hubspot(false, until);
        let (verified, (read, ..)) = tokio::join!(self.verify(until), read);
        let (mut settings, mut credential) = (None, None);
        match read {
            // A hold is no finding.
            Ok(Some(current)) if current.has_url(&self.config.target.url) => {}
            Ok(current) => {
                let current = json!(current.as_ref().map(redacted));
                settings = Some(format!("HubSpot has {current}"));
            }
            Err(error) if error.is_not_set_yet() => {}
            Err(error) if error.rejects_credential() || matches!(error, HookError::Secret(_)) => {
                credential = Some(error.to_string());
            }
            Err(error) => tracing::warn!(%error, "HubSpot could not be read"),
        }
        let webhook = match verified {
            Ok(_) => None,
            // Nothing is registered before the secret is set.
            Err(error) if error.is_not_set_yet() => {
                settings = None;
                None
            }
            Err(error) => Some(error.to_string()),
        };
        [
            ("webhook", webhook),
            ("settings", settings),
            ("credential", credential),
        ]
    }
}

/// Returns a line for each finding, and one for the run, in CloudWatch's embedded metric format.
fn lines(findings: &Findings, function: &str, now: SystemTime) -> Vec<String> {
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let line = |metric: &str, dimensions: &[&str], mut line: Value| {
        // Lambda takes a line's level only from one that has a time in this form.
        line["timestamp"] = json!(
            DateTime::from(now)
                .fmt(Format::DateTime)
                .unwrap_or_default()
        );
        line["message"] = "check".into();
        line["function"] = function.into();
        line["_aws"] = json!({
            "Timestamp": u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [dimensions],
                "Metrics": [{"Name": metric, "Unit": "Count"}],
            }],
        });
        line.to_string()
    };
    let findings = findings.iter().map(|(finding, reason)| {
        let level = if reason.is_some() { "WARN" } else { "INFO" };
        let failed = u8::from(reason.is_some());
        let fields =
            json!({"level": level, "finding": finding, "reason": reason, "CheckFailed": failed});
        line("CheckFailed", &["function", "finding"], fields)
    });
    let run = json!({"level": "INFO", "CheckRuns": 1});
    let run = line("CheckRuns", &["function"], run);
    findings.chain([run]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_a_metric() {
        let settings = Some("HubSpot has null".into());
        let findings = [
            ("webhook", None),
            ("settings", settings),
            ("credential", None),
        ];
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let lines = lines(&findings, "hook", now);
        let lines: Vec<Value> = lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let values = lines.iter().map(|line| {
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            let name = directive["Metrics"][0]["Name"].as_str().unwrap();
            for dimension in directive["Dimensions"][0].as_array().unwrap() {
                assert!(line[dimension.as_str().unwrap()].is_string(), "{line}");
            }
            assert_eq!(line["_aws"]["Timestamp"], 1_700_000_000_000_u64);
            assert_eq!(line["timestamp"], "2023-11-14T22:13:20Z");
            (name, line["finding"].as_str(), line[name].as_u64().unwrap())
        });
        let expected = [
            ("CheckFailed", Some("webhook"), 0),
            ("CheckFailed", Some("settings"), 1),
            ("CheckFailed", Some("credential"), 0),
            ("CheckRuns", None, 1),
        ];
        assert_eq!(values.collect::<Vec<_>>(), expected);
        assert_eq!(lines[1]["reason"], "HubSpot has null");
    }
}
