//! One number added, changed or removed; it is never an argument, so it stands in no process list
//! and no shell's history.

use std::io::{self, BufRead, IsTerminal, Read};

use channel_connection::ids::{PortalId, UserId};
use clap::Args;

use crate::{
    ending::{Ending, Failure},
    numbers::{
        columns::Column,
        error::NumbersError,
        import::refuse_bad_rows,
        phone::{self, Country},
        plan::Plan,
        row::{Findings, Row, Severity, check_name},
        table::Table,
        write::{self, WriteOptions},
    },
};

/// The most that is read of a line, in bytes: as long as a key of the table may be.
const MAX_LINE: u64 = 1_024;

/// Which number, and what it is to be.
#[derive(Debug, Clone, Args)]
pub struct SetOptions {
    /// The customer's account
    #[arg(long)]
    portal: PortalId,
    /// Display name; unchanged if omitted
    #[arg(long)]
    name: Option<String>,
    /// Show it to this user only; repeat it for more users
    #[arg(long = "user")]
    users: Vec<UserId>,
    /// Understand a national number of this country, like US
    #[arg(long)]
    country: Option<Country>,
    #[command(flatten)]
    writing: WriteOptions,
}

/// Which numbers go.
#[derive(Debug, Clone, Args)]
pub struct RemoveOptions {
    /// The customer's account
    #[arg(long)]
    portal: PortalId,
    /// Every number of the portal
    #[arg(long)]
    all: bool,
    /// Understand a national number of this country, like US
    #[arg(long)]
    country: Option<Country>,
    #[command(flatten)]
    writing: WriteOptions,
}

/// Adds or changes one number.
pub async fn set(table: &Table, options: &SetOptions, as_json: bool) -> Result<Ending, Failure> {
    let mut findings = Findings::new(options.writing.show);
    let mut plan = Plan::default();
    let number = ask_for_line()?;
    if let Some(row) = row(options, &number, &mut findings) {
        plan.add(row, None);
    }
    refuse_bad_rows(&findings, as_json)?;
    write::compare(&mut plan, table, false).await?;
    write::apply(&plan, table, &options.writing, &findings, as_json).await
}

/// Removes one number, or all of a portal.
pub async fn remove(
    table: &Table,
    options: &RemoveOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let typed = if options.all {
        None
    } else {
        Some(ask_for_line()?)
    };
    let rows = table.rows(Some(options.portal)).await?;
    let mut plan = Plan::default();
    let Some(typed) = typed else {
        if rows.is_empty() {
            return Err(NumbersError::NotFound(options.portal, "numbers").into());
        }
        for stored in &rows {
            plan.delete(options.portal, stored);
        }
        return write::apply(
            &plan,
            table,
            &options.writing,
            &Findings::default(),
            as_json,
        )
        .await;
    };
    let key = phone::parse(&typed, "", options.country).map(|key| key.to_string());
    // A key that is no number can be removed too: typed to the letter, it counts most.
    let has_key = |key: &str| rows.iter().find(|stored| stored.key() == key);
    match has_key(&typed).or_else(|| has_key(key.as_deref().ok()?)) {
        Some(stored) => plan.delete(options.portal, stored),
        None => {
            return Err(match key {
                Ok(_) => NumbersError::NotFound(options.portal, "such number"),
                Err(error) => NumbersError::Input(format!("The number {error}.")),
            }
            .into());
        }
    }
    write::apply(
        &plan,
        table,
        &options.writing,
        &Findings::default(),
        as_json,
    )
    .await
}

fn row(options: &SetOptions, number: &str, findings: &mut Findings) -> Option<Row> {
    let mut bad = |column, value, reason| {
        findings.add(Severity::Error, None, column, value, reason);
    };
    let name = options.name.as_deref();
    let key = phone::parse(number, "", options.country);
    let key = key.map_err(|error| bad(Column::Number, number, error.to_string()));
    if let Some(name) = name
        && let Err(reason) = check_name(name)
    {
        bad(Column::Name, name, reason);
        return None;
    }
    let row = Row {
        portal: options.portal,
        key: key.ok()?,
        name: name.map(|name| name.trim().to_owned()),
        users: (!options.users.is_empty()).then(|| options.users.iter().copied().collect()),
    };
    row.warn(None, number, findings);
    Some(row)
}

fn ask_for_line() -> Result<String, NumbersError> {
    if io::stdin().is_terminal() {
        anstream::eprint!("Number, like +18001231234 or +18001231234 x12: ");
    }
    let mut line = String::new();
    let mut input = io::stdin().lock().take(MAX_LINE);
    input.read_line(&mut line).map_err(|error| {
        NumbersError::Input(format!(
            "cannot read the number from standard input: {error}"
        ))
    })?;
    match line.trim() {
        "" => Err(NumbersError::Input(
            "No number given. Type it at the prompt, or pipe it to standard input.".into(),
        )),
        said => Ok(said.to_owned()),
    }
}
