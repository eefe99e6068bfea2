//! Who changed what HubSpot holds, from what to what, and why: one event in the log for each write.

use serde_json::json;

use crate::{api_error::CorrelationId, register_error::Cause, settings_api::Settings};

/// The longest reason that is taken over from an operator, in characters.
const MAX_REASON: usize = 200;

/// On whose behalf settings are written.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    who: String,
    why: String,
}

impl Audit {
    /// Names who writes, and why.
    pub(crate) fn new(who: impl Into<String>, why: &str) -> Self {
        Self {
            who: who.into(),
            why: why.chars().take(MAX_REASON).collect(),
        }
    }

    /// Logs one write; after an error it may or may not have been done.
    pub(crate) fn log(
        &self,
        before: &Settings,
        after: &Settings,
        outcome: Result<&CorrelationId, &Cause>,
    ) {
        let Self { who, why } = self;
        let (before, after) = (json!(before).to_string(), json!(after).to_string());
        match outcome {
            Ok(id) => {
                tracing::info!(audit = true, who, why, before, after, correlation_id = %id, "settings written");
            }
            Err(error) => {
                tracing::warn!(audit = true, who, why, before, after, %error, "settings perhaps not written");
            }
        }
    }
}
