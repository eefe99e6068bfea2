//! The one line that is logged of each request, which CloudWatch also takes its metrics from.
//!
//! It is JSON in CloudWatch's embedded metric format. It never holds a number, a name, a body or a
//! header.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::date_time::{DateTime, Format};
use channel_connection::{
    ids::{PortalId, UserId},
    numbers_request::NumbersRequest,
};
use serde::{Serialize, Serializer};

/// The namespace of the metrics in CloudWatch.
const NAMESPACE: &str = "ChannelConnection";

/// What became of a request.
#[derive(Debug, Default)]
pub(crate) struct RequestRecord {
    pub(crate) request_id: String,
    pub(crate) xray_trace_id: Option<String>,
    pub(crate) cold_start: bool,
    pub(crate) asked: Option<NumbersRequest>,
    /// The name of the refusal, where it was refused.
    pub(crate) refused: Option<&'static str>,
    /// Why it was refused, or why an old answer was served.
    pub(crate) reason: Option<String>,
    pub(crate) count: usize,
    pub(crate) omitted: usize,
    pub(crate) bad_row_count: usize,
    pub(crate) bad_rows: Vec<BadRowRecord>,
    pub(crate) stale: Option<Duration>,
    pub(crate) store_time: Option<Duration>,
    pub(crate) time: Duration,
}

/// A row that was left out, by a hash of its key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BadRowRecord {
    pub(crate) key_hash: String,
    pub(crate) reason: String,
}

/// The line's fields; CloudWatch finds the metrics among them by `_aws`.
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
    bad_rows: &'a [BadRowRecord],
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

/// What tells CloudWatch which of the fields are metrics.
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

impl RequestRecord {
    /// Returns the line.
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
            portal_id: self.asked.map(|asked| asked.portal_id),
            user_id: self.asked.map(|asked| asked.user_id),
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
        match (self.refused, self.stale) {
            (Some(refused), _) => refused,
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
            time("Latency", self.time),
            count("ColdStarts", self.cold_start.into()),
        ];
        if let Some(read) = self.store_time {
            metrics.push(time("StoreLatency", read));
            metrics.push(count("StaleAnswers", self.stale.is_some().into()));
        }
        if self.refused.is_none() {
            metrics.push(count("NumbersAnswered", self.count));
            metrics.push(count("NumbersLeftOut", self.omitted));
            metrics.push(count("BadRows", self.bad_row_count));
        }
        metrics
    }
}

fn count(name: &'static str, count: usize) -> Metric {
    Metric(name, "Count", Measured::Count(count))
}

/// Returns a time to a hundredth of a millisecond, which is as exact as it can be told.
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
    fn numbers_that_were_left_out_are_an_error_in_an_old_answer_too() {
        let old = Some(Duration::from_secs(1));
        for (refused, stale, omitted, outcome, level) in [
            (None, None, 0, "answered", "INFO"),
            (None, old, 0, "answered_stale", "WARN"),
            (None, None, 1, "answered", "ERROR"),
            (None, old, 1, "answered_stale", "ERROR"),
            (Some("unavailable"), None, 0, "unavailable", "ERROR"),
        ] {
            let record = RequestRecord {
                refused,
                omitted,
                stale,
                ..RequestRecord::default()
            };
            let told = (record.outcome(), record.level());
            assert_eq!(told, (outcome, level), "{omitted} left out");
        }
    }
}
