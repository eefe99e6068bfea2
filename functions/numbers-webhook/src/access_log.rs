//! The access log: one line for each request, which CloudWatch also takes its metrics from.
//!
//! A line is JSON in CloudWatch's embedded metric format. It never holds a number, a name, a body or a
//! header.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_smithy_types::date_time::{DateTime, Format};
use channel_connection::{
    client_secrets::ClientSecrets,
    ids::{PortalId, UserId},
    portal_numbers::{BadRow, PortalNumbers},
};
use serde::Serialize;
use serde_json::Value;

/// The namespace of the metrics in CloudWatch.
const NAMESPACE: &str = "ChannelConnection";

/// What is logged of a request.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessLog {
    pub(crate) request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) xray_trace_id: Option<String>,
    pub(crate) cold_start: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) portal_id: Option<PortalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<UserId>,
    /// Why there are no numbers, or old ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The age of numbers from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stale_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) bad_rows: Vec<LoggedRow>,
    /// The outcome of a request that is not answered with numbers.
    #[serde(skip)]
    pub(crate) error: Option<&'static str>,
    #[serde(skip)]
    pub(crate) count: usize,
    #[serde(skip)]
    pub(crate) omitted: usize,
    #[serde(skip)]
    pub(crate) bad_row_count: usize,
    #[serde(skip)]
    pub(crate) table_latency: Option<Duration>,
    #[serde(skip)]
    pub(crate) latency: Duration,
}

/// A bad row, named by a hash of its key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoggedRow {
    key_hash: String,
    reason: String,
}

/// The line; `_aws` tells CloudWatch which of its fields are metrics.
#[derive(Serialize)]
struct Line<'a> {
    /// Lambda takes a line's level only from one that has a time in this form.
    timestamp: String,
    level: &'static str,
    message: &'static str,
    function: &'a str,
    outcome: &'static str,
    #[serde(flatten)]
    log: &'a AccessLog,
    #[serde(flatten)]
    values: BTreeMap<&'static str, &'a Value>,
    #[serde(rename = "_aws")]
    metadata: Metadata<'a>,
}

/// A metric as CloudWatch's metadata names it, and its value.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
    #[serde(skip)]
    value: Value,
}

/// CloudWatch's metadata: which fields are metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    timestamp: u64,
    cloud_watch_metrics: [Directive<'a>; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'static str,
    dimensions: [&'static [&'static str]; 1],
    metrics: &'a [Metric],
}

impl AccessLog {
    pub(crate) fn record_bad_rows(&mut self, numbers: &PortalNumbers, secrets: &ClientSecrets) {
        let row = |row: &BadRow| LoggedRow {
            key_hash: secrets.key_hash(&row.key),
            reason: row.reason.to_string(),
        };
        self.bad_row_count = numbers.bad_row_count();
        self.bad_rows = numbers.bad_rows().iter().map(row).collect();
    }

    pub(crate) fn line(&self, function: &str, now: SystemTime) -> String {
        let metrics = self.metrics();
        let line = Line {
            timestamp: DateTime::from(now)
                .fmt(Format::DateTime)
                .unwrap_or_default(),
            level: self.level(),
            message: "request",
            function,
            outcome: self.outcome(),
            log: self,
            values: metrics
                .iter()
                .map(|metric| (metric.name, &metric.value))
                .collect(),
            metadata: Metadata::new(now, &metrics),
        };
        // A struct of texts and numbers serialises always.
        serde_json::to_string(&line).unwrap_or_default()
    }

    fn outcome(&self) -> &'static str {
        match (self.error, self.stale_seconds) {
            (Some(error), _) => error,
            (None, Some(_)) => "answered_stale",
            (None, None) => "answered",
        }
    }

    fn level(&self) -> &'static str {
        match self.outcome() {
            "unavailable" => "ERROR",
            _ if self.omitted > 0 => "ERROR",
            "answered" if self.bad_row_count == 0 => "INFO",
            _ => "WARN",
        }
    }

    /// Returns the metrics that this request has a value of; `Requests` comes first.
    fn metrics(&self) -> Vec<Metric> {
        let mut metrics = vec![
            count("Requests", 1),
            time("Latency", self.latency),
            count("ColdStarts", self.cold_start.into()),
        ];
        if let Some(read) = self.table_latency {
            metrics.push(time("TableLatency", read));
            metrics.push(count("StaleResponses", self.stale_seconds.is_some().into()));
        }
        if self.error.is_none() {
            metrics.push(count("NumbersReturned", self.count));
            metrics.push(count("NumbersOmitted", self.omitted));
            metrics.push(count("BadRows", self.bad_row_count));
        }
        metrics
    }
}

fn count(name: &'static str, count: usize) -> Metric {
    Metric {
        name,
        unit: "Count",
        value: count.into(),
    }
}

/// Returns a time to a hundredth of a millisecond: more digits would be noise in every line.
fn time(name: &'static str, time: Duration) -> Metric {
    let milliseconds = (time.as_secs_f64() * 1e5).round() / 1e2;
    Metric {
        name,
        unit: "Milliseconds",
        value: milliseconds.into(),
    }
}

impl<'a> Metadata<'a> {
    /// Counts `Requests` by outcome, and everything else for the function as a whole.
    fn new(now: SystemTime, metrics: &'a [Metric]) -> Self {
        let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (requests, others) = metrics.split_at(1);
        let directive = |dimensions, metrics| Directive {
            namespace: NAMESPACE,
            dimensions: [dimensions],
            metrics,
        };
        Self {
            timestamp: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
            cloud_watch_metrics: [
                directive(&["function", "outcome"], requests),
                directive(&["function"], others),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omitted_numbers_are_an_error() {
        let stale = Some(1);
        for (name, error, stale_seconds, omitted, outcome, level) in [
            ("fresh", None, None, 0, "answered", "INFO"),
            ("stale", None, stale, 0, "answered_stale", "WARN"),
            ("fresh, omitted", None, None, 1, "answered", "ERROR"),
            ("stale, omitted", None, stale, 1, "answered_stale", "ERROR"),
            ("none", Some("unavailable"), None, 0, "unavailable", "ERROR"),
        ] {
            let log = AccessLog {
                stale_seconds,
                error,
                omitted,
                ..AccessLog::default()
            };
            assert_eq!((log.outcome(), log.level()), (outcome, level), "{name}");
        }
    }
}
