//! CloudWatch: the last scheduled check, and the alarms that are on.

use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{
        Dimension, Metric, MetricAlarm, MetricDataQuery, MetricDataResult, MetricStat, ScanBy,
        StateValue,
    },
};
use channel_connection::embedded_metrics::NAMESPACE;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    aws::AwsError,
    outcome::Failure,
    stack::Stack,
    terminal::{GOOD, WRONG, ago, coloured, escape},
};

/// The findings of a scheduled check, each of which has a metric.
const CHECKS: [&str; 3] = ["webhook", "settings", "credential"];
/// How far back a scheduled check is looked for.
const CHECKED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// The last scheduled check of the deploy-hook's.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LastCheck {
    pub at: Timestamp,
    pub failed: Vec<&'static str>,
}

/// An alarm of the stack's that is on.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Alarm {
    pub name: String,
    pub description: String,
    pub since: Option<Timestamp>,
}

impl LastCheck {
    /// Says how it ended, and when.
    pub fn text(&self) -> String {
        let ago = ago(self.at);
        if self.failed.is_empty() {
            return coloured(GOOD, &format!("well, {ago}"));
        }
        coloured(WRONG, &format!("failed, {ago}: {}", self.failed.join(", ")))
    }
}

impl Alarm {
    /// Says what is wrong, and since when.
    pub fn text(&self) -> String {
        let (name, description) = (&self.name, &self.description);
        let since = self.since.map(|time| format!(", {}", ago(time)));
        let since = since.unwrap_or_default();
        escape(&format!("{description} ({name}{since})"))
    }
}

/// Reads the newest scheduled check from its metrics; `None` if there was none in a day.
pub async fn last_check(stack: &Stack) -> Result<Option<LastCheck>, Failure> {
    let function = stack.output("DeployHookFunction")?;
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let query = |check: &str| {
        let metric = Metric::builder()
            .namespace(NAMESPACE)
            .metric_name("CheckFailed")
            .dimensions(dimension("function", function))
            .dimensions(dimension("finding", check))
            .build();
        let stat = MetricStat::builder()
            .metric(metric)
            .period(60)
            .stat("Maximum");
        MetricDataQuery::builder()
            .id(check)
            .metric_stat(stat.build())
            .build()
    };
    let now = Timestamp::now();
    let at = |time: Timestamp| DateTime::from_secs(time.as_second());
    let request = Client::new(&stack.target.aws)
        .get_metric_data()
        .set_metric_data_queries(Some(CHECKS.map(query).into()))
        .scan_by(ScanBy::TimestampDescending)
        .start_time(at(now - CHECKED_WITHIN))
        .end_time(at(now));
    let response = request.send().await;
    let response = response.map_err(|error| AwsError::new("read the scheduled checks", &error))?;
    Ok(newest_check(response.metric_data_results()))
}

/// Returns the newest check in the metrics' values, the newest of which come first.
fn newest_check(results: &[MetricDataResult]) -> Option<LastCheck> {
    let newest = |check: &&str| {
        let result = results.iter().find(|one| one.id() == Some(check))?;
        let time = result.timestamps().first()?.secs();
        Some((time, *result.values().first()?))
    };
    let time = CHECKS.iter().filter_map(newest).map(|(at, _)| at).max()?;
    let failed = |check: &&str| newest(check).is_some_and(|(at, value)| at == time && value > 0.0);
    Some(LastCheck {
        at: Timestamp::from_second(time).ok()?,
        failed: CHECKS.into_iter().filter(failed).collect(),
    })
}

/// Returns the alarms that are on: CloudFormation begins their names with the stack's.
pub async fn alarms(stack: &Stack) -> Result<Vec<Alarm>, AwsError> {
    let prefix = format!("{}-", stack.target.stack);
    // Behind it come the alarm's name in the template and a suffix; more is of another stack.
    let is_own = |alarm: &MetricAlarm| {
        let name = alarm.alarm_name().unwrap_or_default();
        let rest = name.strip_prefix(&prefix);
        rest.is_some_and(|rest| rest.matches('-').count() == 1)
    };
    let request = Client::new(&stack.target.aws)
        .describe_alarms()
        .alarm_name_prefix(&prefix)
        .state_value(StateValue::Alarm);
    let response = request.send().await;
    let response = response.map_err(|error| AwsError::new("read the alarms", &error))?;
    let alarms = response.metric_alarms.unwrap_or_default().into_iter();
    Ok(alarms
        .filter(is_own)
        .map(|alarm| Alarm {
            name: alarm.alarm_name.unwrap_or_default(),
            description: alarm.alarm_description.unwrap_or_default(),
            since: alarm
                .state_transitioned_timestamp
                .or(alarm.state_updated_timestamp)
                .and_then(|time| Timestamp::from_second(time.secs()).ok()),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(check: &str, values: &[(i64, f64)]) -> MetricDataResult {
        let times = values.iter().map(|(at, _)| DateTime::from_secs(*at));
        MetricDataResult::builder()
            .id(check)
            .set_timestamps(Some(times.collect()))
            .set_values(Some(values.iter().map(|(_, value)| *value).collect()))
            .build()
    }

    #[test]
    fn only_the_newest_check_counts() {
        let stale = result("credential", &[(60, 1.0)]);
        let well = result("webhook", &[(120, 0.0), (60, 1.0)]);
        let failed = result("settings", &[(120, 1.0)]);
        let check = newest_check(&[stale, well, failed]).unwrap();
        assert_eq!(
            (check.at.as_second(), check.failed),
            (120, vec!["settings"])
        );
        assert!(newest_check(&[result("webhook", &[])]).is_none());
    }
}
