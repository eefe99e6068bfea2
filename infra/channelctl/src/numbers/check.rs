//! A portal as HubSpot will show it: what is cut, what nobody can select, what is omitted.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use channel_connection::{
    ids::{PortalId, UserId},
    numbers_response::ListedNumber,
    phone_number::Extension,
    shown_number::{not_selectable, truncate},
};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::{
    ending::{Ending, Failure},
    json_array::JsonArray,
    numbers::{
        item::{Stored, joined, portal_id},
        row::check_name,
        table::Table,
    },
    terminal::{self, DOUBTFUL, GOOD, WRONG, coloured, escape},
};

/// What to check.
#[derive(Debug, Clone, Args)]
pub struct CheckOptions {
    /// The customer's account; every one, if none is named
    #[arg(long)]
    portal: Option<PortalId>,
}

/// A number as HubSpot shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    friendly_name: String,
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<String>,
    selectable: bool,
    user_ids: Vec<UserId>,
    notes: Vec<String>,
}

/// A row that the webhook omits.
#[derive(Serialize)]
struct Omitted {
    number: String,
    reason: String,
}

/// A portal as HubSpot shows it.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Portal {
    portal_id: Value,
    numbers: Vec<Shown>,
    omitted: Vec<Omitted>,
    #[serde(skip)]
    id: String,
}

/// Checks one portal, or all; something is wrong where rows are omitted.
pub async fn check(
    table: &Table,
    options: &CheckOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let mut checked = Checked {
        prints_all: options.portal.is_some(),
        json: as_json.then(JsonArray::default),
        ..Checked::default()
    };
    let mut current = Portal::default();
    let add = |stored: &Stored| {
        if stored.portal != current.id {
            checked.add(std::mem::take(&mut current))?;
            current.id.clone_from(&stored.portal);
            current.portal_id = portal_id(&stored.portal);
        }
        current.add(stored);
        Ok::<_, Failure>(())
    };
    table.each(options.portal, add).await?;
    checked.add(current)?;
    Ok(checked.finish()?)
}

impl Portal {
    fn add(&mut self, stored: &Stored) {
        match stored.row.parse() {
            Err(reason) => self.omitted.push(Omitted {
                number: stored.key().to_owned(),
                reason: reason.to_string(),
            }),
            Ok((listed, _)) => self.numbers.push(Shown {
                notes: notes(&listed, stored.name().unwrap_or_default()),
                selectable: reason(&listed).is_none(),
                friendly_name: listed.friendly_name.as_str().to_owned(),
                number: listed.number.as_str().to_owned(),
                extension: listed
                    .extension
                    .map(|extension| extension.as_str().to_owned()),
                user_ids: stored.users().into_iter().flatten().collect(),
            }),
        }
    }

    /// Marks what a user cannot tell apart in the list.
    fn mark_duplicates(&mut self) {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut names: HashMap<String, usize> = HashMap::new();
        for shown in &self.numbers {
            *numbers.entry(shown.number.clone()).or_default() += 1;
            *names.entry(shown.friendly_name.clone()).or_default() += 1;
        }
        for shown in &mut self.numbers {
            if numbers[&shown.number] > 1 {
                shown
                    .notes
                    .push("the number is listed more than once, with other extensions".into());
            }
            if names[&shown.friendly_name] > 1 {
                shown
                    .notes
                    .push("another number shows the same name".into());
            }
        }
    }
}

fn notes(listed: &ListedNumber, stored_name: &str) -> Vec<String> {
    let (shown, lost) = truncate(stored_name);
    let mut notes = Vec::new();
    if let Err(problem) = check_name(stored_name) {
        notes.push(format!("the name {problem}"));
    }
    if !lost.is_empty() {
        notes.push(format!("cut: {lost:?} is lost"));
    } else if shown.is_empty() {
        notes.push("no name: the number is shown".into());
    }
    notes.extend(reason(listed).map(str::to_owned));
    notes
}

/// Tells why nobody can select a number; `None` where they can.
fn reason(listed: &ListedNumber) -> Option<&'static str> {
    let extension = listed.extension.as_ref().map(Extension::as_str);
    not_selectable(listed.number.as_str(), extension)
}

#[derive(Default)]
struct Checked {
    prints_all: bool,
    json: Option<JsonArray>,
    portals: u64,
    numbers: u64,
    notes: usize,
    omitted: usize,
}

impl Checked {
    fn add(&mut self, mut portal: Portal) -> Result<(), Failure> {
        if portal.id.is_empty() {
            return Ok(());
        }
        portal.mark_duplicates();
        let notes = portal
            .numbers
            .iter()
            .filter(|shown| !shown.notes.is_empty())
            .count();
        self.portals += 1;
        self.numbers += portal.numbers.len() as u64;
        self.notes += notes;
        self.omitted += portal.omitted.len();
        let is_worth_a_look = self.prints_all || notes > 0 || !portal.omitted.is_empty();
        if let Some(json) = &mut self.json {
            json.push(&portal)?;
        } else if is_worth_a_look {
            self.print(&portal)?;
        }
        Ok(())
    }

    fn print(&self, portal: &Portal) -> io::Result<()> {
        let mut table = terminal::table(["name", "number", "extension", "users", "notes"]);
        for shown in &portal.numbers {
            if self.prints_all || !shown.notes.is_empty() {
                let users = match shown.user_ids[..] {
                    [] => "all".into(),
                    ref users => joined(users),
                };
                table.add_row([
                    &shown.friendly_name,
                    &shown.number,
                    shown.extension.as_deref().unwrap_or_default(),
                    &users,
                    &shown.notes.join("; "),
                ]);
            }
        }
        writeln!(terminal::output(), "Portal {}", escape(&portal.id))?;
        if !table.is_empty() {
            writeln!(terminal::output(), "{table}")?;
        }
        for Omitted { number, reason } in &portal.omitted {
            let omitted = coloured(WRONG, "omitted");
            writeln!(
                terminal::output(),
                "{omitted} \"{}\": {reason}",
                escape(number)
            )?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<Ending> {
        let Self {
            portals,
            numbers,
            notes,
            omitted,
            json,
            ..
        } = self;
        if let Some(json) = json {
            json.finish()?;
        } else {
            let style = match (notes, omitted) {
                (0, 0) => GOOD,
                (_, 0) => DOUBTFUL,
                _ => WRONG,
            };
            let found = format!("{notes} with notes, {omitted} omitted");
            writeln!(
                terminal::output(),
                "{} in {}: {}",
                terminal::counted(numbers, "number"),
                terminal::counted(portals, "portal"),
                coloured(style, &found)
            )?;
        }
        Ok(if omitted == 0 {
            Ending::Done
        } else {
            Ending::SomethingWrong
        })
    }
}
