//! How a stack stands, on one screen, and what to do next.

use anstyle::Style;
use aws_sdk_lambda::Client;
use serde::Serialize;

use crate::{
    aws_error::AwsError,
    clock,
    ending::{Ending, Failure},
    hook::{self, LastProbe, Registered},
    next_step,
    numbers::{census::Census, table::Table},
    registration, secrets,
    stack::Stack,
    terminal::{self, DOUBTFUL, GOOD, WRONG, coloured},
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
    version: String,
    url: String,
    registered: Option<Registered>,
    is_ready: Option<bool>,
    drift: Option<bool>,
    last_probe: LastProbe,
    credential: Option<String>,
    api_version: String,
    numbers: Option<Census>,
    client_secret_changed: Option<String>,
    next: String,
}

/// Prints how a stack stands; something is wrong where HubSpot holds another URL or the webhook is
/// not proved.
pub async fn show(stack: &Stack, as_json: bool) -> Result<Ending, Failure> {
    let asked = registration::request("status", None, "channelctl status");
    let table = Table::of(stack)?;
    let (report, version, numbers, secret) = tokio::join!(
        hook::act(stack, &asked),
        live_version(stack),
        table.census(),
        secrets::client_secret_changed(stack),
    );
    let report = report?;
    let status = Status {
        stack: stack.target.stack.clone(),
        cloud_formation: stack.status.clone(),
        deployed: stack.changed.map(|time| time.to_string()),
        version: version.unwrap_or_else(|error| error.to_string()),
        url: report.expected.url.clone(),
        registered: report.registered.clone(),
        is_ready: report.ready,
        drift: report.drift,
        last_probe: report.last_probe.clone(),
        credential: report.credential.clone(),
        api_version: report.api_version.clone(),
        numbers: numbers.ok(),
        client_secret_changed: secret.ok().flatten().map(clock::ago),
        next: next_step::next_step(stack, &report),
    };
    if as_json {
        terminal::print_json(&status)?;
    } else {
        terminal::print_pairs(status.lines(stack))?;
    }
    let right = status.drift == Some(false) && status.last_probe.proved;
    Ok(if right {
        Ending::Done
    } else {
        Ending::SomethingWrong
    })
}

/// Says which version of numbers-webhook takes the requests, and which is on its way.
async fn live_version(stack: &Stack) -> Result<String, Failure> {
    let asked = Client::new(&stack.target.aws)
        .get_alias()
        .function_name(stack.output("NumbersWebhookFunction")?)
        .name(LIVE);
    let alias = asked.send().await;
    let alias = alias.map_err(|error| AwsError::new("look at the alias live", &error))?;
    let version = alias.function_version.unwrap_or_else(|| "unknown".into());
    let routing = alias
        .routing_config
        .and_then(|routing| routing.additional_version_weights);
    let candidate = routing.unwrap_or_default().into_iter().next();
    Ok(match candidate {
        Some((next, weight)) => format!(
            "{version}, and {:.0} % of requests to {next}",
            weight * 100.0
        ),
        None => version,
    })
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
            ("version", self.version.clone()),
            ("webhook", self.url.clone()),
            ("registered", self.registration()),
            ("isReady", self.readiness()),
            ("proof", self.proof()),
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
                self.numbers
                    .map_or_else(|| "unknown".into(), |census| census.to_string()),
            ),
            (
                "secret",
                self.client_secret_changed
                    .clone()
                    .map_or_else(|| "unknown".into(), |ago| format!("changed {ago}")),
            ),
            ("next", self.next.clone()),
        ]
    }

    fn registration(&self) -> String {
        let (style, text) = match (&self.registered, self.drift) {
            (Some(held), Some(true)) => (WRONG, format!("{}, which is another", held.url)),
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

    fn proof(&self) -> String {
        let LastProbe {
            proved,
            numbers,
            milliseconds,
            reason,
        } = &self.last_probe;
        if !proved {
            let reason = reason.as_deref().unwrap_or("no reason was given");
            return coloured(WRONG, &format!("not proved: {reason}"));
        }
        let (numbers, milliseconds) = (
            numbers.unwrap_or_default(),
            milliseconds.unwrap_or_default(),
        );
        coloured(
            GOOD,
            &format!("just now, in {milliseconds} ms, with {numbers} numbers"),
        )
    }
}
