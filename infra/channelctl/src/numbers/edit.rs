//! One number added, changed or removed; it is never an argument, so it stands in no process list
//! and no shell's history.

use std::io::{self, BufRead, IsTerminal};

use channel_connection::{
    ids::{PortalId, UserId},
    phone_number::NumberKey,
};
use clap::Args;

use crate::{
    ending::{Ending, Failure},
    numbers::{
        changes::{self, WritingOptions},
        findings::Findings,
        number_text::{self, NationalRegion},
        numbers_error::NumbersError,
        row::{LONGEST_STORED_NAME, Place, Row},
        staged::{Change, Staged},
        table::Table,
    },
};

/// Which number, and what it is to be.
#[derive(Debug, Clone, Args)]
pub struct PutOptions {
    /// The customer's account
    #[arg(long)]
    portal: PortalId,
    /// The name that users see; as it is, if none is said
    #[arg(long)]
    name: Option<String>,
    /// Show it to this user only; more of them for more users
    #[arg(long = "user")]
    users: Vec<UserId>,
    /// Understand a national number of this region, like US
    #[arg(long)]
    region: Option<NationalRegion>,
    #[command(flatten)]
    writing: WritingOptions,
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
    /// Understand a national number of this region, like US
    #[arg(long)]
    region: Option<NationalRegion>,
    #[command(flatten)]
    writing: WritingOptions,
}

/// Adds or changes one number.
pub async fn put(table: &Table, options: &PutOptions, as_json: bool) -> Result<Ending, Failure> {
    let staged = one_row(options)?;
    changes::compare(&staged, table, false).await?;
    write(&staged, table, &options.writing, as_json).await
}

/// Removes one number, or all of a portal.
pub async fn remove(
    table: &Table,
    options: &RemoveOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let staged = rows_to_remove(table, options).await?;
    write(&staged, table, &options.writing, as_json).await
}

fn one_row(options: &PutOptions) -> Result<Staged, NumbersError> {
    let name = options.name.clone();
    if name.iter().any(|name| name.len() > LONGEST_STORED_NAME) {
        return Err(NumbersError::NameTooLong);
    }
    let row = Row {
        portal: options.portal,
        key: ask_for_number(options.region)?,
        name,
        users: (!options.users.is_empty()).then(|| options.users.iter().copied().collect()),
    };
    let staged = Staged::new()?;
    staged.add(&row, Place::Line(1))?;
    Ok(staged)
}

async fn rows_to_remove(table: &Table, options: &RemoveOptions) -> Result<Staged, NumbersError> {
    let one = if options.all {
        None
    } else {
        Some(ask_for_number(options.region)?.to_string())
    };
    let staged = Staged::new()?;
    let (mut start, mut is_found) = (None, false);
    loop {
        let page = table.portal_page(options.portal, start).await?;
        for stored in &page.rows {
            if one.as_deref().is_none_or(|key| key == stored.key()) {
                staged.decide(options.portal, stored.key(), stored.name(), Change::Remove)?;
                is_found = true;
            }
        }
        start = page.next;
        if start.is_none() {
            break;
        }
    }
    if is_found {
        Ok(staged)
    } else {
        Err(NumbersError::NoSuchNumber(options.portal))
    }
}

async fn write(
    staged: &Staged,
    table: &Table,
    options: &WritingOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let nothing_found = as_json.then(Findings::default);
    changes::write(staged, table, options, nothing_found.as_ref()).await
}

fn ask_for_number(region: Option<NationalRegion>) -> Result<NumberKey, NumbersError> {
    if io::stdin().is_terminal() {
        anstream::eprint!("Number, like +18001231234 or +18001231234 x12: ");
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    if read.unwrap_or_default() == 0 || line.trim().is_empty() {
        return Err(NumbersError::NothingSaid);
    }
    Ok(number_text::parse(line.trim(), "", region)?)
}
