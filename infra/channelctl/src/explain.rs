//! Explains why a user does not see a number in HubSpot, or that they should.

pub mod app;
pub mod facts;
pub mod log;
pub mod reason;
pub mod rows;
#[cfg(test)]
mod tests;

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use channel_connection::{
    ids::{PortalId, UserId},
    phone_number::NumberKey,
};
use clap::Args;
use serde_json::json;

use crate::{
    doctor::Severity,
    explain::{
        facts::{Facts, Question},
        reason::{Cause, Reason},
        rows::Rows,
    },
    numbers::{import, phone},
    outcome::{Failure, Outcome},
    stack::Stack,
    terminal::{self, DOUBTFUL, GOOD, WRONG, coloured, counted, escape},
};

/// Columns of a line.
const WIDTH: usize = 80;
const INDENT: &str = "       ";
const UNKNOWN: &str = "Not known here: whether the number is connected already, and so not offered \
                       again. The portal's own access token, piped in, may show it:";
/// What is looked at, and the first and last of its causes.
const SUBJECTS: [(&str, Cause, Cause); 4] = [
    ("the app", Cause::HookFailed, Cause::CallingNotReady),
    (
        "the webhook's answer now",
        Cause::WebhookFailed,
        Cause::WebhookUnverified,
    ),
    (
        "the numbers table",
        Cause::TableUnreadable,
        Cause::NotAnswered,
    ),
    (
        "a day's requests",
        Cause::RequestsRefused,
        Cause::LogUnreadable,
    ),
];

/// Who does not see what.
#[derive(Debug, Clone, Args)]
pub struct ExplainOptions {
    /// Customer's HubSpot account
    #[arg(long)]
    portal: PortalId,
    /// Person who looks at the list
    #[arg(long)]
    user: Option<UserId>,
    /// Number, like +18001231234; without a value, it is asked for
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    number: Option<String>,
}

/// Gathers the facts, and prints the verdict and its reasons.
pub async fn explain(
    stack: &Stack,
    options: &ExplainOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let question = Question {
        portal: options.portal,
        user: options.user,
        number: options.number.as_deref().map(number).transpose()?,
    };
    let facts = Box::pin(Facts::gather(stack, question)).await;
    let reasons = reasons(&facts);
    let verdict = verdict(&facts, &reasons);
    let fine: Vec<_> = fine(&reasons).collect();
    let Question { portal, user, .. } = facts.question;
    let number = facts.question.number.as_ref().map(ToString::to_string);
    let document = json!({
        "stack": stack.target.stack, "portalId": portal, "userId": user, "number": number,
        "verdict": verdict, "reasons": reasons, "fine": fine,
    });
    terminal::print(as_json, &document, || {
        print(&facts, &verdict, &reasons, &fine)
    })?;
    Ok(if reasons.iter().any(Reason::is_error) {
        Outcome::Findings
    } else {
        Outcome::Done
    })
}

fn number(text: &str) -> Result<NumberKey, Failure> {
    let typed = if text.is_empty() {
        import::ask_for_line()?
    } else {
        text.to_owned()
    };
    if !typed.trim_start().starts_with('+') {
        let without_country = "Write the number with + and its country code, like +18001231234.";
        return Err(Failure::usage(without_country));
    }
    let parsed = phone::parse(&typed, "", None);
    parsed.map_err(|error| Failure::usage(format!("The number {error}.")))
}

/// Returns the reasons in the order in which HubSpot meets them.
fn reasons(facts: &Facts<'_>) -> Vec<Reason> {
    let (rows, mut reasons) = (Rows::sort(facts), Vec::new());
    app::registration(facts, &mut reasons);
    app::calling_settings(facts, &mut reasons);
    app::webhook(facts, &mut reasons);
    rows.of_portal(facts, &mut reasons);
    rows.of_user(facts, &mut reasons);
    rows.of_number(facts, &mut reasons);
    log::requests(facts, &mut reasons);
    reasons
}

/// Says in a sentence who sees what, and the first reason that they do not.
fn verdict(facts: &Facts<'_>, reasons: &[Reason]) -> String {
    let Question {
        portal,
        user,
        number,
    } = &facts.question;
    let who = match user {
        Some(user) => format!("User {user} of portal {portal}"),
        None => format!("A user of portal {portal}"),
    };
    let errors: Vec<_> = reasons.iter().filter(|one| one.is_error()).collect();
    let of_rows = Cause::HiddenFromUser..=Cause::NotAnswered;
    let sees = match number {
        Some(number) if reasons.is_empty() => format!("sees {number}"),
        // A warning may be a reason too.
        Some(number) if errors.is_empty() => format!("should see {number}"),
        Some(number) if errors.iter().all(|one| one.cause == Cause::HasExtension) => {
            format!("sees {number}, but cannot select it")
        }
        // It may have been another portal's request.
        Some(number) if errors.iter().all(|one| one.cause == Cause::RequestsRefused) => {
            format!("may not see {number}")
        }
        Some(number) => format!("does not see {number}"),
        // A row hides itself alone.
        None if errors.iter().all(|one| of_rows.contains(&one.cause)) => {
            let numbers = facts
                .answer
                .iter()
                .map(|answer| answer.numbers.len() as u64);
            let but = if errors.is_empty() {
                ""
            } else {
                ", but not all"
            };
            format!("sees {}{but}", counted(numbers.sum(), "number"))
        }
        None => "sees no number".into(),
    };
    match errors.as_slice() {
        [] => format!("{who} {sees}."),
        [one] => format!("{who} {sees}: {}.", one.summary),
        [first, more @ ..] => {
            let more = counted(more.len() as u64, "more reason");
            format!("{who} {sees}: {}, and {more}.", first.summary)
        }
    }
}

/// Names what was looked at and is as it should be.
fn fine(reasons: &[Reason]) -> impl Iterator<Item = &'static str> {
    let is_fine = |first, last| {
        let causes = first..=last;
        !reasons.iter().any(|one| causes.contains(&one.cause))
    };
    let subjects = SUBJECTS.into_iter();
    subjects.filter_map(move |(name, first, last)| is_fine(first, last).then_some(name))
}

fn print(facts: &Facts<'_>, verdict: &str, reasons: &[Reason], fine: &[&str]) -> io::Result<()> {
    let mut output = terminal::output();
    let is_well = !reasons.iter().any(Reason::is_error);
    let style = if is_well { GOOD } else { WRONG };
    writeln!(output, "{}\n", coloured(style, &wrapped(verdict, "")))?;
    for reason in reasons {
        let mark = match reason.severity {
            Severity::Error => coloured(WRONG, "wrong"),
            _ => coloured(DOUBTFUL, "look "),
        };
        let mut summary = reason.summary.clone();
        if let Some(first) = summary.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        writeln!(output, "{mark}  {}.", wrapped(&summary, INDENT))?;
        writeln!(output, "{INDENT}{}", wrapped(&reason.detail, INDENT))?;
        if let Some(fix) = &reason.fix {
            writeln!(output, "{INDENT}fix: {}", escape(fix))?;
        }
        writeln!(output)?;
    }
    if !fine.is_empty() {
        let fine = format!("Looked at, and fine: {}.", fine.join(", "));
        writeln!(output, "{}", wrapped(&fine, ""))?;
    }
    if reasons.iter().any(|one| {
        one.fix
            .as_ref()
            .is_some_and(|fix| fix.contains("numbers set"))
    }) {
        writeln!(output, "`numbers set` asks for the number.")?;
    }
    if is_well {
        let connected = format!("numbers connected --portal {}", facts.question.portal);
        let connected = facts.stack.command(&connected);
        writeln!(output, "{}\n  {connected}", wrapped(UNKNOWN, ""))?;
    }
    Ok(())
}

/// Breaks a text into lines, each but the first behind an indent.
fn wrapped(text: &str, indent: &str) -> String {
    let (mut lines, mut width) = (String::new(), indent.len());
    for word in escape(text).split(' ') {
        let length = word.chars().count();
        if width + 1 + length > terminal::width(WIDTH) && !lines.is_empty() {
            let _ = write!(lines, "\n{indent}");
            width = indent.len();
        } else if !lines.is_empty() {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}
