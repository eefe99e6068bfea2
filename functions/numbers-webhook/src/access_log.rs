//! The access log: one line for each request, which CloudWatch also takes its metrics from.
//!
//! A line never holds a number, a name, a body or a header.

use std::time::{Duration, SystemTime};

use channel_connection::{
    client_secrets::ClientSecrets,
    embedded_metrics::{self, Directive, Metric},
    ids::{PortalId, UserId},
    portal_numbers::{BadRow, PortalNumbers},
};
use serde::Serialize;

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

#[derive(Serialize)]
struct Fields<'a> {
    outcome: &'static str,
    #[serde(flatten)]
    log: &'a AccessLog,
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
        let (requests, others) = metrics.split_at(1);
        let fields = Fields {
            outcome: self.outcome(),
            log: self,
        };
        let directives = [
            Directive::new(&["function", "outcome"], requests),
            Directive::new(&["function"], others),
        ];
        let event = (self.level(), "request");
        embedded_metrics::line(now, function, event, &fields, &directives)
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
            Metric::count("Requests", 1),
            Metric::time("Latency", self.latency),
            Metric::count("ColdStarts", self.cold_start.into()),
        ];
        if let Some(read) = self.table_latency {
            metrics.push(Metric::time("TableLatency", read));
            metrics.push(Metric::count(
                "StaleResponses",
                self.stale_seconds.is_some().into(),
            ));
        }
        if self.error.is_none() {
            metrics.push(Metric::count("NumbersReturned", self.count));
            metrics.push(Metric::count("NumbersOmitted", self.omitted));
            metrics.push(Metric::count("BadRows", self.bad_row_count));
        }
        metrics
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
