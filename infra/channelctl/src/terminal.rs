//! What is printed: tables and JSON for reading, questions before writing, colours where they show.

use std::{
    future::Future,
    io::{self, IsTerminal, Read, Write},
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use channel_connection::friendly_name::is_unsafe;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{HumanDuration, ProgressBar};
use jiff::Timestamp;
use serde::Serialize;

use crate::outcome::{Failure, Kind};

pub const GOOD: Style = AnsiColor::Green.on_default();
pub const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
pub const WRONG: Style = AnsiColor::Red.on_default();

/// Returns what is printed to: colours reach only a terminal.
pub fn output() -> impl Write {
    anstream::stdout()
}

/// Puts a text into a colour, which a pipe does not get to see.
pub fn coloured(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes what a terminal or a reader would take for an instruction as `\u{1b}`: a text of a file, a
/// table or a server is printed this way only.
pub fn escape(text: &str) -> String {
    replace(text, is_unsafe, |unsafe_one| {
        unsafe_one.escape_default().to_string()
    })
}

/// Says how many there are of something.
pub fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}

/// Says how long ago something was, in the largest unit that fits.
pub fn ago(then: Timestamp) -> String {
    let since = Timestamp::now().duration_since(then);
    // A clock may be behind.
    let since = Duration::try_from(since).unwrap_or_default();
    format!("{} ago", HumanDuration(since))
}

/// Shows on a terminal what is waited for, until it is there.
pub async fn wait<T>(what: &'static str, work: impl Future<Output = T>) -> T {
    // Beside --verbose, whose lines it would break.
    let is_quiet = !tracing::enabled!(tracing::Level::DEBUG);
    let spinner = is_quiet.then(ProgressBar::new_spinner);
    if let Some(spinner) = &spinner {
        spinner.set_message(format!("waiting for {what}"));
        spinner.enable_steady_tick(Duration::from_millis(120));
    }
    let done = work.await;
    if let Some(spinner) = spinner {
        spinner.finish_and_clear();
    }
    done
}

/// Prints a value as JSON, or else its text.
pub fn print(
    as_json: bool,
    value: &impl Serialize,
    text: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    if as_json { print_json(value) } else { text() }
}

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> io::Result<()> {
    let json = escape_json(&serde_json::to_string_pretty(value)?);
    writeln!(io::stdout(), "{json}")
}

/// Writes a value as JSON in one line.
pub fn json_line(value: &impl Serialize) -> io::Result<String> {
    Ok(escape_json(&serde_json::to_string(value)?))
}

/// JSON itself escapes the first control characters only. Others stand in its texts alone, and mean the
/// same when they are escaped.
fn escape_json(json: &str) -> String {
    let is_left = |character: char| character != '\n' && is_unsafe(character);
    // All of them are of the first plane.
    let escaped = |character| format!("\\u{:04x}", u32::from(character));
    replace(json, is_left, escaped)
}

fn replace(
    text: &str,
    is_meant: impl Fn(char) -> bool,
    escaped: impl Fn(char) -> String,
) -> String {
    let mut replaced = String::with_capacity(text.len());
    for character in text.chars() {
        if is_meant(character) {
            replaced += &escaped(character);
        } else {
            replaced.push(character);
        }
    }
    replaced
}

/// Asks at the terminal; returns the answer without the spaces around it.
pub fn prompt(question: &str) -> Result<String, Failure> {
    anstream::eprint!("{question}");
    let mut answer = String::new();
    match io::stdin().read_line(&mut answer) {
        Ok(0) => Err(unreadable(&io::ErrorKind::UnexpectedEof.into())),
        Ok(_) => Ok(answer.trim().to_owned()),
        Err(error) => Err(unreadable(&error)),
    }
}

/// Reads a secret: typed without echo, or from a pipe of at most `max` bytes.
pub fn read_hidden(question: &str, max: u64) -> Result<String, Failure> {
    let read = if io::stdin().is_terminal() {
        rpassword::prompt_password(question)
    } else {
        io::read_to_string(io::stdin().take(max))
    };
    read.map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::Interrupted {
        return Failure::new(Kind::Interrupted, "Stopped. Nothing was changed.");
    }
    Failure::bad_input(format!(
        "Cannot read the input: {error}. Nothing was changed."
    ))
}

/// Returns the terminal's width up to `max`, or `max` in a pipe.
pub fn width(max: usize) -> usize {
    // A terminal of no width, as `script` and `docker -t` make them, is as good as a pipe.
    let width = Table::new().width().filter(|width| *width > 0);
    let width = width.filter(|_| io::stdout().is_terminal());
    width.map_or(max, |width| max.min(width.into()))
}

/// Starts a table that fits the terminal, or is as wide as it must be in a pipe.
pub fn table<'a>(headers: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headers.into_iter().map(str::to_uppercase));
    if width(usize::MAX) < usize::MAX {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// Prints names and what there is to say of each, aligned.
pub fn print_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> io::Result<()> {
    for (name, text) in pairs {
        writeln!(output(), "{name:<12} {text}")?;
    }
    Ok(())
}

/// Asks whether to go on, unless `yes` was said before.
pub fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    let is_yes = |answer: &str| ["y", "yes"].contains(&answer.to_lowercase().as_str());
    ask(&format!("{question} [y/N] "), is_yes, yes)
}

/// Asks to type a name before what cannot be taken back, unless `yes` was said before.
pub fn confirm_name(question: &str, name: &str, yes: bool) -> Result<(), Failure> {
    let question = format!("{question} Type {name} to go on: ");
    ask(&question, |answer| answer == name, yes)
}

fn ask(question: &str, is_yes: impl Fn(&str) -> bool, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(nobody_to_ask());
    }
    if prompt(question).is_ok_and(|answer| is_yes(&answer)) {
        return Ok(());
    }
    Err(Failure::new(Kind::NotConfirmed, "Nothing was changed."))
}

/// Returns the failure of a command that would have to ask.
pub fn nobody_to_ask() -> Failure {
    let message =
        "Nothing was changed: it asks on a terminal only, and not with --json. Add --yes to go on.";
    Failure::new(Kind::NotConfirmed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_only_what_acts_on_the_terminal() {
        for (case, text, escaped) in [
            ("escape sequence", "\u{1b}[31mred", "\\u{1b}[31mred"),
            ("line feed", "a\nb", "a\\nb"),
            ("C1 control", "\u{9b}2J", "\\u{9b}2J"),
            ("bidi override", "a\u{202e}b", "a\\u{202e}b"),
            ("letters", "Zoë 👩‍👧 “x”", "Zoë 👩‍👧 “x”"),
        ] {
            assert_eq!(escape(text), escaped, "{case}");
        }
    }

    #[test]
    fn json_keeps_its_meaning_when_it_is_escaped() {
        let text = "\u{1b}[31m\u{9b}\u{7f}\u{202e}Zoë\n";
        let json = json_line(&[text]).unwrap();
        assert!(!json.contains(is_unsafe), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
    }
}
