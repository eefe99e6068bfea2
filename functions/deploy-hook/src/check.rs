//! The scheduled check of the webhook, HubSpot's settings and the credential. It writes nothing to HubSpot.

use std::time::{Duration, SystemTime};

use channel_connection::{
    embedded_metrics::{self, Directive, Metric},
    hook_report::Settings,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{Handler, HookError};

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
                let current = json!(current.as_ref().map(Settings::from));
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

/// Returns a line for each finding, and one for the run, with the metrics of both.
fn lines(findings: &Findings, function: &str, now: SystemTime) -> Vec<String> {
    let line = |level, fields: &Value, dimensions, metric| {
        let metrics = [metric];
        let directives = [Directive::new(dimensions, &metrics)];
        embedded_metrics::line(now, function, (level, "check"), fields, &directives)
    };
    let findings = findings.iter().map(|(finding, reason)| {
        let level = if reason.is_some() { "WARN" } else { "INFO" };
        let metric = Metric::count("CheckFailed", reason.is_some().into());
        let fields = json!({"finding": finding, "reason": reason});
        line(level, &fields, &["function", "finding"], metric)
    });
    let run = Metric::count("CheckRuns", 1);
    let run = line("INFO", &json!({}), &["function"], run);
    findings.chain([run]).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

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
