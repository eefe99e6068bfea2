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
    calling_settings::CallingSettings,
    doctor::Severity,
    ending::{Ending, Failure},
    explain::{
        facts::{Facts, Question},
        reason::{Cause, Reason},
        rows::Rows,
    },
    numbers::{import, phone},
    stack::Stack,
    terminal::{self, DOUBTFUL, GOOD, WRONG, ago, coloured, counted, escape},
};

/// Columns of a line.
const WIDTH: usize = 80;
const INDENT: &str = "       ";
/// The longest name of what was looked at, and a space.
const MAX_SUBJECT: usize = 13;

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

/// The verdict: one sentence, and whether the user can select what was asked about.
struct Verdict {
    text: String,
    sees: bool,
    selects: bool,
}

/// Gathers the facts, and prints the verdict and its reasons.
pub async fn explain(
    stack: &Stack,
    options: &ExplainOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let question = Question {
        portal: options.portal,
        user: options.user,
        number: options.number.as_deref().map(number).transpose()?,
    };
    let facts = Facts::gather(stack, question).await;
    let reasons = reasons(&facts);
    let verdict = verdict(&facts, &reasons);
    let (fine, unknown) = (fine(&facts, &reasons), unknown(&facts));
    if as_json {
        let Question { portal, user, .. } = facts.question;
        let number = facts.question.number.as_ref().map(ToString::to_string);
        let fine: Vec<_> = fine.iter().map(|(_, text)| text).collect();
        terminal::print_json(&json!({
            "stack": stack.target.stack, "portalId": portal, "userId": user, "number": number,
            "verdict": verdict.text, "sees": verdict.sees, "selects": verdict.selects,
            "reasons": reasons, "fine": fine, "unknown": unknown,
        }))?;
    } else {
        print(&verdict, &reasons, &fine, &unknown)?;
    }
    Ok(if reasons.iter().any(is_error) {
        Ending::SomethingWrong
    } else {
        Ending::Done
    })
}

fn number(text: &str) -> Result<NumberKey, Failure> {
    let typed = if text.is_empty() {
        import::ask_for_line()?
    } else {
        text.to_owned()
    };
    phone::parse(&typed, "", None).map_err(|error| Failure::usage(format!("The number {error}.")))
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

fn is_error(reason: &Reason) -> bool {
    reason.severity == Severity::Error
}

fn verdict(facts: &Facts<'_>, reasons: &[Reason]) -> Verdict {
    let Question {
        portal,
        user,
        number,
    } = &facts.question;
    let listed = facts
        .answer
        .as_ref()
        .map_or(0, |answer| answer.numbers.len() as u64);
    let what = match number {
        Some(number) => number.to_string(),
        None => counted(listed, "number"),
    };
    let who = match user {
        Some(user) => format!("User {user} of portal {portal}"),
        None => format!("A user of portal {portal}"),
    };
    let is_of_row = |cause| (Cause::HiddenFromUser..=Cause::NotAnswered).contains(&cause);
    let mut errors = reasons.iter().filter(|reason| is_error(reason));
    let first = errors.next();
    // Without a number, a row hides itself and no other.
    let hides = |reason: &Reason| number.is_some() || !is_of_row(reason.cause);
    let mut hiding = reasons
        .iter()
        .filter(|reason| is_error(reason) && reason.cause != Cause::HasExtension && hides(reason));
    let sees = hiding.next().is_none();
    let selects = sees && !(number.is_some() && first.is_some());
    let mut text = match (sees, number) {
        (true, None) => format!("{who} sees {what}"),
        (true, Some(_)) if selects => format!("{who} sees {what}"),
        (true, Some(_)) => format!("{who} sees {what}, but cannot select it"),
        (false, Some(_)) => format!("{who} does not see {what}"),
        (false, None) => format!("{who} sees no number"),
    };
    if let Some(first) = first {
        let _ = write!(text, ": {}", first.summary);
    }
    match errors.count() as u64 {
        0 => text.push('.'),
        more => {
            let _ = write!(text, ", and {}.", counted(more, "more reason"));
        }
    }
    Verdict {
        text,
        sees,
        selects,
    }
}

/// Lists what was looked at and is as it should be, with its name.
fn fine(facts: &Facts<'_>, reasons: &[Reason]) -> Vec<(&'static str, String)> {
    let is_fine = |first: Cause, last: Cause| {
        !reasons
            .iter()
            .any(|reason| (first..=last).contains(&reason.cause))
    };
    let mut fine = Vec::new();
    if let Ok(report) = &facts.report {
        if is_fine(Cause::HookFailed, Cause::NotReleased) {
            let url = &report.expected.url;
            fine.push(("registration", format!("HubSpot has {url}, isReady=true")));
        }
        if matches!(report.calling_settings, Some(CallingSettings::Found { .. }))
            && is_fine(Cause::CallingSettingsUnknown, Cause::CallingNotReady)
        {
            fine.push(("calling", "the app supports inbound calling".to_owned()));
        }
    }
    if let Ok(answer) = &facts.answer
        && is_fine(Cause::WebhookFailed, Cause::WebhookUnverified)
    {
        let (listed, time) = (answer.numbers.len() as u64, answer.milliseconds);
        let listed = counted(listed, "number");
        fine.push((
            "webhook",
            format!("lists {listed} for this user, in {time} ms"),
        ));
    }
    if let Ok(rows) = &facts.rows
        && is_fine(Cause::TableUnreadable, Cause::NotAnswered)
    {
        let rows = counted(rows.len() as u64, "row");
        fine.push((
            "table",
            format!("{rows} of this portal; nothing wrong with any asked about"),
        ));
    }
    if let Ok(requests) = &facts.requests
        && let Some(last) = requests.last_answered
        && is_fine(Cause::RequestsRefused, Cause::LogUnreadable)
    {
        let calls = "channelctl's own calls count too";
        fine.push((
            "log",
            format!("last request answered {}; {calls}", ago(last)),
        ));
    }
    fine
}

/// Lists what cannot be known here, and where to look.
fn unknown(facts: &Facts<'_>) -> Vec<String> {
    let connected = "Whether the number is connected already, and so not offered again: HubSpot \
                     tells that to the portal alone. Look in its settings, under help desk.";
    let older = "The app's calling settings: the stack's deploy-hook is of an older version.";
    let is_older = facts
        .report
        .as_ref()
        .is_ok_and(|report| report.calling_settings.is_none());
    let older = is_older.then_some(older);
    [Some(connected), older]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect()
}

fn print(
    verdict: &Verdict,
    reasons: &[Reason],
    fine: &[(&str, String)],
    unknown: &[String],
) -> io::Result<()> {
    let mut output = terminal::output();
    let is_well = reasons.iter().all(|reason| !is_error(reason));
    let style = if is_well { GOOD } else { WRONG };
    writeln!(output, "{}", coloured(style, &wrapped(&verdict.text, "")))?;
    for reason in reasons {
        let Reason {
            severity,
            summary,
            detail,
            fix,
            ..
        } = reason;
        let mark = match severity {
            Severity::Ok => coloured(GOOD, "ok"),
            Severity::Warning => coloured(DOUBTFUL, "look "),
            Severity::Error => coloured(WRONG, "wrong"),
        };
        writeln!(output, "\n{mark}  {}", wrapped(&sentence(summary), INDENT))?;
        writeln!(output, "{INDENT}{}", wrapped(detail, INDENT))?;
        if let Some(fix) = fix {
            writeln!(output, "{INDENT}fix: {}", escape(fix))?;
        }
    }
    if !fine.is_empty() {
        writeln!(output, "\nLooked at, and fine:")?;
    }
    let behind_name = " ".repeat(INDENT.len() + MAX_SUBJECT);
    for (name, text) in fine {
        let (ok, text) = (coloured(GOOD, "ok   "), wrapped(text, &behind_name));
        writeln!(output, "{ok}  {name:<MAX_SUBJECT$}{text}")?;
    }
    writeln!(output, "\nNot known here:")?;
    for text in unknown {
        writeln!(output, "{INDENT}{}", wrapped(text, INDENT))?;
    }
    Ok(())
}

/// Writes a clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut rest = clause.chars();
    let first: String = rest
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", rest.as_str())
}

/// Breaks a text into lines, each but the first behind an indent.
fn wrapped(text: &str, indent: &str) -> String {
    let (mut lines, mut width) = (String::new(), indent.len());
    for word in escape(text).split(' ') {
        let length = word.chars().count();
        if lines.is_empty() {
        } else if width + 1 + length > WIDTH {
            let _ = write!(lines, "\n{indent}");
            width = indent.len();
        } else {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}
