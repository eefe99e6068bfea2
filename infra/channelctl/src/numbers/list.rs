//! The table's rows, printed: as they are stored, as a file that import reads, or as HubSpot will
//! show them.

use std::{
    collections::HashMap,
    io::{self, IsTerminal, Write},
};

use anstream::eprintln;
use channel_connection::{
    ids::{PortalId, UserId},
    shown_number::{not_selectable, truncate},
};
use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::{
    numbers::{
        phone,
        row::check_name,
        table::{PortalNumber, Stored, Table, joined},
        users::UsersOptions,
    },
    outcome::{Failure, Kind, Outcome},
    terminal::{self, DOUBTFUL, GOOD, WRONG, coloured, counted, escape},
};

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: channelctl --stage dev numbers list --portal 62515")]
pub struct ListOptions {
    /// Customer's HubSpot account
    #[arg(long)]
    portal: PortalId,
    #[command(flatten)]
    users: UsersOptions,
}

/// A row as it is stored, and its users' emails where they are known.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed<'a> {
    #[serde(flatten)]
    number: PortalNumber,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_emails: Option<Vec<&'a str>>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: channelctl --stage dev numbers export --json > backup.json")]
pub struct ExportOptions {
    /// Customer's HubSpot account; all if omitted
    #[arg(long)]
    portal: Option<PortalId>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: channelctl --stage prod numbers check --json")]
pub struct CheckOptions {
    /// Customer's HubSpot account; all if omitted
    #[arg(long)]
    portal: Option<PortalId>,
}

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

/// Prints a portal's rows as they are stored.
pub async fn list(table: &Table, options: &ListOptions, as_json: bool) -> Result<Outcome, Failure> {
    let known = options.users.read()?;
    let emails = known.emails();
    let rows = table.rows(Some(options.portal)).await?;
    let listed = rows.iter().map(|stored| {
        let number = stored.number();
        let ids = number.user_ids.iter().flatten();
        let known = ids.filter_map(|id| emails.get(id).copied()).collect();
        Listed {
            number,
            user_emails: options.users.is_given().then_some(known),
        }
    });
    let numbers: Vec<_> = listed.collect();
    terminal::print(as_json, &json!({"numbers": numbers}), || {
        let mut shown = terminal::table(["number", "extension", "name", "users"]);
        for Listed { number, .. } in &numbers {
            shown.add_row([
                escape(&number.number),
                escape(number.extension.as_deref().unwrap_or_default()),
                escape(number.friendly_name.as_deref().unwrap_or_default()),
                users(number, &emails),
            ]);
        }
        let (count, portal) = (counted(rows.len() as u64, "number"), options.portal);
        writeln!(terminal::output(), "{shown}\n{count} in portal {portal}")
    })?;
    Ok(Outcome::Done)
}

/// Names a row's users, by their emails where these are known.
fn users(number: &PortalNumber, emails: &HashMap<UserId, &str>) -> String {
    let name = |id: &UserId| match emails.get(id) {
        Some(email) => escape(email),
        None => id.to_string(),
    };
    match &number.user_ids {
        None => "invalid".into(),
        Some(users) if users.is_empty() => "all".into(),
        Some(users) => users.iter().map(name).collect::<Vec<_>>().join(" "),
    }
}

/// Prints rows as a file that import reads whole: a row that it would refuse is omitted and named.
pub async fn export(
    table: &Table,
    options: &ExportOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let rows = table.rows(options.portal).await?;
    let (mut numbers, mut omitted) = (Vec::new(), Vec::new());
    for stored in &rows {
        match refusal(stored) {
            None => numbers.push(stored.number()),
            Some(reason) => omitted.push((stored, reason)),
        }
    }
    if as_json {
        // A line for each number: pretty JSON of as many rows as an import takes would be too large.
        let lines: io::Result<Vec<_>> = numbers.iter().map(terminal::json_line).collect();
        writeln!(io::stdout(), "[\n{}\n]", lines?.join(",\n"))?;
    } else {
        io::stdout().write_all(csv(&numbers)?.as_bytes())?;
    }
    if omitted.is_empty() {
        return Ok(Outcome::Done);
    }
    for (stored, reason) in &omitted {
        let (portal, key) = (escape(&stored.portal), escape(stored.key()));
        let mark = coloured(WRONG, "not exported");
        eprintln!("{mark} portal {portal}, number {key}: {reason}");
    }
    let count = counted(omitted.len() as u64, "row");
    let message = format!(
        "{count} not exported, as check shows. Correct them: import --replace of this export deletes them."
    );
    Err(Failure::new(Kind::Findings, message))
}

/// Returns why import would refuse a row of the table.
fn refusal(stored: &Stored) -> Option<String> {
    if let Err(error) = &stored.row.audience {
        return Some(error.to_string());
    }
    if let Err(error) = stored.portal.parse::<PortalId>() {
        return Some(format!("the portal {error}"));
    }
    match phone::parse(stored.key(), "", None) {
        Err(error) => return Some(format!("the number {error}")),
        Ok(key) if key.to_string() != stored.key() => {
            return Some(format!("the number is another than {key}"));
        }
        Ok(_) => {}
    }
    let name = check_name(stored.name().unwrap_or_default());
    name.err().map(|error| format!("the name {error}"))
}

fn csv(numbers: &[PortalNumber]) -> io::Result<String> {
    let is_shown = io::stdout().is_terminal();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["portalId", "number", "extension", "friendlyName", "userIds"])?;
    for number in numbers {
        let values = [
            &number.portal_id.to_string(),
            &number.number,
            number.extension.as_deref().unwrap_or_default(),
            number.friendly_name.as_deref().unwrap_or_default(),
            &number.user_ids.as_ref().map(joined).unwrap_or_default(),
        ];
        if is_shown {
            writer.write_record(values.map(escape))?;
        } else {
            writer.write_record(values)?;
        }
    }
    let text = writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(text).map_err(io::Error::other)
}

/// Checks one portal, or all; something is wrong where rows are omitted.
pub async fn check(
    table: &Table,
    options: &CheckOptions,
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
    Ok(if omitted == 0 {
        Outcome::Done
    } else {
        Outcome::Findings
    })
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
        if numbers[&row.number.number] > 1 {
            let problem = "the number is listed more than once, with other extensions";
            row.problems.push(problem.into());
        }
        if names[name] > 1 {
            row.problems
                .push("another number shows the same name".into());
        }
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
