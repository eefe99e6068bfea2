//! A finding: what was looked at, how it is, and the command that fixes it.

use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;

use crate::{
    outcome::Failure,
    terminal::{self, DOUBTFUL, GOOD, WRONG, coloured},
};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    check: &'static str,
    severity: Severity,
    message: String,
    /// The command that fixes it.
    pub(super) fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    Ok,
    Warning,
    Error,
}

pub(super) fn error(
    check: &'static str,
    message: impl Into<String>,
    fix: impl Into<Option<String>>,
) -> Finding {
    Finding {
        check,
        severity: Severity::Error,
        message: message.into(),
        fix: fix.into(),
    }
}

pub(super) fn warning(
    check: &'static str,
    message: impl Into<String>,
    fix: impl Into<Option<String>>,
) -> Finding {
    Finding {
        severity: Severity::Warning,
        ..error(check, message, fix)
    }
}

pub(super) fn ok(check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Ok,
        ..error(check, message, None)
    }
}

pub(super) fn failure(check: &'static str, failure: Failure) -> Finding {
    error(check, failure.message, failure.next)
}

impl From<Finding> for Failure {
    fn from(finding: Finding) -> Self {
        Self::failed(finding.message).then(finding.fix)
    }
}

impl Finding {
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub fn is_ok(&self) -> bool {
        self.severity == Severity::Ok
    }

    /// Returns the message in the colour of its severity.
    pub fn text(&self) -> String {
        coloured(self.severity.style().0, &self.message)
    }

    pub(super) fn print(&self) -> io::Result<()> {
        let (style, mark) = self.severity.style();
        let (mark, mut output) = (coloured(style, mark), terminal::output());
        writeln!(output, "{mark} {:<14} {}", self.check, self.message)?;
        if let Some(fix) = &self.fix {
            writeln!(output, "{:<20} fix it: {fix}", "")?;
        }
        Ok(())
    }
}

impl Severity {
    /// Returns the colour, and the word that begins a line.
    pub fn style(self) -> (Style, &'static str) {
        match self {
            Self::Ok => (GOOD, "ok   "),
            Self::Warning => (DOUBTFUL, "look "),
            Self::Error => (WRONG, "wrong"),
        }
    }
}
