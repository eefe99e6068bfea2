//! A stack's state on one screen, with the next step; and the versions of stack and program.

use std::io::Write;

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use crate::{
    doctor::{self, Finding},
    ending::{Ending, Failure},
    numbers::table::{Census, Table},
    registration::{self, LastProbe, Report, Settings},
    secrets,
    stack::Stack,
    terminal::{self, DOUBTFUL, GOOD, WRONG, ago, coloured, counted},
};

/// The alias that takes HubSpot's requests.
const LIVE: &str = "live";
/// The findings of a scheduled check, each of which has a metric.
const CHECKS: [&str; 3] = ["webhook", "settings", "credential"];
/// How far back a scheduled check is looked for.
const CHECKED_WITHIN: SignedDuration = SignedDuration::from_hours(24);
const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit that was built, which `make channelctl` gives.
const COMMIT: Option<&str> = option_env!("CHANNELCTL_COMMIT");

/// The version of numbers-webhook that takes the requests, and the one on its way.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    live: u64,
    next: Option<u64>,
    /// The next version's part of the requests, from 0 to 1.
    next_weight: Option<f64>,
}

/// The last scheduled check of the deploy-hook's.
#[derive(Debug, Serialize)]
struct LastCheck {
    at: Timestamp,
    failed: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    stack: &'a str,
    cloud_formation: &'a str,
    deployed_at: Option<Timestamp>,
    version: Option<Version>,
    url: &'a str,
    registered: Option<&'a Settings>,
    is_ready: Option<bool>,
    drift: Option<bool>,
    last_probe: &'a LastProbe,
    last_check: Option<LastCheck>,
    credential: Option<&'a str>,
    api_version: &'a str,
    numbers: Option<Census>,
    client_secret_changed_at: Option<Timestamp>,
    /// Doctor's, less those that are well.
    findings: Vec<Finding>,
    next: Option<String>,
}

/// Prints a stack's state.
pub async fn show(stack: &Stack, as_json: bool) -> Result<Ending, Failure> {
    let table = Table::of(stack)?;
    let (report, version, numbers, secret, last_check) = tokio::join!(
        registration::status(stack, "channelctl status"),
        live_version(stack),
        table.census(),
        secrets::client_secret_changed_at(stack),
        last_check(stack),
    );
    let report = report?;
    let mut findings = vec![doctor::stack_state(stack)];
    findings.extend(doctor::of_report(stack, &report, None));
    findings.retain(|finding| !finding.is_ok());
    let status = Status {
        stack: &stack.target.stack,
        cloud_formation: &stack.status,
        deployed_at: stack.deployed_at,
        version,
        url: &report.expected.url,
        registered: report.registered.as_ref(),
        is_ready: report.ready,
        drift: report.drift,
        last_probe: &report.last_probe,
        last_check,
        credential: report.credential.as_deref(),
        api_version: &report.api_version,
        numbers: numbers.ok(),
        client_secret_changed_at: secret,
        findings,
        next: doctor::next_step(stack, &report),
    };
    if as_json {
        terminal::print_json(&status)?;
    } else {
        terminal::print_pairs(status.lines(&report))?;
    }
    Ok(if status.findings.iter().any(Finding::is_error) {
        Ending::SomethingWrong
    } else {
        Ending::Done
    })
}

async fn live_version(stack: &Stack) -> Option<Version> {
    let asked = aws_sdk_lambda::Client::new(&stack.target.aws)
        .get_alias()
        .function_name(stack.output("NumbersWebhookFunction").ok()?)
        .name(LIVE);
    let alias = asked.send().await.ok()?;
    let routing = alias.routing_config;
    let weights = routing.and_then(|routing| routing.additional_version_weights);
    let next = weights.unwrap_or_default().into_iter().next();
    Some(Version {
        live: alias.function_version?.parse().ok()?,
        next: next.as_ref().and_then(|(version, _)| version.parse().ok()),
        next_weight: next.map(|(_, weight)| weight),
    })
}

/// Reads the newest scheduled check from its metrics; `None` if there was none in a day.
async fn last_check(stack: &Stack) -> Option<LastCheck> {
    let function = stack.output("DeployHookFunction").ok()?;
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let query = |check: &str| {
        let metric = Metric::builder()
            .namespace("ChannelConnection")
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
    let asked = aws_sdk_cloudwatch::Client::new(&stack.target.aws)
        .get_metric_data()
        .set_metric_data_queries(Some(CHECKS.map(query).into()))
        .scan_by(ScanBy::TimestampDescending)
        .start_time(at(now - CHECKED_WITHIN))
        .end_time(at(now));
    newest_check(&asked.send().await.ok()?.metric_data_results?)
}

/// Returns the newest check in the metrics' values, the newest of which come first.
fn newest_check(results: &[MetricDataResult]) -> Option<LastCheck> {
    let newest = |check: &&str| {
        let result = results.iter().find(|one| one.id() == Some(check))?;
        Some((
            result.timestamps().first()?.secs(),
            *result.values().first()?,
        ))
    };
    let time = CHECKS.iter().filter_map(newest).map(|(at, _)| at).max()?;
    let failed = |check: &&str| newest(check).is_some_and(|(at, value)| at == time && value > 0.0);
    Some(LastCheck {
        at: Timestamp::from_second(time).ok()?,
        failed: CHECKS.into_iter().filter(failed).collect(),
    })
}

fn or_unknown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "unknown".into())
}

impl Status<'_> {
    fn lines(&self, report: &Report) -> [(&'static str, String); 11] {
        let deployed = self.deployed_at.map(|time| format!(", {}", ago(time)));
        let stack = format!("{}: {}", self.stack, self.cloud_formation);
        let credential = self.credential.unwrap_or("none");
        let changed = self.client_secret_changed_at;
        [
            ("stack", stack + &deployed.unwrap_or_default()),
            (
                "version",
                or_unknown(self.version.as_ref().map(Version::text)),
            ),
            ("webhook", self.url.to_owned()),
            ("registered", registered(report)),
            ("isReady", is_ready(report)),
            ("verified", verified(&report.last_probe)),
            (
                "last check",
                self.last_check
                    .as_ref()
                    .map_or_else(|| "none in a day".into(), LastCheck::text),
            ),
            (
                "credential",
                format!("{credential}, API {}", self.api_version),
            ),
            (
                "numbers",
                or_unknown(self.numbers.map(|census| census.to_string())),
            ),
            (
                "secret",
                or_unknown(changed.map(|time| format!("changed {}", ago(time)))),
            ),
            (
                "next",
                self.next.clone().unwrap_or_else(|| "nothing".into()),
            ),
        ]
    }
}

impl Version {
    fn text(&self) -> String {
        match (self.next, self.next_weight) {
            (Some(next), Some(weight)) => {
                let percent = weight * 100.0;
                format!("{}, and {percent:.0} % of requests to {next}", self.live)
            }
            _ => self.live.to_string(),
        }
    }
}

impl LastCheck {
    fn text(&self) -> String {
        let ago = ago(self.at);
        if self.failed.is_empty() {
            return coloured(GOOD, &format!("well, {ago}"));
        }
        coloured(WRONG, &format!("failed, {ago}: {}", self.failed.join(", ")))
    }
}

fn registered(report: &Report) -> String {
    let (style, text) = match (&report.registered, report.drift) {
        (Some(held), Some(true)) => (WRONG, format!("{}, which is not this stack's", held.url)),
        (Some(held), _) => (GOOD, held.url.clone()),
        (None, Some(_)) => (WRONG, "nothing".into()),
        (None, None) => (WRONG, "unknown".into()),
    };
    coloured(style, &text)
}

fn is_ready(report: &Report) -> String {
    let (style, text) = match report.ready {
        Some(true) => (GOOD, "true: every customer can select the app"),
        Some(false) => (
            DOUBTFUL,
            "false: only people who set the flag in their browser can select the app",
        ),
        None => (WRONG, "unknown"),
    };
    coloured(style, text)
}

fn verified(probe: &LastProbe) -> String {
    if !probe.verified {
        let reason = probe.reason.as_deref().unwrap_or("no reason was given");
        return coloured(WRONG, &format!("no: {reason}"));
    }
    let numbers = counted(probe.numbers.unwrap_or_default(), "number");
    let milliseconds = probe.milliseconds.unwrap_or_default();
    coloured(
        GOOD,
        &format!("just now, in {milliseconds} ms, with {numbers}"),
    )
}

/// Prints this program's version and, where one is named, the stack's, and whether they match.
pub async fn show_version(stack: Option<&Stack>, as_json: bool) -> Result<Ending, Failure> {
    let deployed = stack.and_then(|stack| stack.output("Version").ok());
    let matches = COMMIT.zip(deployed).map(|(own, deployed)| own == deployed);
    let webhook = match stack {
        Some(stack) => live_version(stack).await,
        None => None,
    };
    if as_json {
        let stack = stack.map(|stack| {
            json!({
                "name": stack.target.stack, "version": deployed, "deployedAt": stack.deployed_at,
                "deployId": stack.parameter("DeployId"), "webhookVersion": webhook,
            })
        });
        terminal::print_json(&json!({
            "version": PROGRAM_VERSION, "commit": COMMIT, "stack": stack, "matches": matches,
        }))?;
        return Ok(Ending::Done);
    }
    let mut output = terminal::output();
    let commit = COMMIT.unwrap_or("of an unknown commit");
    writeln!(output, "channelctl {PROGRAM_VERSION} ({commit})")?;
    if let Some(stack) = stack {
        let verdict = match matches {
            Some(true) => coloured(GOOD, "the same as this program"),
            Some(false) => coloured(DOUBTFUL, "another than this program"),
            None => "cannot be compared".into(),
        };
        let (name, deployed) = (&stack.target.stack, deployed.unwrap_or("unknown"));
        let webhook = or_unknown(webhook.as_ref().map(Version::text));
        writeln!(
            output,
            "{name}: version {deployed} ({verdict}), webhook version {webhook}"
        )?;
    }
    Ok(Ending::Done)
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
