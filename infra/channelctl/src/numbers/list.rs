//! The rows of the table, printed: a portal's as a table, or any as a file that import reads.

use std::io::{self, BufWriter, IsTerminal, Write};

use anstream::eprintln;
use channel_connection::{
    ids::{PortalId, UserId},
    number_row::RowError,
};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use crate::{
    ending::{Ending, Failure},
    json_array::JsonArray,
    numbers::{
        item::{Stored, joined, portal_id},
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

/// A row as it is printed, with the names that import looks for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed<'a> {
    portal_id: Value,
    number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    friendly_name: Option<&'a str>,
    /// Nobody's, where the row shows the number to everyone.
    user_ids: Vec<UserId>,
    /// The reason nobody is shown the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Prints a portal's rows as they are stored.
pub async fn list(table: &Table, options: &ListOptions, as_json: bool) -> Result<Ending, Failure> {
    let mut shown = terminal::table(["number", "extension", "name", "users"]);
    let (mut json, mut count) = (JsonArray::default(), 0_u64);
    let add = |stored: &Stored| {
        let row = Printed::from(stored);
        count += 1;
        if as_json {
            json.push(&row)?;
            return Ok(());
        }
        let users = match stored.users() {
            None => "invalid".to_owned(),
            Some(users) if users.is_empty() => "all".into(),
            Some(_) => joined(&row.user_ids),
        };
        let (extension, name) = (
            row.extension.unwrap_or_default(),
            row.friendly_name.unwrap_or_default(),
        );
        shown.add_row([
            &escape(row.number),
            &escape(extension),
            &escape(name),
            users.as_str(),
        ]);
        Ok::<_, Failure>(())
    };
    table.each(Some(options.portal), add).await?;
    if as_json {
        json.finish()?;
    } else {
        let count = counted(count, "number");
        writeln!(
            terminal::output(),
            "{shown}\n{count} in portal {}",
            options.portal
        )?;
    }
    Ok(Ending::Done)
}

/// Prints rows page by page, so that memory does not grow with the table; a row whose users cannot be
/// told is left out and named, since it would be imported as everyone's.
pub async fn export(
    table: &Table,
    options: &ExportOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let format = if as_json {
        ExportFormat::Json
    } else {
        options.format
    };
    let mut writer = Writer::new(format)?;
    let mut refused = 0_u64;
    let write = |stored: &Stored| {
        if stored.users().is_some() {
            writer.write(&stored.into())?;
        } else {
            refused += 1;
            let (portal, key) = (escape(&stored.portal), escape(stored.key()));
            let problem = coloured(WRONG, "not exported");
            eprintln!(
                "{problem} portal {portal}, number {key}: {}",
                RowError::InvalidUserIds
            );
        }
        Ok::<_, Failure>(())
    };
    table.each(options.portal, write).await?;
    writer.finish()?;
    if refused == 0 {
        return Ok(Ending::Done);
    }
    let rows = counted(refused, "row");
    eprintln!(
        "{rows} not exported. Correct them, before an import of this with --replace deletes them."
    );
    Ok(Ending::SomethingWrong)
}

impl<'a> From<&'a Stored> for Printed<'a> {
    fn from(stored: &'a Stored) -> Self {
        let (number, extension) = stored.number();
        let users = stored.users().unwrap_or_default();
        Self {
            portal_id: portal_id(&stored.portal),
            number,
            extension,
            friendly_name: stored.name(),
            user_ids: users.into_iter().collect(),
            problem: stored.row.parse().err().map(|error| error.to_string()),
        }
    }
}

enum Writer {
    Csv(Box<csv::Writer<io::Stdout>>),
    Json(JsonArray),
    Jsonl(BufWriter<io::Stdout>),
}

impl Writer {
    fn new(format: ExportFormat) -> io::Result<Self> {
        Ok(match format {
            ExportFormat::Csv => {
                let mut writer = csv::Writer::from_writer(io::stdout());
                writer
                    .write_record(["portalId", "number", "extension", "friendlyName", "userIds"])
                    .map_err(of_output)?;
                Self::Csv(Box::new(writer))
            }
            ExportFormat::Json => Self::Json(JsonArray::default()),
            ExportFormat::Jsonl => Self::Jsonl(BufWriter::new(io::stdout())),
        })
    }

    fn write(&mut self, row: &Printed<'_>) -> io::Result<()> {
        match self {
            Self::Csv(writer) => {
                let extension = row.extension.unwrap_or_default();
                let name = row.friendly_name.unwrap_or_default();
                let portal = row
                    .portal_id
                    .as_str()
                    .map_or_else(|| row.portal_id.to_string(), str::to_owned);
                let users = joined(&row.user_ids);
                let record = [&portal, row.number, extension, name, &users];
                let written = if io::stdout().is_terminal() {
                    writer.write_record(record.map(|value| escape(value).into_owned()))
                } else {
                    writer.write_record(record)
                };
                written.map_err(of_output)
            }
            Self::Json(array) => array.push(row),
            Self::Jsonl(output) => writeln!(output, "{}", terminal::json_line(row)?),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Csv(mut writer) => writer.flush(),
            Self::Json(array) => array.finish(),
            Self::Jsonl(mut output) => output.flush(),
        }
    }
}

/// Takes out why the output took no more; `?` would hide that its reader has left.
fn of_output(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other("a row does not fit into CSV"),
    }
}
