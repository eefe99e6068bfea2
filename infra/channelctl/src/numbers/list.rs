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
use csv::WriterBuilder;
use serde::Serialize;
use serde_json::json;

use crate::{
    numbers::{
        file::Format,
        phone,
        row::check_name,
        table::{NumberFields, Stored, Table, joined},
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
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    #[serde(flatten)]
    fields: NumberFields<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_emails: Option<Vec<&'a str>>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: channelctl --stage dev numbers export --json > backup.json")]
pub struct ExportOptions {
    /// Customer's HubSpot account; all if omitted
    #[arg(long)]
    portal: Option<PortalId>,
    /// Format; csv if omitted
    #[arg(long, value_enum)]
    format: Option<Format>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: channelctl --stage prod numbers check --json")]
pub struct CheckOptions {
    /// Customer's HubSpot account; all if omitted
    #[arg(long)]
    portal: Option<PortalId>,
}

#[derive(Serialize)]
struct CheckReport<'a> {
    numbers: &'a [Checked<'a>],
    findings: &'a [Finding<'a>],
}

/// A row of the table, and what HubSpot makes of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked<'a> {
    #[serde(flatten)]
    fields: NumberFields<'a>,
    /// The name that HubSpot shows; `None` of a row that it does not get.
    shown_name: Option<String>,
    selectable: bool,
    #[serde(skip)]
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Finding<'a> {
    #[serde(flatten)]
    fields: &'a NumberFields<'a>,
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
        let fields = stored.fields();
        let ids = fields.user_ids.iter().flatten();
        let known = ids.filter_map(|id| emails.get(id).copied()).collect();
        Listed {
            fields,
            user_emails: options.users.is_given().then_some(known),
        }
    });
    let numbers: Vec<_> = listed.collect();
    terminal::print(as_json, &json!({"numbers": numbers}), || {
        let mut shown = terminal::table(["number", "extension", "name", "users"]);
        for Listed { fields, .. } in &numbers {
            shown.add_row([
                escape(fields.number),
                escape(fields.extension.unwrap_or_default()),
                escape(fields.friendly_name.unwrap_or_default()),
                users(fields, &emails),
            ]);
        }
        let (count, portal) = (counted(rows.len() as u64, "number"), options.portal);
        writeln!(terminal::output(), "{shown}\n{count} in portal {portal}")
    })?;
    Ok(Outcome::Done)
}

/// Names a row's users, by their emails where these are known.
fn users(fields: &NumberFields<'_>, emails: &HashMap<UserId, &str>) -> String {
    let name = |id: &UserId| match emails.get(id) {
        Some(email) => escape(email),
        None => id.to_string(),
    };
    match &fields.user_ids {
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
    let format = match options.format {
        None if as_json => Format::Json,
        None => Format::Csv,
        Some(format) if !as_json || format == Format::Json => format,
        Some(_) => {
            let conflict = "--json prints JSON: leave out --format, or --json.";
            return Err(Failure::usage(conflict));
        }
    };
    let rows = table.rows(options.portal).await?;
    let (mut fields, mut omitted) = (Vec::new(), Vec::new());
    for stored in &rows {
        match refusal(stored) {
            None => fields.push(stored.fields()),
            Some(reason) => omitted.push((stored, reason)),
        }
    }
    let lines: io::Result<Vec<_>> = fields.iter().map(terminal::json_line).collect();
    let text = match format {
        Format::Csv => delimited(&fields, b',')?,
        Format::Tsv => delimited(&fields, b'\t')?,
        Format::Json if fields.is_empty() => "[]\n".into(),
        Format::Json => format!("[\n{}\n]\n", lines?.join(",\n")),
        Format::Jsonl => lines?.into_iter().map(|line| line + "\n").collect(),
    };
    io::stdout().write_all(text.as_bytes())?;
    if omitted.is_empty() {
        return Ok(Outcome::Done);
    }
    for (stored, reason) in omitted.iter().filter(|_| !as_json) {
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

fn delimited(rows: &[NumberFields<'_>], delimiter: u8) -> io::Result<String> {
    let is_shown = io::stdout().is_terminal();
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    writer.write_record(["portalId", "number", "extension", "friendlyName", "userIds"])?;
    for row in rows {
        let values = [
            &row.portal_id.to_string(),
            row.number,
            row.extension.unwrap_or_default(),
            row.friendly_name.unwrap_or_default(),
            &row.user_ids.as_ref().map(joined).unwrap_or_default(),
        ];
        let shown = |value: &str| {
            if is_shown {
                escape(value)
            } else {
                value.to_owned()
            }
        };
        writer.write_record(values.map(shown))?;
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
fn check_portal(rows: &[Stored]) -> Vec<Checked<'_>> {
    let mut checked: Vec<_> = rows.iter().map(Checked::from).collect();
    let (mut numbers, mut names) = (HashMap::new(), HashMap::new());
    for row in &checked {
        if let Some(name) = &row.shown_name {
            *numbers.entry(row.fields.number).or_insert(0) += 1;
            *names.entry(name.clone()).or_insert(0) += 1;
        }
    }
    for row in &mut checked {
        let Some(name) = &row.shown_name else {
            continue;
        };
        if numbers[row.fields.number] > 1 {
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

impl<'a> From<&'a Stored> for Checked<'a> {
    fn from(stored: &'a Stored) -> Self {
        let fields = stored.fields();
        let (listed, _) = match stored.row.parse() {
            Ok(listed) => listed,
            Err(reason) => {
                return Self {
                    fields,
                    shown_name: None,
                    selectable: false,
                    problems: vec![format!("omitted: {reason}")],
                };
            }
        };
        let name = stored.name().unwrap_or_default();
        let mut problems = Vec::new();
        problems.extend(refusal(stored).map(|reason| format!("import refuses it: {reason}")));
        match truncate(name) {
            (_, lost) if !lost.is_empty() => problems.push(format!("cut: {lost:?} is lost")),
            (shown, _) if shown.is_empty() => {
                problems.push("no name: the number is shown".into());
            }
            _ => {}
        }
        let unselectable = not_selectable(listed.number.as_str(), fields.extension);
        problems.extend(unselectable.map(str::to_owned));
        Self {
            fields,
            shown_name: Some(listed.friendly_name.as_str().to_owned()),
            selectable: unselectable.is_none(),
            problems,
        }
    }
}

impl Checked<'_> {
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
            fields: &self.fields,
            severity,
            message,
        })
    }
}

fn print(checked: &[Checked<'_>], is_one_portal: bool) -> io::Result<()> {
    let headers = ["portal", "name", "number", "extension", "users", "notes"];
    // Where a portal was named, it stands in every row.
    let first = usize::from(is_one_portal);
    let mut table = terminal::table(headers.into_iter().skip(first));
    let worth_a_look = |row: &&Checked<'_>| is_one_portal || !row.problems.is_empty();
    for row in checked.iter().filter(worth_a_look) {
        let cells = [
            row.fields.portal_id.to_string(),
            escape(row.shown_name.as_deref().unwrap_or_default()),
            escape(row.fields.number),
            escape(row.fields.extension.unwrap_or_default()),
            users(&row.fields, &HashMap::new()),
            row.problems.join("; "),
        ];
        table.add_row(cells.into_iter().skip(first));
    }
    if table.is_empty() {
        return Ok(());
    }
    writeln!(terminal::output(), "{table}")
}
