//! What is printed: tables and JSON for reading, questions before writing, colours where they show.

use std::{
    error::Error,
    io::{self, BufRead, IsTerminal, Write},
};

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// What is good.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What is worth a look.
pub const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
/// What is wrong.
pub const WRONG: Style = AnsiColor::Red.on_default();

/// The reason something is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotConfirmed {
    /// The answer was not yes.
    #[error("Nothing was changed.")]
    Declined,
    /// There is nobody to ask.
    #[error(
        "Nothing was changed: there is nobody to ask here. Say --yes (make: YES=1) to do it, or --dry-run to look."
    )]
    NobodyToAsk,
}

/// Returns what is printed to: colours reach only a terminal.
pub fn output() -> impl Write {
    anstream::stdout()
}

/// Puts a text into a colour, which a pipe does not get to see.
pub fn coloured(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Says how many there are of something.
pub fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}

/// Prints why a command failed.
pub fn complain(failure: &dyn Error) {
    eprintln!("{} {failure}", coloured(WRONG, "channelctl:"));
}

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> io::Result<()> {
    let mut output = io::stdout().lock();
    serde_json::to_writer_pretty(&mut output, value)?;
    writeln!(output)
}

/// Starts a table that fits the terminal, or is as wide as it must be in a pipe.
pub fn table<'a>(headers: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headers.into_iter().map(str::to_uppercase));
    if io::stdout().is_terminal() {
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
pub fn confirm(question: &str, yes: bool) -> Result<(), NotConfirmed> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(NotConfirmed::NobodyToAsk);
    }
    anstream::eprint!("{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" if read.is_ok() => Ok(()),
        _ => Err(NotConfirmed::Declined),
    }
}
