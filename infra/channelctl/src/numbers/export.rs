//! The rows of the table, printed: a portal's as a table, or any as a file that import reads.

use std::io::{self, BufWriter, Write};

use channel_connection::{ids::PortalId, phone_number};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::{
    aws_error::AwsError,
    ending::{Ending, Failure},
    json_array::JsonArray,
    numbers::{stored::Stored, table::Table},
    terminal,
};

/// What stands for users that nobody can tell. Import refuses it: read as nobody in particular, it
/// would show the number to everyone.
const UNREADABLE: &str = "unreadable";

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
    let mut count = 0_u64;
    let add = |stored: &Stored| {
        let row = Exported::from(stored);
        let users = match row.user_ids.as_str() {
            "" => "all".to_owned(),
            _ => row.user_ids,
        };
        shown.add_row([row.number, row.extension, row.friendly_name, users]);
        count += 1;
        Ok::<_, AwsError>(())
    };
    table.each(Some(options.portal), add).await?;
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
    let write = |stored: &Stored| Ok::<_, Failure>(writer.write(&stored.into())?);
    table.each(options.portal, write).await?;
    writer.finish()?;
    Ok(Ending::Done)
}

impl From<&Stored> for Exported {
    fn from(stored: &Stored) -> Self {
        let (number, extension) = phone_number::split_key(stored.key());
        let users = stored.users().map(|users| {
            let users: Vec<_> = users.iter().map(ToString::to_string).collect();
            users.join(" ")
        });
        Self {
            portal_id: stored.portal.clone(),
            number: number.to_owned(),
            extension: extension.unwrap_or_default().to_owned(),
            friendly_name: stored.name().unwrap_or_default().to_owned(),
            user_ids: users.unwrap_or_else(|| UNREADABLE.into()),
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
                let mut writer = csv::WriterBuilder::new()
                    .has_headers(false)
                    .from_writer(io::stdout());
                writer
                    .write_record(["portalId", "number", "extension", "friendlyName", "userIds"])
                    .map_err(of_output)?;
                Self::Csv(Box::new(writer))
            }
            ExportFormat::Json => Self::Json(JsonArray::default()),
            ExportFormat::Jsonl => Self::Jsonl(BufWriter::new(io::stdout())),
        })
    }

    fn write(&mut self, row: &Exported) -> io::Result<()> {
        match self {
            Self::Csv(writer) => writer.serialize(row).map_err(of_output),
            Self::Json(array) => array.push(row),
            Self::Jsonl(output) => {
                serde_json::to_writer(&mut *output, row)?;
                output.write_all(b"\n")
            }
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
