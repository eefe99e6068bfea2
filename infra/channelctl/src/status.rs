//! A stack's state on one screen, with the next step; and the versions of stack and program.

use std::io::Write;

use channel_connection::hook_report::{LastProbe, Settings};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    cloudwatch::{self, Alarm, LastCheck},
    doctor::{self, Finding},
    numbers::table::{NumberCount, Table},
    outcome::{Failure, Outcome},
    registration, secrets,
    stack::Stack,
    terminal::{self, DOUBTFUL, GOOD, ago, coloured},
};

/// The alias that takes HubSpot's requests.
const LIVE: &str = "live";
const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit that was built, which `make channelctl` gives.
const COMMIT: Option<&str> = option_env!("CHANNELCTL_COMMIT");

/// The version of numbers-webhook that takes the requests, and the one on its way.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    live: u64,
    next: Option<u64>,
    /// The next version's part of the requests, from 0 to 1.
    next_weight: Option<f64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status<'a> {
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
    alarms: Option<Vec<Alarm>>,
    credential: Option<&'a str>,
    api_version: &'a str,
    numbers: Option<NumberCount>,
    client_secret_changed_at: Option<Timestamp>,
    /// Doctor's, less those that are well.
    findings: Vec<Finding>,
    next: Option<String>,
}

/// Prints a stack's state.
pub async fn show(stack: &Stack, as_json: bool) -> Result<Outcome, Failure> {
    let table = Table::of(stack)?;
    let (report, version, numbers, secret, last_check, alarms) = tokio::join!(
        registration::status(stack, "channelctl status"),
        live_version(stack),
        table.count(),
        secrets::client_secret_changed_at(stack),
        cloudwatch::last_check(stack),
        cloudwatch::alarms(stack),
    );
    let report = report?;
    let of_report = doctor::of_report(stack, &report, None);
    let [credential, _, registered, webhook, release, _] = of_report.each_ref().map(Finding::text);
    let of_alarms = doctor::of_alarms(stack, &alarms);
    let alarm_texts: Vec<_> = of_alarms.iter().map(Finding::text).collect();
    let mut findings = vec![doctor::stack_state(stack)];
    findings.extend(of_report);
    findings.extend(of_alarms);
    findings.extend(doctor::of_last_check(&last_check));
    findings.retain(|finding| !finding.is_ok());
    let status = Status {
        stack: &stack.target.stack,
        cloud_formation: &stack.status,
        deployed_at: stack.deployed_at,
        version,
        url: &report.expected.url,
        registered: report.registered.as_ref(),
        is_ready: report.is_ready,
        drift: report.drift,
        last_probe: &report.last_probe,
        last_check: last_check.as_ref().ok().cloned().flatten(),
        alarms: alarms.ok(),
        credential: report.credential.as_deref(),
        api_version: &report.api_version,
        numbers: numbers.ok(),
        client_secret_changed_at: secret,
        findings,
        next: doctor::next_step(stack, &report),
    };
    terminal::print(as_json, &status, || {
        let deployed = status.deployed_at.map(|time| format!(", {}", ago(time)));
        let deployed = deployed.unwrap_or_default();
        let last_check = match &last_check {
            Ok(Some(check)) => check.text(),
            Ok(None) => "none in a day".into(),
            Err(_) => or_unknown(None),
        };
        let numbers = status.numbers.map(|count| count.to_string());
        let changed = secret.map(|time| format!("changed {}", ago(time)));
        let deployed = format!("{}: {}{deployed}", status.stack, stack.status);
        let version = status.version.as_ref().map(Version::text);
        let next = status.next.clone();
        terminal::print_pairs([
            ("stack", deployed),
            ("version", or_unknown(version)),
            ("webhook", status.url.to_owned()),
            ("registered", registered),
            ("isReady", release),
            ("verified", webhook),
            ("last check", last_check),
            ("alarms", alarm_texts.join(" ")),
            ("credential", credential),
            ("numbers", or_unknown(numbers)),
            ("secret", or_unknown(changed)),
            ("next", next.unwrap_or_else(|| "nothing".into())),
        ])
    })?;
    Ok(Outcome::of(status.findings.iter().any(Finding::is_error)))
}

async fn live_version(stack: &Stack) -> Option<Version> {
    let request = aws_sdk_lambda::Client::new(&stack.target.aws)
        .get_alias()
        .function_name(stack.output("NumbersWebhookFunction").ok()?)
        .name(LIVE);
    let alias = request.send().await.ok()?;
    let routing = alias.routing_config;
    let weights = routing.and_then(|routing| routing.additional_version_weights);
    let next = weights.unwrap_or_default().into_iter().next();
    Some(Version {
        live: alias.function_version?.parse().ok()?,
        next: next.as_ref().and_then(|(version, _)| version.parse().ok()),
        next_weight: next.map(|(_, weight)| weight),
    })
}

fn or_unknown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "unknown".into())
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

/// The document of version.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProgramVersion<'a> {
    version: &'static str,
    commit: Option<&'static str>,
    stack: Option<StackVersion<'a>>,
    matches: Option<bool>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct StackVersion<'a> {
    name: &'a str,
    version: Option<&'a str>,
    deploy_id: Option<&'a str>,
    deployed_at: Option<Timestamp>,
    webhook_version: Option<Version>,
}

/// Prints this program's version and, where one is named, the stack's, and whether they match.
pub async fn show_version(stack: Option<&Stack>, as_json: bool) -> Result<Outcome, Failure> {
    let stack = match stack {
        Some(stack) => Some(StackVersion {
            name: &stack.target.stack,
            version: stack.output("Version").ok(),
            deploy_id: stack.parameter("DeployId"),
            deployed_at: stack.deployed_at,
            webhook_version: live_version(stack).await,
        }),
        None => None,
    };
    let deployed = stack.as_ref().and_then(|stack| stack.version);
    let matches = COMMIT.zip(deployed).map(|(own, deployed)| own == deployed);
    let document = ProgramVersion {
        version: PROGRAM_VERSION,
        commit: COMMIT,
        stack,
        matches,
    };
    terminal::print(as_json, &document, || {
        let mut output = terminal::output();
        let commit = COMMIT.unwrap_or("of an unknown commit");
        writeln!(output, "channelctl {PROGRAM_VERSION} ({commit})")?;
        let Some(stack) = &document.stack else {
            return Ok(());
        };
        let verdict = match matches {
            Some(true) => coloured(GOOD, "the same as this program"),
            Some(false) => coloured(DOUBTFUL, "another than this program"),
            None => "cannot be compared".into(),
        };
        let (name, deployed) = (stack.name, deployed.unwrap_or("unknown"));
        let webhook = or_unknown(stack.webhook_version.as_ref().map(Version::text));
        writeln!(
            output,
            "{name}: version {deployed} ({verdict}), webhook version {webhook}"
        )
    })?;
    Ok(Outcome::Done)
}
