//! One number added, changed or removed; it is never an argument, so it stands in no process list
//! and no shell's history.

use std::io::{self, BufRead, IsTerminal, Read};

use channel_connection::ids::{PortalId, UserId};
use clap::Args;

use crate::{
    ending::{Ending, Failure},
    numbers::{
        changes::{self, WritingOptions},
        check_row,
        number_problem::NumberProblem,
        number_text::{self, NationalRegion},
        numbers_error::NumbersError,
        planned::Change,
        row::{Place, Row, is_too_long},
        row_findings::RowFindings,
        staged::Staged,
        stored::Stored,
        table::Table,
    },
};

/// The most that is read of a line, in bytes: as long as a key of the table may be.
const MAX_LINE: u64 = 1_024;

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
    let mut findings = RowFindings::new(options.writing.show);
    let staged = one_row(options, &mut findings)?;
    if !as_json {
        findings.print();
    }
    changes::compare(&staged, table, false).await?;
    let findings = as_json.then_some(&findings);
    changes::write(&staged, table, &options.writing, findings).await
}

/// Removes one number, or all of a portal.
pub async fn remove(
    table: &Table,
    options: &RemoveOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let staged = rows_to_remove(table, options).await?;
    let nothing_found = as_json.then(RowFindings::default);
    changes::write(&staged, table, &options.writing, nothing_found.as_ref()).await
}

fn one_row(options: &PutOptions, findings: &mut RowFindings) -> Result<Staged, NumbersError> {
    if options.name.as_deref().is_some_and(is_too_long) {
        return Err(NumbersError::NameTooLong);
    }
    let number = ask_for_line()?;
    let row = Row {
        portal: options.portal,
        key: number_text::parse(&number, "", options.region)?,
        name: options.name.clone(),
        users: (!options.users.is_empty()).then(|| options.users.iter().copied().collect()),
    };
    check_row::warn(Place::Typed, &number, &row, findings);
    let staged = Staged::new()?;
    staged.add(&row, Place::Typed)?;
    Ok(staged)
}

async fn rows_to_remove(table: &Table, options: &RemoveOptions) -> Result<Staged, NumbersError> {
    let sought = if options.all {
        None
    } else {
        Some(Sought::new(ask_for_line()?, options.region))
    };
    let staged = Staged::new()?;
    let mut found = None;
    let take = |stored: &Stored| match &sought {
        None => remove_row(&staged, options.portal, stored),
        Some(sought) => {
            if sought.is_better(stored.key(), found.as_ref()) {
                found = Some(stored.clone());
            }
            Ok(())
        }
    };
    table.each(Some(options.portal), take).await?;
    if let Some(stored) = &found {
        remove_row(&staged, options.portal, stored)?;
    }
    match sought.map(|sought| sought.key) {
        _ if staged.has(options.portal)? => Ok(staged),
        None => Err(NumbersError::NoNumbers(options.portal)),
        Some(Ok(_)) => Err(NumbersError::NoSuchNumber(options.portal)),
        Some(Err(no_number)) => Err(no_number.into()),
    }
}

fn remove_row(staged: &Staged, portal: PortalId, stored: &Stored) -> Result<(), NumbersError> {
    Ok(staged.decide(portal, stored, Change::Remove)?)
}

/// A number as it was typed, and the key that it stands for.
struct Sought {
    typed: String,
    key: Result<String, NumberProblem>,
}

impl Sought {
    fn new(typed: String, region: Option<NationalRegion>) -> Self {
        let key = number_text::parse(&typed, "", region).map(|key| key.to_string());
        Self { typed, key }
    }

    /// Tells whether a row is meant, rather than one found before it.
    ///
    /// A key that is no number can be removed too: typed to the letter, it counts most.
    fn is_better(&self, key: &str, found: Option<&Stored>) -> bool {
        key == self.typed || (found.is_none() && self.key.as_deref() == Ok(key))
    }
}

fn ask_for_line() -> Result<String, NumbersError> {
    if io::stdin().is_terminal() {
        anstream::eprint!("Number, like +18001231234 or +18001231234 x12: ");
    }
    let mut line = String::new();
    let mut input = io::stdin().lock().take(MAX_LINE);
    input.read_line(&mut line).map_err(NumbersError::Unheard)?;
    match line.trim() {
        "" => Err(NumbersError::NothingSaid),
        said => Ok(said.to_owned()),
    }
}
