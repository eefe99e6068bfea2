//! The deploy-hook function, asked to act: it alone writes to HubSpot.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_lambda::{
    Client, Config,
    config::{Builder, retry::RetryConfig},
    primitives::Blob,
};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    aws_error::AwsError,
    stack::{Stack, StackError},
    target,
};

/// What an operator asks for: the function takes it as its event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Like `release`.
    pub action: &'static str,
    /// For the function's log.
    pub reason: String,
    /// With `register`: true, false or keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_ready: Option<&'static str>,
}

/// What became of an action, and how things stand after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What was asked for.
    pub action: String,
    /// Whether it was done.
    pub done: bool,
    /// What was done, or why not and what to do.
    pub outcome: String,
    /// The app.
    pub app_id: i64,
    /// The version of HubSpot's API.
    pub api_version: String,
    /// What this stack would register.
    pub expected: Expected,
    /// The kind of credential that HubSpot was asked with.
    pub credential: Option<String>,
    /// Whether HubSpot took it; `false` where it is missing, unusable or refused, none where HubSpot
    /// could not be asked.
    pub credential_usable: Option<bool>,
    /// What HubSpot holds; none where it holds nothing, or could not be asked.
    pub registered: Option<Registered>,
    /// Whether that differs from what is expected; none where HubSpot could not be asked.
    pub drift: Option<bool>,
    /// Whether every customer can select the app; none where HubSpot could not be asked.
    pub ready: Option<bool>,
    /// What the webhook answered just now.
    pub last_probe: LastProbe,
}

/// What a stack would register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The webhook's URL.
    pub url: String,
}

/// What HubSpot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// The URL that HubSpot calls.
    pub url: String,
    /// Whether every customer can select the app.
    pub is_ready: bool,
}

/// What the webhook answered to a signed request and to forgeries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastProbe {
    /// Whether it answered each as it must.
    pub verified: bool,
    /// How many numbers it has for the probed portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<u64>,
    /// How long the signed request took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
    /// Why it is not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The reason there is no report.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The stack does not name its function.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The function could not be invoked.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The function failed.
    #[error("The deploy-hook failed: {reason}. See {logs}")]
    Failed {
        /// What it said.
        reason: String,
        /// The command that shows its log.
        logs: String,
    },
    /// The function answered something else.
    #[error(
        "The deploy-hook's response is not what this version of channelctl expects. Deploy the stack again, or use the stack's own version of channelctl."
    )]
    Answer,
}

/// Asks a stack's deploy-hook how things stand.
pub async fn status(stack: &Stack, reason: &str) -> Result<Report, HookError> {
    let request = Request {
        action: "status",
        reason: reason.to_owned(),
        is_ready: None,
    };
    act(stack, &request).await
}

/// Asks a stack's deploy-hook for an action.
pub async fn act(stack: &Stack, request: &Request) -> Result<Report, HookError> {
    let event = serde_json::to_vec(request).unwrap_or_default();
    let waiting = waiting();
    let answer = Client::from_conf(once_and_patiently(&stack.target.aws))
        .invoke()
        .function_name(stack.output("DeployHookFunction")?)
        .payload(Blob::new(event))
        .send()
        .await;
    waiting.finish_and_clear();
    let answer = answer.map_err(|error| AwsError::new("invoke the deploy-hook", &error))?;
    let said = answer.payload.map(Blob::into_inner).unwrap_or_default();
    if answer.function_error.is_some() {
        return Err(failed(stack, &said));
    }
    serde_json::from_slice(&said).map_err(|_| HookError::Answer)
}

/// Shows on a terminal that something is waited for.
fn waiting() -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message("waiting for the deploy-hook");
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Waits longer than the deploy-hook takes for an action; what may have been done is not asked twice.
fn once_and_patiently(aws: &SdkConfig) -> Config {
    Builder::from(aws)
        .retry_config(RetryConfig::disabled())
        .timeout_config(target::patience(Duration::from_secs(100)))
        .build()
}

pub(crate) fn failed(stack: &Stack, said: &[u8]) -> HookError {
    let said: Value = serde_json::from_slice(said).unwrap_or_default();
    let reason = said["errorMessage"].as_str().unwrap_or("no reason given");
    HookError::Failed {
        reason: reason.trim_end_matches('.').to_owned(),
        logs: stack.command("logs"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn an_action_is_asked_for_once_and_waited_for_longer_than_the_hook_takes() {
        let config = once_and_patiently(&Stack::in_state("UPDATE_COMPLETE").target.aws);
        let patience = config.timeout_config().unwrap();
        let functions = include_str!("../../template.yaml")
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Timeout: ")?.parse().ok());
        let longest = functions.max().map(Duration::from_secs).unwrap();
        let waited = patience.operation_attempt_timeout();
        assert_eq!(waited, Some(Duration::from_secs(100)));
        assert!(waited > Some(longest));
        assert_eq!(config.retry_config().unwrap().max_attempts(), 1);
    }

    pub(crate) const URL: &str = "https://calls.example.com/numbers";

    /// A report of a stack whose webhook is verified.
    pub(crate) fn report(registered: Option<(&str, bool)>) -> Report {
        let registered = registered.map(|(url, is_ready)| Registered {
            url: url.into(),
            is_ready,
        });
        Report {
            action: "status".into(),
            done: true,
            outcome: "See registered and lastProbe.".into(),
            app_id: 1_234_567,
            api_version: "2026-03".into(),
            expected: Expected { url: URL.into() },
            credential: Some("access token".into()),
            credential_usable: Some(true),
            drift: Some(registered.as_ref().is_none_or(|held| held.url != URL)),
            ready: Some(registered.as_ref().is_some_and(|held| held.is_ready)),
            registered,
            last_probe: LastProbe {
                verified: true,
                numbers: Some(0),
                milliseconds: Some(41),
                reason: None,
            },
        }
    }
}
