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
use serde::Serialize;

use crate::{
    explain::{
        facts::{Facts, Question},
        reason::{Cause, Reason},
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
const TABLE: &str = "the numbers table";
/// What is looked at, in the order in which HubSpot meets it.
const SUBJECTS: [(&str, Subject); 4] = [
    ("the app", app::registration),
    ("the webhook's response now", app::webhook),
    (TABLE, rows::reasons),
    ("a day's requests", log::reasons),
];

/// Looks at a subject; an error is the reason that it cannot be looked at.
type Subject = fn(&Facts<'_>) -> Result<Vec<Reason>, Reason>;

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

/// The document of explain.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation<'a> {
    stack: &'a str,
    #[cfg_attr(test, schemars(with = "std::num::NonZeroU64"))]
    portal_id: PortalId,
    #[cfg_attr(test, schemars(with = "Option<std::num::NonZeroU64>"))]
    user_id: Option<UserId>,
    number: Option<String>,
    verdict: String,
    /// In the order in which HubSpot meets them.
    reasons: Vec<&'a Reason>,
    /// What was looked at.
    fine: Vec<&'static str>,
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
    let found = reasons(&facts);
    let is_fine = |subject: &&str| found.iter().all(|(of, _)| of != subject);
    let fine = SUBJECTS.into_iter().map(|(subject, _)| subject);
    let explanation = Explanation {
        stack: &stack.target.stack,
        portal_id: facts.question.portal,
        user_id: facts.question.user,
        number: facts.question.number.as_ref().map(ToString::to_string),
        verdict: verdict(&facts, &found),
        reasons: found.iter().map(|(_, reason)| reason).collect(),
        fine: fine.filter(is_fine).collect(),
    };
    terminal::print(as_json, &explanation, || print(stack, &explanation))?;
    Ok(Outcome::of(
        explanation.reasons.iter().any(|one| one.is_error()),
    ))
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

/// Returns the reasons, each with its subject, in the order in which HubSpot meets them.
fn reasons(facts: &Facts<'_>) -> Vec<(&'static str, Reason)> {
    let of = |(subject, reasons): (_, Subject)| {
        let reasons = reasons(facts).unwrap_or_else(|reason| vec![reason]);
        reasons.into_iter().map(move |reason| (subject, reason))
    };
    SUBJECTS.into_iter().flat_map(of).collect()
}

/// Says in a sentence who sees what, and the first reason that they do not.
fn verdict(facts: &Facts<'_>, reasons: &[(&str, Reason)]) -> String {
    let Question {
        portal,
        user,
        number,
    } = &facts.question;
    let who = match user {
        Some(user) => format!("User {user} of portal {portal}"),
        None => format!("A user of portal {portal}"),
    };
    let errors = reasons.iter().filter(|(_, reason)| reason.is_error());
    let mut errors: Vec<_> = errors.collect();
    if number.is_none() {
        // A row hides itself alone; everything else hides all numbers.
        errors.sort_by_key(|(subject, _)| *subject == TABLE);
    }
    let all_are = |cause| errors.iter().all(|(_, error)| error.cause == cause);
    let has_rows = facts.rows.as_ref().is_ok_and(|rows| !rows.is_empty());
    let is_unknown = |cause| [Cause::HookFailed, Cause::RegistrationUnknown].contains(&cause);
    let unknown = reasons.iter().find(|(_, reason)| is_unknown(reason.cause));
    if let (Some((_, unknown)), true) = (unknown, errors.is_empty()) {
        let what = number
            .as_ref()
            .map_or("numbers".into(), ToString::to_string);
        return format!("{who} may see {what}: {}.", unknown.summary);
    }
    let is_hidden = reasons
        .iter()
        .any(|(_, reason)| reason.cause == Cause::HiddenFromUser);
    let sees = match number {
        Some(number) if errors.is_empty() && is_hidden => {
            return format!("Only some users of portal {portal} see {number}.");
        }
        Some(number) if reasons.is_empty() => format!("sees {number}"),
        // A warning may be a reason too.
        Some(number) if errors.is_empty() => format!("should see {number}"),
        Some(number) if all_are(Cause::HasExtension) => {
            format!("sees {number}, but cannot select it")
        }
        // It may have been another portal's request.
        Some(number) if all_are(Cause::RequestsRefused) => format!("may not see {number}"),
        Some(number) => format!("does not see {number}"),
        None if has_rows && errors.iter().all(|(subject, _)| *subject == TABLE) => {
            let numbers = facts.response.iter().map(|response| response.numbers.len());
            let numbers = counted(numbers.sum::<usize>() as u64, "number");
            let but = if errors.is_empty() {
                ""
            } else if all_are(Cause::HasExtension) {
                ", but cannot select all"
            } else {
                ", but not all"
            };
            format!("sees {numbers}{but}")
        }
        None if errors
            .first()
            .is_some_and(|(_, first)| first.cause == Cause::RequestsRefused) =>
        {
            "may see no number".into()
        }
        None => "sees no number".into(),
    };
    match errors.as_slice() {
        [] => format!("{who} {sees}."),
        [(_, one)] => format!("{who} {sees}: {}.", one.summary),
        [(_, first), more @ ..] => {
            let more = counted(more.len() as u64, "more reason");
            format!("{who} {sees}: {}, and {more}.", first.summary)
        }
    }
}

fn print(stack: &Stack, explanation: &Explanation<'_>) -> io::Result<()> {
    let Explanation {
        portal_id,
        verdict,
        reasons,
        fine,
        ..
    } = explanation;
    let mut output = terminal::output();
    let is_well = !reasons.iter().any(|one| one.is_error());
    let style = match (is_well, reasons.is_empty()) {
        (true, true) => GOOD,
        (true, false) => DOUBTFUL,
        _ => WRONG,
    };
    writeln!(output, "{}\n", coloured(style, &wrapped(verdict, "")))?;
    for reason in reasons {
        let (style, mark) = reason.severity.style();
        let mut summary = reason.summary.clone();
        if let Some(first) = summary.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let mark = coloured(style, mark);
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
    let mut fixes = reasons.iter().filter_map(|one| one.fix.as_deref());
    if fixes.any(|fix| fix.contains("numbers set")) {
        writeln!(output, "`numbers set` asks for the number.")?;
    }
    if is_well {
        let connected = stack.command(&format!("numbers connected --portal {portal_id}"));
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
