//! What doctor found out about one thing, and what fixes it.

use std::io::{self, Write};

use serde::Serialize;

use crate::{
    ending::Ending,
    terminal::{self, DOUBTFUL, GOOD, WRONG, coloured},
};

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    about: &'static str,
    verdict: Verdict,
    found: String,
    /// The command, or the step, that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As it should be.
    Right,
    /// Worth a look.
    Doubtful,
    /// Not as it should be.
    Wrong,
}

/// What was found so far; each is printed as it comes, or all together as JSON.
#[derive(Debug)]
pub struct Findings {
    all: Vec<Finding>,
    as_json: bool,
}

impl Findings {
    /// Starts without any.
    pub fn new(as_json: bool) -> Self {
        Self {
            all: Vec::new(),
            as_json,
        }
    }

    /// Takes a finding in.
    pub fn add(&mut self, finding: Finding) -> io::Result<()> {
        if !self.as_json {
            finding.print()?;
        }
        self.all.push(finding);
        Ok(())
    }

    /// Says how it ends: something is wrong as soon as one thing is.
    pub fn finish(self) -> io::Result<Ending> {
        if self.as_json {
            terminal::print_json(&self.all)?;
        }
        Ok(if self.all.iter().any(Finding::is_wrong) {
            Ending::SomethingWrong
        } else {
            Ending::Done
        })
    }
}

/// Says that something is as it should be.
pub fn right(about: &'static str, found: impl Into<String>) -> Finding {
    finding(about, Verdict::Right, found, None)
}

/// Says that something is worth a look.
pub fn doubtful(about: &'static str, found: impl Into<String>, fix: Option<String>) -> Finding {
    finding(about, Verdict::Doubtful, found, fix)
}

/// Says that something is not as it should be.
pub fn wrong(about: &'static str, found: impl Into<String>, fix: Option<String>) -> Finding {
    finding(about, Verdict::Wrong, found, fix)
}

fn finding(
    about: &'static str,
    verdict: Verdict,
    found: impl Into<String>,
    fix: Option<String>,
) -> Finding {
    Finding {
        about,
        verdict,
        found: found.into(),
        fix,
    }
}

impl Finding {
    /// Returns what was found, in words.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// Tells whether it is not as it should be.
    pub fn is_wrong(&self) -> bool {
        self.verdict == Verdict::Wrong
    }

    /// Tells whether it is as it should be.
    pub fn is_right(&self) -> bool {
        self.verdict == Verdict::Right
    }

    /// Returns the command, or the step, that fixes it.
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_deref()
    }

    fn print(&self) -> io::Result<()> {
        let mark = match self.verdict {
            Verdict::Right => coloured(GOOD, "ok   "),
            Verdict::Doubtful => coloured(DOUBTFUL, "look "),
            Verdict::Wrong => coloured(WRONG, "wrong"),
        };
        writeln!(
            terminal::output(),
            "{mark} {:<14} {}",
            self.about,
            self.found
        )?;
        if let Some(fix) = &self.fix {
            writeln!(terminal::output(), "{:<20} fix it: {fix}", "")?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Finding;

    #[track_caller]
    pub(crate) fn assert_found(finding: &Finding, found: &str, fix: Option<&str>) {
        assert!(finding.found().contains(found), "{finding:?}");
        assert_eq!(finding.fix(), fix, "{finding:?}");
    }
}
