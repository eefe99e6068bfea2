//! The rows of the table, printed: a portal's as a table, or any as a file that import reads.

use std::io::{self, BufWriter, Write};

use channel_connection::ids::PortalId;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::{
    ending::{Ending, Failure},
    numbers::{
        stored::{Page, Stored},
        table::Table,
    },
    terminal,
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
    /// The form of what is printed
    #[arg(long, value_enum, default_value_t)]
    format: ExportFormat,
}

/// The form of an export; import reads each.
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    portal_id: String,
    number: String,
    extension: String,
    friendly_name: String,
    user_ids: String,
}

/// Prints a portal's rows as they are stored.
pub async fn list(table: &Table, options: &ListOptions, as_json: bool) -> Result<Ending, Failure> {
    if as_json {
        let options = ExportOptions {
            portal: Some(options.portal),
            format: ExportFormat::Json,
        };
        return export(table, &options, true).await;
    }
    let mut shown = terminal::table(["number", "extension", "name", "users"]);
    let (mut start, mut count) = (None, 0_u64);
    loop {
        let page = table.portal_page(options.portal, start).await?;
        count += page.rows.len() as u64;
        for stored in &page.rows {
            let Exported {
                number,
                extension,
                friendly_name,
                user_ids,
                ..
            } = stored.into();
            let users = if user_ids.is_empty() {
                "all".into()
            } else {
                user_ids
            };
            shown.add_row([number, extension, friendly_name, users]);
        }
        start = page.next;
        if start.is_none() {
            break;
        }
    }
    writeln!(
        terminal::output(),
        "{shown}\n{} in portal {}",
        terminal::counted(count, "number"),
        options.portal
    )?;
    Ok(Ending::Done)
}

/// Prints rows page by page, so that memory does not grow with the table.
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
    let mut start = None;
    loop {
        let Page { rows, next } = match options.portal {
            Some(portal) => table.portal_page(portal, start).await?,
            None => table.page(start).await?,
        };
        for stored in &rows {
            writer.write(&stored.into())?;
        }
        start = next;
        if start.is_none() {
            break;
        }
    }
    writer.finish()?;
    Ok(Ending::Done)
}

impl From<&Stored> for Exported {
    fn from(stored: &Stored) -> Self {
        let key = stored.key();
        let (number, extension) = key.split_once(";ext=").unwrap_or((key, ""));
        let users = stored.users().unwrap_or_default();
        let users: Vec<_> = users.iter().map(ToString::to_string).collect();
        Self {
            portal_id: stored.portal.clone(),
            number: number.to_owned(),
            extension: extension.to_owned(),
            friendly_name: stored.name().unwrap_or_default().to_owned(),
            user_ids: users.join(" "),
        }
    }
}

enum Writer {
    Csv(Box<csv::Writer<io::Stdout>>),
    Json {
        output: BufWriter<io::Stdout>,
        is_first: bool,
    },
    Jsonl(BufWriter<io::Stdout>),
}

impl Writer {
    fn new(format: ExportFormat) -> io::Result<Self> {
        let output = BufWriter::new(io::stdout());
        Ok(match format {
            ExportFormat::Csv => {
                let mut writer = csv::WriterBuilder::new()
                    .has_headers(false)
                    .from_writer(io::stdout());
                writer.write_record([
                    "portalId",
                    "number",
                    "extension",
                    "friendlyName",
                    "userIds",
                ])?;
                Self::Csv(Box::new(writer))
            }
            ExportFormat::Json => Self::Json {
                output,
                is_first: true,
            },
            ExportFormat::Jsonl => Self::Jsonl(output),
        })
    }

    fn write(&mut self, row: &Exported) -> io::Result<()> {
        match self {
            Self::Csv(writer) => Ok(writer.serialize(row)?),
            Self::Json { output, is_first } => {
                let before: &[u8] = if *is_first { b"[\n" } else { b",\n" };
                *is_first = false;
                output.write_all(before)?;
                Ok(serde_json::to_writer(output, row)?)
            }
            Self::Jsonl(output) => {
                serde_json::to_writer(&mut *output, row)?;
                output.write_all(b"\n")
            }
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Csv(mut writer) => writer.flush(),
            Self::Json {
                mut output,
                is_first,
            } => {
                output.write_all(if is_first { b"[]\n" } else { b"\n]\n" })?;
                output.flush()
            }
            Self::Jsonl(mut output) => output.flush(),
        }
    }
}
