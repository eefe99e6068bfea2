//! The rows of the table, printed: a portal's as a table, or any as a file that import reads.

use std::io::{self, BufWriter, IsTerminal, Write};

use anstream::eprintln;
use channel_connection::{ids::PortalId, number_row::RowError};
use clap::{Args, ValueEnum};

use crate::{
    ending::{Ending, Failure},
    numbers::{
        item::{JsonRow, Stored, joined},
        table::Table,
    },
    terminal::{self, WRONG, coloured, counted, escape},
};

/// Which portal to list.
#[derive(Debug, Clone, Args)]
pub struct ListOptions {
    /// The customer's account
    #[arg(long)]
    portal: PortalId,
}

/// What to export.
#[derive(Debug, Clone, Args)]
pub struct ExportOptions {
    /// The customer's account; all, if none is named
    #[arg(long)]
    portal: Option<PortalId>,
    /// The format of what is printed
    #[arg(long, value_enum, default_value_t)]
    format: ExportFormat,
}

/// The format of an export; import reads each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    // Comma-separated values with a header
    #[default]
    Csv,
    // One array of objects
    Json,
    // An object in each line
    Jsonl,
}

/// Prints a portal's rows as they are stored.
pub async fn list(table: &Table, options: &ListOptions, as_json: bool) -> Result<Ending, Failure> {
    let rows = table.rows(Some(options.portal)).await?;
    if as_json {
        terminal::print_json(&rows.iter().map(JsonRow::from).collect::<Vec<_>>())?;
        return Ok(Ending::Done);
    }
    let mut shown = terminal::table(["number", "extension", "name", "users"]);
    for stored in &rows {
        let row = JsonRow::from(stored);
        let users = match stored.users() {
            None => "invalid".to_owned(),
            Some(users) if users.is_empty() => "all".into(),
            Some(_) => joined(&row.user_ids),
        };
        shown.add_row([
            &escape(row.number),
            &escape(row.extension.unwrap_or_default()),
            &escape(row.friendly_name.unwrap_or_default()),
            users.as_str(),
        ]);
    }
    let (count, portal) = (counted(rows.len() as u64, "number"), options.portal);
    writeln!(terminal::output(), "{shown}\n{count} in portal {portal}")?;
    Ok(Ending::Done)
}

/// Prints rows as a file; a row whose users are invalid is omitted and named, since it would be
/// imported as everyone's.
pub async fn export(
    table: &Table,
    options: &ExportOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let rows = table.rows(options.portal).await?;
    let (rows, invalid): (Vec<_>, Vec<_>) =
        rows.iter().partition(|stored| stored.users().is_some());
    let output = BufWriter::new(io::stdout());
    let format = if as_json {
        ExportFormat::Json
    } else {
        options.format
    };
    match format {
        ExportFormat::Csv => print_csv(&rows, output)?,
        ExportFormat::Json => print_json(&rows, output, ("[\n", ",\n", "\n]\n"))?,
        ExportFormat::Jsonl => print_json(&rows, output, ("", "\n", "\n"))?,
    }
    for stored in &invalid {
        let (portal, key) = (escape(&stored.portal), escape(stored.key()));
        let (omitted, reason) = (coloured(WRONG, "not exported"), RowError::InvalidUserIds);
        eprintln!("{omitted} portal {portal}, number {key}: {reason}");
    }
    if invalid.is_empty() {
        return Ok(Ending::Done);
    }
    let count = counted(invalid.len() as u64, "row");
    eprintln!("{count} not exported. Correct them: import --replace of this export deletes them.");
    Ok(Ending::SomethingWrong)
}

/// Prints each row in a line, so that a reader may stop at any.
fn print_json(
    rows: &[&Stored],
    mut output: impl Write,
    (start, between, end): (&str, &str, &str),
) -> io::Result<()> {
    for (at, stored) in rows.iter().enumerate() {
        let before = if at == 0 { start } else { between };
        write!(
            output,
            "{before}{}",
            terminal::json_line(&JsonRow::from(*stored))?
        )?;
    }
    match (rows, start) {
        ([], "") => {}
        ([], _) => output.write_all(b"[]\n")?,
        _ => output.write_all(end.as_bytes())?,
    }
    output.flush()
}

fn print_csv(rows: &[&Stored], mut output: impl Write) -> io::Result<()> {
    let is_shown = io::stdout().is_terminal();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["portalId", "number", "extension", "friendlyName", "userIds"])?;
    for stored in rows {
        let row = JsonRow::from(*stored);
        let extension = row.extension.unwrap_or_default();
        let name = row.friendly_name.unwrap_or_default();
        let users = joined(&row.user_ids);
        let values = [&stored.portal, row.number, extension, name, &users];
        if is_shown {
            writer.write_record(values.map(|value| escape(value).into_owned()))?;
        } else {
            writer.write_record(values)?;
        }
    }
    let text = writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    output.write_all(&text)?;
    output.flush()
}
