//! The one line that is logged of each request, which CloudWatch also takes its metrics from.
//!
//! It is JSON in CloudWatch's embedded metric format. It never holds a number, a name, a body or a
//! header.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat as Format};
use channel_connection::numbers_request::NumbersRequest;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The namespace of the metrics in CloudWatch.
const NAMESPACE: &str = "ChannelConnection";

/// What became of a request.
#[derive(Debug, Default)]
pub(crate) struct RequestRecord {
    pub(crate) request_id: String,
    pub(crate) xray_trace_id: Option<String>,
    pub(crate) cold_start: bool,
    pub(crate) asked: Option<NumbersRequest>,
    pub(crate) outcome: &'static str,
    /// Why it was refused, or why an old answer was served.
    pub(crate) reason: Option<String>,
    pub(crate) count: usize,
    pub(crate) left_out: usize,
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

impl RequestRecord {
    /// Returns the line.
    pub(crate) fn line(&self, function: &str, now: SystemTime) -> String {
        let milliseconds = now
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let timestamp = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        let mut line = self.fields();
        // Lambda takes a line's level only from one that has a time in this form.
        let time = DateTime::from(now).fmt(Format::DateTime);
        line.insert("timestamp".into(), time.unwrap_or_default().into());
        line.insert("function".into(), function.into());
        let mut names = Vec::new();
        for (name, unit, value) in self.metrics() {
            names.push(json!({"Name": name, "Unit": unit}));
            line.insert(name.into(), value);
        }
        line.insert(
            "_aws".into(),
            json!({"Timestamp": timestamp, "CloudWatchMetrics": [
                {"Namespace": NAMESPACE, "Dimensions": [["function", "outcome"]],
                 "Metrics": [{"Name": "Requests", "Unit": "Count"}]},
                {"Namespace": NAMESPACE, "Dimensions": [["function"]], "Metrics": names},
            ]}),
        );
        line.insert("Requests".into(), 1.into());
        Value::Object(line).to_string()
    }

    fn fields(&self) -> Map<String, Value> {
        let fields = json!({
            "level": self.level(),
            "message": "request",
            "requestId": self.request_id,
            "xrayTraceId": self.xray_trace_id,
            "portalId": self.asked.map(|asked| asked.portal_id),
            "userId": self.asked.map(|asked| asked.user_id),
            "outcome": self.outcome,
            "reason": self.reason,
            "coldStart": self.cold_start,
            "staleSeconds": self.stale.map(|age| age.as_secs()),
            "badRows": self.bad_rows,
        });
        let Value::Object(mut fields) = fields else {
            return Map::new();
        };
        fields.retain(|_, value| !value.is_null() && *value != json!([]));
        fields
    }

    fn level(&self) -> &'static str {
        match self.outcome {
            "unavailable" => "ERROR",
            "answered" if self.left_out > 0 => "ERROR",
            "answered" if self.bad_row_count == 0 => "INFO",
            _ => "WARN",
        }
    }

    /// The metrics that this request has a value of; `Requests` stands apart.
    fn metrics(&self) -> Vec<(&'static str, &'static str, Value)> {
        let milliseconds = |time: Duration| json!((time.as_secs_f64() * 1e5).round() / 1e2);
        let mut metrics = vec![
            ("Latency", "Milliseconds", milliseconds(self.time)),
            ("ColdStarts", "Count", u8::from(self.cold_start).into()),
        ];
        if let Some(time) = self.store_time {
            metrics.push(("StoreLatency", "Milliseconds", milliseconds(time)));
            metrics.push((
                "StaleAnswers",
                "Count",
                u8::from(self.stale.is_some()).into(),
            ));
        }
        if self.outcome.starts_with("answered") {
            metrics.push(("NumbersAnswered", "Count", self.count.into()));
            metrics.push(("NumbersLeftOut", "Count", self.left_out.into()));
            metrics.push(("BadRows", "Count", self.bad_row_count.into()));
        }
        metrics
    }
}
