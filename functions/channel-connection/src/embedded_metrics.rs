//! Lines of the log in CloudWatch's embedded metric format, which CloudWatch takes its metrics from.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_smithy_types::date_time::{DateTime, Format};
use serde::Serialize;
use serde_json::Value;

/// The namespace of the metrics in CloudWatch.
pub const NAMESPACE: &str = "ChannelConnection";

/// A metric as CloudWatch's metadata names it, and its value.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    name: &'static str,
    unit: &'static str,
    #[serde(skip)]
    value: Value,
}

/// Metrics with the dimensions that they share: fields of the line.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Directive<'a> {
    namespace: &'static str,
    dimensions: [&'static [&'static str]; 1],
    metrics: &'a [Metric],
}

/// The line; `_aws` tells CloudWatch which of its fields are metrics.
#[derive(Serialize)]
struct Line<'a, Fields> {
    /// Lambda takes a line's level only from one that has a time in this form.
    timestamp: String,
    level: &'a str,
    message: &'a str,
    function: &'a str,
    #[serde(flatten)]
    fields: &'a Fields,
    #[serde(flatten)]
    values: BTreeMap<&'static str, &'a Value>,
    #[serde(rename = "_aws")]
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    timestamp: u64,
    cloud_watch_metrics: &'a [Directive<'a>],
}

impl Metric {
    pub fn count(name: &'static str, count: usize) -> Self {
        Self {
            name,
            unit: "Count",
            value: count.into(),
        }
    }

    /// Makes a metric of a time, to a hundredth of a millisecond: more digits would be noise.
    pub fn time(name: &'static str, time: Duration) -> Self {
        let milliseconds = (time.as_secs_f64() * 1e5).round() / 1e2;
        Self {
            name,
            unit: "Milliseconds",
            value: milliseconds.into(),
        }
    }
}

impl<'a> Directive<'a> {
    pub fn new(dimensions: &'static [&'static str], metrics: &'a [Metric]) -> Self {
        Self {
            namespace: NAMESPACE,
            dimensions: [dimensions],
            metrics,
        }
    }
}

/// Returns a line of `function`'s log with a level, a message and other fields, and with metrics.
pub fn line(
    now: SystemTime,
    function: &str,
    (level, message): (&str, &str),
    fields: &impl Serialize,
    directives: &[Directive<'_>],
) -> String {
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let metrics = directives.iter().flat_map(|directive| directive.metrics);
    let line = Line {
        timestamp: DateTime::from(now)
            .fmt(Format::DateTime)
            .unwrap_or_default(),
        level,
        message,
        function,
        fields,
        values: metrics.map(|metric| (metric.name, &metric.value)).collect(),
        metadata: Metadata {
            timestamp: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
            cloud_watch_metrics: directives,
        },
    };
    // A struct of texts and numbers serialises always.
    serde_json::to_string(&line).unwrap_or_default()
}
