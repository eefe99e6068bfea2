//! How a stack stands, on one screen, and what to do next.

use anstyle::Style;
use aws_sdk_lambda::Client;
use serde::Serialize;

use crate::{
    clock,
    doctor::{diagnosis, finding::Finding, stack_state},
    ending::{Ending, Failure},
    hook::{self, LastProbe, Registered},
    numbers::table::{Census, Table},
    secrets,
    stack::Stack,
    terminal::{self, DOUBTFUL, GOOD, WRONG, coloured, counted},
};

/// The alias that takes HubSpot's requests.
const LIVE: &str = "live";

/// How a stack stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    stack: String,
    cloud_formation: String,
    deployed: Option<String>,
    version: Option<String>,
    url: String,
    registered: Option<Registered>,
    is_ready: Option<bool>,
    drift: Option<bool>,
    last_probe: LastProbe,
    credential: Option<String>,
    api_version: String,
    numbers: Option<Census>,
    client_secret_changed: Option<String>,
    /// What doctor would list of it, less what is right.
    findings: Vec<Finding>,
    next: String,
}

/// Prints a stack's state; its findings are those of doctor.
pub async fn show(stack: &Stack, as_json: bool) -> Result<Ending, Failure> {
    let table = Table::of(stack)?;
    let (report, version, numbers, secret) = tokio::join!(
        hook::status(stack, "channelctl status"),
        live_version(stack),
        table.census(),
        secrets::client_secret_changed(stack),
    );
    let report = report?;
    let mut findings = vec![stack_state::examine(stack)];
    findings.extend(diagnosis::of_report(stack, &report, None));
    findings.retain(|finding| !finding.is_right());
    let status = Status {
        stack: stack.target.stack.clone(),
        cloud_formation: stack.status.clone(),
        deployed: stack.changed.map(|time| time.to_string()),
        version,
        url: report.expected.url.clone(),
        registered: report.registered.clone(),
        is_ready: report.ready,
        drift: report.drift,
        last_probe: report.last_probe.clone(),
        credential: report.credential.clone(),
        api_version: report.api_version.clone(),
        numbers: numbers.ok(),
        client_secret_changed: secret.map(clock::ago),
        findings,
        next: diagnosis::next_step(stack, &report),
    };
    if as_json {
        terminal::print_json(&status)?;
    } else {
        terminal::print_pairs(status.lines(stack))?;
    }
    Ok(if status.findings.iter().any(Finding::is_wrong) {
        Ending::SomethingWrong
    } else {
        Ending::Done
    })
}

/// Says which version of numbers-webhook takes the requests, and which is on its way.
pub async fn live_version(stack: &Stack) -> Option<String> {
    let asked = Client::new(&stack.target.aws)
        .get_alias()
        .function_name(stack.output("NumbersWebhookFunction").ok()?)
        .name(LIVE);
    let alias = asked.send().await.ok()?;
    let version = alias.function_version?;
    let routing = alias
        .routing_config
        .and_then(|routing| routing.additional_version_weights);
    let candidate = routing.unwrap_or_default().into_iter().next();
    Some(match candidate {
        Some((next, weight)) => format!(
            "{version}, and {:.0} % of requests to {next}",
            weight * 100.0
        ),
        None => version,
    })
}

fn or_unknown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "unknown".into())
}

impl Status {
    fn lines(&self, stack: &Stack) -> Vec<(&'static str, String)> {
        let deployed = stack.changed.map(|time| format!(", {}", clock::ago(time)));
        vec![
            (
                "stack",
                format!(
                    "{}: {}{}",
                    self.stack,
                    self.cloud_formation,
                    deployed.unwrap_or_default()
                ),
            ),
            ("version", or_unknown(self.version.clone())),
            ("webhook", self.url.clone()),
            ("registered", self.registration()),
            ("isReady", self.readiness()),
            ("verified", self.verified()),
            (
                "credential",
                format!(
                    "{}, API {}",
                    self.credential.as_deref().unwrap_or("none"),
                    self.api_version
                ),
            ),
            (
                "numbers",
                or_unknown(self.numbers.map(|census| census.to_string())),
            ),
            (
                "secret",
                or_unknown(
                    self.client_secret_changed
                        .as_ref()
                        .map(|ago| format!("changed {ago}")),
                ),
            ),
            ("next", self.next.clone()),
        ]
    }

    fn registration(&self) -> String {
        let (style, text) = match (&self.registered, self.drift) {
            (Some(held), Some(true)) => (WRONG, format!("{}, which is not this stack's", held.url)),
            (Some(held), _) => (GOOD, held.url.clone()),
            (None, Some(_)) => (WRONG, "nothing".into()),
            (None, None) => (WRONG, "unknown".into()),
        };
        coloured(style, &text)
    }

    fn readiness(&self) -> String {
        let (style, text): (Style, _) = match self.is_ready {
            Some(true) => (GOOD, "true: every customer can select the app"),
            Some(false) => (
                DOUBTFUL,
                "false: only people who set the flag in their browser can select the app",
            ),
            None => (WRONG, "unknown"),
        };
        coloured(style, text)
    }

    fn verified(&self) -> String {
        let LastProbe {
            verified,
            numbers,
            milliseconds,
            reason,
        } = &self.last_probe;
        if !verified {
            let reason = reason.as_deref().unwrap_or("no reason was given");
            return coloured(WRONG, &format!("no: {reason}"));
        }
        let (numbers, milliseconds) = (
            counted(numbers.unwrap_or_default(), "number"),
            milliseconds.unwrap_or_default(),
        );
        coloured(
            GOOD,
            &format!("just now, in {milliseconds} ms, with {numbers}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::tests::{URL, report};

    /// The status of a stack of which AWS tells nobody more than the hook does.
    fn status(stack: &Stack) -> Status {
        let report = report(Some((URL, true)));
        Status {
            stack: stack.target.stack.clone(),
            cloud_formation: stack.status.clone(),
            deployed: None,
            version: None,
            url: report.expected.url,
            registered: report.registered,
            is_ready: report.ready,
            drift: report.drift,
            last_probe: LastProbe {
                numbers: Some(1),
                ..report.last_probe
            },
            credential: report.credential,
            api_version: report.api_version,
            numbers: None,
            client_secret_changed: None,
            findings: Vec::new(),
            next: "nothing".into(),
        }
    }

    #[test]
    fn what_aws_does_not_tell_is_unknown_on_the_screen_and_null_in_json() {
        let stack = Stack::in_state("UPDATE_COMPLETE");
        let status = status(&stack);
        let lines = status.lines(&stack);
        let json = serde_json::to_value(&status).unwrap();
        for (name, field) in [
            ("version", "version"),
            ("numbers", "numbers"),
            ("secret", "clientSecretChanged"),
        ] {
            assert!(lines.contains(&(name, "unknown".into())), "{lines:?}");
            assert_eq!(json[field], serde_json::Value::Null);
        }
    }

    #[test]
    fn one_number_is_counted_as_one() {
        let verified = status(&Stack::in_state("UPDATE_COMPLETE")).verified();
        assert!(verified.contains("in 41 ms, with 1 number"), "{verified}");
        assert!(!verified.contains("numbers"), "{verified}");
    }
}
