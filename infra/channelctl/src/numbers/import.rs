//! Import: the whole file checked, the changes shown, and then written.

use std::path::{Path, PathBuf};

use anstream::eprintln;
use channel_connection::ids::PortalId;
use clap::Args;

use crate::{
    ending::{Ending, Failure},
    numbers::{
        changes::{self, WritingOptions},
        check_row::{self, Expected},
        column::Column,
        file::{self, FileOptions},
        number_text::NationalRegion,
        numbers_error::NumbersError,
        row_findings::{Problem, RowFindings},
        staged::Staged,
        table::Table,
    },
    terminal,
};

/// What to import, and how.
#[derive(Debug, Clone, Args)]
pub struct ImportOptions {
    /// CSV, TSV, JSON or JSONL; - for standard input
    pub file: PathBuf,
    /// The portal that every row is for
    #[arg(long)]
    pub portal: Option<PortalId>,
    /// Understand national numbers of this region, like US
    #[arg(long)]
    pub region: Option<NationalRegion>,
    /// Make each portal of the file exactly what the file says: other numbers of it go
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub reading: FileOptions,
    #[command(flatten)]
    pub writing: WritingOptions,
}

/// Imports a file.
pub async fn import(
    table: &Table,
    options: &ImportOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let mut findings = RowFindings::new(options.writing.show);
    let staged = stage(options, &mut findings)?;
    if !as_json {
        findings.print();
    }
    if findings.bad_rows > 0 {
        if as_json {
            terminal::print_json(&findings).map_err(Failure::from)?;
        }
        return Err(NumbersError::BadRows.into());
    }
    changes::compare(&staged, table, options.replace).await?;
    let findings = as_json.then_some(&findings);
    changes::write(&staged, table, &options.writing, findings).await
}

/// Reads and checks the whole file.
fn stage(options: &ImportOptions, findings: &mut RowFindings) -> Result<Staged, NumbersError> {
    let staged = Staged::new()?;
    let expected = Expected {
        portal: options.portal,
        region: options.region,
    };
    let mut rows = 0_u64;
    let columns = file::read(&options.file, &options.reading, &mut |raw| {
        rows += 1;
        if let Some(row) = check_row::check(&raw, expected, findings)
            && let Some(first) = staged.add(&row, raw.place)?
        {
            let number = raw.text(Column::Number);
            findings.problem(
                raw.place,
                Column::Number,
                number,
                &Problem::Duplicate(first),
            );
        }
        Ok(())
    })?;
    if rows == 0 {
        return Err(NumbersError::NoRows);
    }
    eprintln!(
        "{}: {}; {columns}",
        shown(&options.file),
        terminal::counted(rows, "row")
    );
    Ok(staged)
}

fn shown(file: &Path) -> String {
    if file.as_os_str() == "-" {
        "standard input".into()
    } else {
        file.display().to_string()
    }
}
