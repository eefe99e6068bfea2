//! What an operator is answered.

use channel_connection::settings::ChannelConnectionSettings;
use serde::Serialize;

use crate::{
    action::Action,
    config::Target,
    hook_error::HookError,
    probe::{ProbeError, Proof},
    settings_api::Settings,
};

/// What became of an action, and how things stand after it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    action: &'static str,
    /// Whether it was done.
    done: bool,
    /// What was done, or why not and what to do.
    outcome: String,
    app_id: i64,
    api_version: &'static str,
    expected: Expected,
    #[serde(flatten)]
    registration: RegistrationReport,
    last_probe: LastProbe,
}

#[derive(Debug, Serialize)]
struct Expected {
    url: String,
}

/// What HubSpot holds, as far as it could be asked.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistrationReport {
    /// The kind that HubSpot is asked with; null where there is no usable one.
    credential: Option<&'static str>,
    /// Whether HubSpot took it.
    ///
    /// False where it is missing, unusable or refused, null where HubSpot could not be asked.
    credential_usable: Option<bool>,
    /// What HubSpot holds; null where it holds nothing, or could not be asked.
    registered: Option<ChannelConnectionSettings>,
    /// Whether that differs from what is expected; null where HubSpot could not be asked.
    drift: Option<bool>,
    /// Whether every customer can select the app; null where HubSpot could not be asked.
    ready: Option<bool>,
}

/// What the webhook answered just now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastProbe {
    proved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Report {
    /// Puts together what is told of an action.
    pub(crate) fn new(
        action: Action,
        outcome: Result<String, String>,
        target: &Target,
        registration: RegistrationReport,
        last_probe: LastProbe,
    ) -> Self {
        Self {
            action: action.name(),
            done: outcome.is_ok(),
            outcome: outcome.unwrap_or_else(|reason| reason),
            app_id: target.app_id.get(),
            api_version: target.api_version.name(),
            expected: Expected {
                url: target.url.as_str().to_owned(),
            },
            registration,
            last_probe,
        }
    }
}

impl RegistrationReport {
    /// Tells no more than what HubSpot was asked with, and whether that is why it did not tell.
    pub(crate) fn unknown(credential: Option<&'static str>, error: &HookError) -> Self {
        Self {
            credential,
            credential_usable: error.is_of_credential().then_some(false),
            ..Self::default()
        }
    }

    /// Compares what is held with what is expected.
    pub(crate) fn new(credential: &'static str, target: &Target, held: Settings) -> Self {
        let url = held.as_ref().map(|held| held.url.as_str());
        Self {
            credential: Some(credential),
            credential_usable: Some(true),
            drift: Some(url != Some(target.url.as_str())),
            ready: Some(held.as_ref().is_some_and(|held| held.is_ready)),
            registered: held,
        }
    }
}

impl From<Result<Proof, ProbeError>> for LastProbe {
    fn from(outcome: Result<Proof, ProbeError>) -> Self {
        match outcome {
            Ok(proof) => Self {
                proved: true,
                numbers: Some(proof.numbers),
                milliseconds: Some(proof.milliseconds),
                reason: None,
            },
            Err(error) => Self::failed(&error),
        }
    }
}

impl LastProbe {
    /// Tells why there is no proof.
    pub(crate) fn failed(reason: &impl ToString) -> Self {
        Self {
            proved: false,
            numbers: None,
            milliseconds: None,
            reason: Some(reason.to_string()),
        }
    }
}
