//! A reason that a user does not see a number, and what fixes it.

use serde::Serialize;

use crate::{doctor::Severity, outcome::Failure};

/// A cause, by its name in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Deserialize))]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    HookFailed,
    RegistrationUnknown,
    NotRegistered,
    OtherUrl,
    NotReleased,
    CallingSettingsUnknown,
    CallingSettingsAbsent,
    InboundCallingUnsupported,
    CallingNotReady,
    WebhookFailed,
    ResponseInvalid,
    WebhookUnverified,
    TableUnreadable,
    PortalEmpty,
    InOtherPortal,
    HiddenFromUser,
    InvalidUserIds,
    NotInTable,
    BadRow,
    HasExtension,
    NameCut,
    BeyondResponse,
    NotAnswered,
    RequestsRefused,
    NoRequests,
    LogUnreadable,
}

/// A cause as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reason {
    pub cause: Cause,
    pub severity: Severity,
    /// A clause, for the verdict.
    pub summary: String,
    pub detail: String,
    /// The command that fixes it.
    pub fix: Option<String>,
}

impl Reason {
    /// Makes a reason that hides numbers, or keeps them from being selected.
    pub fn new(
        cause: Cause,
        summary: impl Into<String>,
        detail: impl Into<String>,
        fix: impl Into<Option<String>>,
    ) -> Self {
        Self {
            cause,
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            fix: fix.into(),
        }
    }

    pub fn failed(cause: Cause, summary: &str, failure: &Failure) -> Self {
        Self::new(cause, summary, &failure.message, failure.next.clone())
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Makes it a reason that may hide numbers.
    #[must_use]
    pub fn warning(self) -> Self {
        Self {
            severity: Severity::Warning,
            ..self
        }
    }
}
