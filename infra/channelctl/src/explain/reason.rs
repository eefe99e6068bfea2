//! A reason that a user does not see a number, and what fixes it.

use serde::Serialize;

use crate::{doctor::Severity, outcome::Failure};

/// A cause as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Its name in the JSON schema.
    pub cause: &'static str,
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
        cause: &'static str,
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

    pub fn failed(cause: &'static str, summary: &str, failure: &Failure) -> Self {
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
