//! The access log: one line for each request, which CloudWatch also takes its metrics from.
//!
//! A line is JSON in CloudWatch's embedded metric format. It never holds a number, a name, a body or a
//! header.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::date_time::{DateTime, Format};
use channel_connection::{
    client_secrets::ClientSecrets,
    ids::{PortalId, UserId},
    numbers_request::NumbersRequest,
    portal_numbers::{BadRow, PortalNumbers},
};
use serde::{Serialize, Serializer};

/// The namespace of the metrics in CloudWatch.
const NAMESPACE: &str = "ChannelConnection";

/// What is logged of a request.
#[derive(Debug, Default)]
pub(crate) struct AccessLog {
    pub(crate) request_id: String,
    pub(crate) xray_trace_id: Option<String>,
    pub(crate) cold_start: bool,
    pub(crate) request: Option<NumbersRequest>,
    /// The outcome of a request that is not answered with numbers.
    pub(crate) error: Option<&'static str>,
    /// Why there are no numbers, or old ones.
    pub(crate) reason: Option<String>,
    pub(crate) count: usize,
    pub(crate) omitted: usize,
    pub(crate) bad_row_count: usize,
    pub(crate) bad_rows: Vec<LoggedRow>,
    /// The age of numbers from the cache.
    pub(crate) stale: Option<Duration>,
    pub(crate) table_latency: Option<Duration>,
    pub(crate) latency: Duration,
}

/// A bad row, named by a hash of its key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoggedRow {
    key_hash: String,
    reason: String,
}

/// The line's fields; `_aws` tells CloudWatch which of them are metrics.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    /// Lambda takes a line's level only from one that has a time in this form.
    timestamp: String,
    level: &'static str,
    message: &'static str,
    function: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    xray_trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    portal_id: Option<PortalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    cold_start: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale_seconds: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    bad_rows: &'a [LoggedRow],
    #[serde(flatten)]
    values: Values<'a>,
    #[serde(rename = "_aws")]
    metadata: Metadata<'a>,
}

/// A metric: its name and unit in CloudWatch, and its value.
struct Metric(&'static str, &'static str, Measured);

#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Measured {
    Count(usize),
    Milliseconds(f64),
}

/// The metrics' values, by their names.
struct Values<'a>(&'a [Metric]);

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
            request_id: &self.request_id,
            xray_trace_id: self.xray_trace_id.as_deref(),
            portal_id: self.request.map(|request| request.portal_id),
            user_id: self.request.map(|request| request.user_id),
            outcome: self.outcome(),
            reason: self.reason.as_deref(),
            cold_start: self.cold_start,
            stale_seconds: self.stale.map(|age| age.as_secs()),
            bad_rows: &self.bad_rows,
            values: Values(&metrics),
            metadata: Metadata::new(now, &metrics),
        };
        // A struct of texts and numbers serialises always.
        serde_json::to_string(&line).unwrap_or_default()
    }

    fn outcome(&self) -> &'static str {
        match (self.error, self.stale) {
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
            metrics.push(count("StaleResponses", self.stale.is_some().into()));
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
    Metric(name, "Count", Measured::Count(count))
}

/// Returns a time to a hundredth of a millisecond: more digits would be noise in every line.
fn time(name: &'static str, time: Duration) -> Metric {
    let milliseconds = (time.as_secs_f64() * 1e5).round() / 1e2;
    Metric(name, "Milliseconds", Measured::Milliseconds(milliseconds))
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

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|Metric(name, _, value)| (name, value)))
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(name, unit, _) = self;
        serializer.collect_map([("Name", name), ("Unit", unit)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omitted_numbers_are_an_error() {
        let stale = Some(Duration::from_secs(1));
        for (name, error, stale, omitted, outcome, level) in [
            ("fresh", None, None, 0, "answered", "INFO"),
            ("stale", None, stale, 0, "answered_stale", "WARN"),
            ("fresh, omitted", None, None, 1, "answered", "ERROR"),
            ("stale, omitted", None, stale, 1, "answered_stale", "ERROR"),
            ("none", Some("unavailable"), None, 0, "unavailable", "ERROR"),
        ] {
            let log = AccessLog {
                error,
                omitted,
                stale,
                ..AccessLog::default()
            };
            assert_eq!((log.outcome(), log.level()), (outcome, level), "{name}");
        }
    }
}
