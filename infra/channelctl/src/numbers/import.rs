//! Numbers into the table, from a file or one by one, and out of it.
//!
//! A single number is never an argument, so it stands in no process list and no shell's history.

use std::{
    array,
    io::{self, BufRead, BufReader, IsTerminal, Read},
    path::PathBuf,
};

use anstream::eprintln;
use channel_connection::ids::{PortalId, UserId};
use clap::Args;

use crate::{
    numbers::{
        columns::Column,
        country::{self, Country},
        file::{self, FileOptions},
        item::joined,
        phone,
        plan::Plan,
        row::{Expected, Findings, RawRow},
        table::Table,
        users::Users,
        write::WriteOptions,
    },
    outcome::{Failure, Outcome},
};

/// The most that is read of a line, in bytes: as long as a key of the table may be.
const MAX_LINE: u64 = 1_024;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: channelctl --stage dev numbers import customers.csv --country US")]
pub struct ImportOptions {
    /// CSV, TSV, JSON or JSONL; - for standard input
    file: PathBuf,
    /// For each portal in the file, delete numbers that are not in the file
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    reading: FileOptions,
    #[command(flatten)]
    writing: WriteOptions,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: channelctl --stage dev numbers set --portal 62515 --name Sales")]
pub struct SetOptions {
    #[command(flatten)]
    one: OneNumber,
    /// Display name; unchanged if omitted
    #[arg(long)]
    name: Option<String>,
    /// Show it to this user only; repeat it for more users
    #[arg(long = "user")]
    users: Vec<UserId>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: channelctl --stage dev numbers remove --portal 62515 --all")]
pub struct RemoveOptions {
    #[command(flatten)]
    one: OneNumber,
    /// Every number of the portal
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Args)]
struct OneNumber {
    /// Refused: an argument stands in the shell's history, and in lists of processes.
    #[arg(hide = true)]
    number: Option<String>,
    /// Customer's HubSpot account
    #[arg(long)]
    portal: PortalId,
    /// Understand a national number of this country, like US
    #[arg(long, value_parser = country::parse)]
    country: Option<Country>,
    #[command(flatten)]
    writing: WriteOptions,
}

/// Imports a file: checks it whole, shows what changes, and writes it.
pub async fn import(
    table: &Table,
    options: &ImportOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let (mut plan, mut findings) = (Plan::default(), Findings::default());
    let users = options.reading.users.read()?;
    let read = file::read(&options.file, &options.reading, &mut |row: &RawRow<'_>| {
        row.check(options.reading.expected, &users, &mut plan, &mut findings);
    })?;
    if !as_json {
        eprintln!("{read}");
    }
    let (writing, replace) = (&options.writing, options.replace);
    write(table, plan, &findings, replace, writing, as_json).await
}

/// Adds or changes one number.
pub async fn set(table: &Table, options: &SetOptions, as_json: bool) -> Result<Outcome, Failure> {
    let (mut plan, mut findings) = (Plan::default(), Findings::default());
    let mut row = RawRow {
        place: None,
        cells: array::from_fn(|_| None),
    };
    let users = options.users.iter().copied().collect();
    row.cells[Column::Number as usize] = Some(options.one.ask()?.into());
    row.cells[Column::Name as usize] = options.name.as_deref().map(|name| name.trim().into());
    row.cells[Column::Users as usize] = (!options.users.is_empty()).then(|| joined(&users).into());
    let expected = Expected {
        portal: Some(options.one.portal),
        country: options.one.country,
    };
    row.check(expected, &Users::default(), &mut plan, &mut findings);
    write(table, plan, &findings, false, &options.one.writing, as_json).await
}

async fn write(
    table: &Table,
    mut plan: Plan,
    findings: &Findings,
    replace: bool,
    options: &WriteOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    options.refuse_bad_rows(findings, as_json)?;
    plan.compare(table, replace).await?;
    options.apply(&plan, table, findings, as_json).await
}

/// Removes one number, or all of a portal.
pub async fn remove(
    table: &Table,
    options: &RemoveOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let portal = options.one.portal;
    let not_found = |what| Failure::failed(format!("Portal {portal} has no {what}."));
    let typed = (!options.all).then(|| options.one.ask()).transpose()?;
    let mut rows = table.rows(Some(portal)).await?;
    if let Some(typed) = typed {
        let key = phone::parse(&typed, "", options.one.country).map(|key| key.to_string());
        // A key that is no number can be removed too: typed to the letter, it counts most.
        let has_key = |key: &str| rows.iter().position(|stored| stored.key() == key);
        let found = has_key(&typed).or_else(|| has_key(key.as_deref().ok()?));
        rows = match (found, key) {
            (Some(at), _) => vec![rows.swap_remove(at)],
            (None, Ok(_)) => return Err(not_found("such number")),
            (None, Err(error)) => return Err(Failure::bad_input(format!("The number {error}."))),
        };
    }
    if rows.is_empty() {
        return Err(not_found("numbers"));
    }
    let mut plan = Plan::default();
    for stored in rows {
        plan.delete(portal, stored.number());
    }
    let (writing, findings) = (&options.one.writing, Findings::default());
    writing.apply(&plan, table, &findings, as_json).await
}

impl OneNumber {
    /// Asks for the number, which must not be an argument.
    fn ask(&self) -> Result<String, Failure> {
        if self.number.is_some() {
            return Err(Failure::usage(
                "Unexpected argument. Type the number at the prompt, or pipe it in; a name with spaces needs quotes.",
            ));
        }
        ask_for_line()
    }
}

pub fn ask_for_line() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        anstream::eprint!("Number, like +18001231234 or +18001231234 x12: ");
    }
    let mut line = String::new();
    let mut input = BufReader::new(io::stdin().lock().take(MAX_LINE));
    input.read_line(&mut line).map_err(|error| {
        Failure::bad_input(format!(
            "cannot read the number from standard input: {error}"
        ))
    })?;
    if !input.buffer().trim_ascii().is_empty() {
        return Err(Failure::bad_input(
            "Expected one number, got more lines. A file of numbers goes to numbers import.",
        ));
    }
    match line.trim() {
        "" => Err(Failure::bad_input(
            "No number given. Type it at the prompt, or pipe it to standard input.",
        )),
        number => Ok(number.to_owned()),
    }
}
