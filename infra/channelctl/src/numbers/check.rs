//! Numbers as HubSpot will show them: what is cut, what nobody can select, what is omitted.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use channel_connection::{
    ids::PortalId,
    phone_number::Extension,
    shown_number::{not_selectable, truncate},
};
use clap::Args;
use serde::Serialize;

use crate::{
    ending::{Ending, Failure},
    numbers::{
        item::{JsonRow, Stored, joined},
        row::check_name,
        table::Table,
    },
    terminal::{self, DOUBTFUL, GOOD, WRONG, coloured, counted, escape},
};

/// What to check.
#[derive(Debug, Clone, Args)]
pub struct CheckOptions {
    /// The customer's account; every one, if none is named
    #[arg(long)]
    portal: Option<PortalId>,
}

/// A row of the table, and what HubSpot makes of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked<'a> {
    #[serde(flatten)]
    row: JsonRow<'a>,
    /// The name that HubSpot shows; nothing of a row that is omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown_name: Option<String>,
    selectable: bool,
    notes: Vec<String>,
    #[serde(skip)]
    portal: &'a str,
}

/// Checks one portal, or all; something is wrong where rows are omitted.
pub async fn check(
    table: &Table,
    options: &CheckOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let rows = table.rows(options.portal).await?;
    let portals: Vec<_> = rows
        .chunk_by(|one, other| one.portal == other.portal)
        .collect();
    let checked: Vec<_> = portals.iter().flat_map(|rows| check_portal(rows)).collect();
    let omitted = checked
        .iter()
        .filter(|row| row.shown_name.is_none())
        .count();
    if as_json {
        terminal::print_json(&checked)?;
    } else {
        let with_notes = checked.iter().filter(|row| !row.notes.is_empty()).count();
        print(&checked, options.portal.is_some())?;
        let style = match (with_notes, omitted) {
            (0, 0) => GOOD,
            (_, 0) => DOUBTFUL,
            _ => WRONG,
        };
        let found = format!("{} with notes, {omitted} omitted", with_notes - omitted);
        writeln!(
            terminal::output(),
            "{} in {}: {}",
            counted((checked.len() - omitted) as u64, "number"),
            counted(portals.len() as u64, "portal"),
            coloured(style, &found)
        )?;
    }
    Ok(if omitted == 0 {
        Ending::Done
    } else {
        Ending::SomethingWrong
    })
}

/// Checks each row of a portal, and marks what a user cannot tell apart in the list.
fn check_portal(rows: &[Stored]) -> Vec<Checked<'_>> {
    let mut checked: Vec<_> = rows.iter().map(Checked::from).collect();
    let mut numbers: HashMap<_, usize> = HashMap::new();
    let mut names: HashMap<_, usize> = HashMap::new();
    for row in &checked {
        if let Some(name) = &row.shown_name {
            *numbers.entry(row.row.number).or_default() += 1;
            *names.entry(name.clone()).or_default() += 1;
        }
    }
    for row in &mut checked {
        let Some(name) = &row.shown_name else {
            continue;
        };
        if numbers[row.row.number] > 1 {
            let note = "the number is listed more than once, with other extensions";
            row.notes.push(note.into());
        }
        if names[name] > 1 {
            row.notes.push("another number shows the same name".into());
        }
    }
    checked
}

impl<'a> From<&'a Stored> for Checked<'a> {
    fn from(stored: &'a Stored) -> Self {
        let (shown_name, selectable, notes) = match stored.row.parse() {
            Err(reason) => (None, false, vec![format!("omitted: {reason}")]),
            Ok((listed, _)) => {
                let extension = listed.extension.as_ref().map(Extension::as_str);
                let reason = not_selectable(listed.number.as_str(), extension);
                let mut notes = notes_on_name(stored.name().unwrap_or_default());
                notes.extend(reason.map(str::to_owned));
                let name = listed.friendly_name.as_str().to_owned();
                (Some(name), reason.is_none(), notes)
            }
        };
        Self {
            row: stored.into(),
            shown_name,
            selectable,
            notes,
            portal: &stored.portal,
        }
    }
}

fn notes_on_name(name: &str) -> Vec<String> {
    let (shown, lost) = truncate(name);
    let problem = check_name(name).err();
    let mut notes: Vec<_> = problem
        .map(|problem| format!("the name {problem}"))
        .into_iter()
        .collect();
    if !lost.is_empty() {
        notes.push(format!("cut: {lost:?} is lost"));
    } else if shown.is_empty() {
        notes.push("no name: the number is shown".into());
    }
    notes
}

fn print(checked: &[Checked<'_>], prints_all: bool) -> io::Result<()> {
    let headers = ["portal", "name", "number", "extension", "users", "notes"];
    // Where a portal was named, it stands in every row.
    let first = usize::from(prints_all);
    let mut table = terminal::table(headers.into_iter().skip(first));
    let worth_a_look = |row: &&Checked<'_>| prints_all || !row.notes.is_empty();
    for Checked {
        row,
        shown_name,
        notes,
        portal,
        ..
    } in checked.iter().filter(worth_a_look)
    {
        let users = match row.user_ids[..] {
            [] => "all".into(),
            ref users => joined(users),
        };
        let row = [
            escape(portal).into_owned(),
            escape(shown_name.as_deref().unwrap_or_default()).into_owned(),
            escape(row.number).into_owned(),
            escape(row.extension.unwrap_or_default()).into_owned(),
            users,
            notes.join("; "),
        ];
        table.add_row(row.into_iter().skip(first));
    }
    if table.is_empty() {
        return Ok(());
    }
    writeln!(terminal::output(), "{table}")
}
