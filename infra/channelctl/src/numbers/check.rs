//! The table's rows as HubSpot will show them, and what is wrong with them.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use channel_connection::shown_number::{not_selectable, truncate};
use serde::Serialize;

use crate::{
    numbers::{
        item::{PortalNumber, Stored},
        list::{PortalOptions, refusal, users},
        table::Table,
    },
    outcome::{Failure, Outcome},
    terminal::{self, DOUBTFUL, GOOD, WRONG, coloured, counted, escape},
};

const NUMBER_TWICE: &str = "the number is listed more than once, with other extensions";
const NAME_TWICE: &str = "another number shows the same name";

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CheckReport<'a> {
    numbers: &'a [Checked],
    findings: &'a [Finding<'a>],
}

/// A row of the table, and what HubSpot makes of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Checked {
    #[serde(flatten)]
    number: PortalNumber,
    /// The name that HubSpot shows; `None` of a row that it does not get.
    shown_name: Option<String>,
    selectable: bool,
    #[serde(skip)]
    problems: Vec<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Finding<'a> {
    #[serde(flatten)]
    number: &'a PortalNumber,
    /// An error where HubSpot does not get the row, a warning otherwise.
    severity: &'static str,
    message: &'a str,
}

/// Checks one portal, or all; something is wrong where rows are omitted.
pub async fn check(
    table: &Table,
    options: &PortalOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let rows = table.rows(options.portal).await?;
    let portals: Vec<_> = rows
        .chunk_by(|one, other| one.portal == other.portal)
        .collect();
    let checked: Vec<_> = portals.iter().flat_map(|rows| check_portal(rows)).collect();
    let omitted = checked.iter().filter(|row| row.is_omitted()).count();
    let findings: Vec<_> = checked.iter().flat_map(Checked::findings).collect();
    let report = CheckReport {
        numbers: &checked,
        findings: &findings,
    };
    terminal::print(as_json, &report, || {
        print(&checked, options.portal.is_some())?;
        let with_problems = checked.iter().filter(|row| !row.problems.is_empty());
        let noted = with_problems.count() - omitted;
        let style = match (noted, omitted) {
            (0, 0) => GOOD,
            (_, 0) => DOUBTFUL,
            _ => WRONG,
        };
        let found = coloured(style, &format!("{noted} with notes, {omitted} omitted"));
        let numbers = counted((checked.len() - omitted) as u64, "number");
        let portals = counted(portals.len() as u64, "portal");
        writeln!(terminal::output(), "{numbers} in {portals}: {found}")
    })?;
    Ok(Outcome::of(omitted > 0))
}

/// Checks each row of a portal, and marks what a user cannot tell apart in the list.
fn check_portal(rows: &[Stored]) -> Vec<Checked> {
    let mut checked: Vec<_> = rows.iter().map(Checked::from).collect();
    let (mut numbers, mut names) = (HashMap::new(), HashMap::new());
    for row in &checked {
        if let Some(name) = &row.shown_name {
            *numbers.entry(row.number.number.clone()).or_insert(0) += 1;
            *names.entry(name.clone()).or_insert(0) += 1;
        }
    }
    for row in &mut checked {
        let Some(name) = &row.shown_name else {
            continue;
        };
        let problems = [
            (numbers[&row.number.number], NUMBER_TWICE),
            (names[name], NAME_TWICE),
        ];
        let twice = problems.into_iter().filter(|(count, _)| *count > 1);
        row.problems
            .extend(twice.map(|(_, problem)| problem.to_owned()));
    }
    checked
}

impl From<&Stored> for Checked {
    fn from(stored: &Stored) -> Self {
        let mut checked = Self {
            number: stored.number(),
            shown_name: None,
            selectable: false,
            problems: Vec::new(),
        };
        let listed = match stored.row.parse() {
            Ok((listed, _)) => listed,
            Err(reason) => {
                checked.problems.push(format!("omitted: {reason}"));
                return checked;
            }
        };
        let problems = &mut checked.problems;
        problems.extend(refusal(stored).map(|reason| format!("import refuses it: {reason}")));
        match truncate(stored.name().unwrap_or_default()) {
            (_, lost) if !lost.is_empty() => problems.push(format!("cut: {lost:?} is lost")),
            (shown, _) if shown.is_empty() => {
                problems.push("no name: the number is shown".into());
            }
            _ => {}
        }
        let extension = checked.number.extension.as_deref();
        let unselectable = not_selectable(listed.number.as_str(), extension);
        problems.extend(unselectable.map(str::to_owned));
        checked.shown_name = Some(listed.friendly_name.as_str().to_owned());
        checked.selectable = unselectable.is_none();
        checked
    }
}

impl Checked {
    fn is_omitted(&self) -> bool {
        self.shown_name.is_none()
    }

    fn findings(&self) -> impl Iterator<Item = Finding<'_>> {
        let severity = if self.is_omitted() {
            "error"
        } else {
            "warning"
        };
        self.problems.iter().map(move |message| Finding {
            number: &self.number,
            severity,
            message,
        })
    }
}

fn print(checked: &[Checked], is_one_portal: bool) -> io::Result<()> {
    let headers = ["portal", "name", "number", "extension", "users", "notes"];
    // Where a portal was named, it stands in every row.
    let first = usize::from(is_one_portal);
    let mut table = terminal::table(headers.into_iter().skip(first));
    let worth_a_look = |row: &&Checked| is_one_portal || !row.problems.is_empty();
    for row in checked.iter().filter(worth_a_look) {
        let cells = [
            row.number.portal_id.to_string(),
            escape(row.shown_name.as_deref().unwrap_or_default()),
            escape(&row.number.number),
            escape(row.number.extension.as_deref().unwrap_or_default()),
            users(&row.number, &HashMap::new()),
            row.problems.join("; "),
        ];
        table.add_row(cells.into_iter().skip(first));
    }
    if table.is_empty() {
        return Ok(());
    }
    writeln!(terminal::output(), "{table}")
}
