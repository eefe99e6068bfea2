//! Import: the whole file checked, the changes shown, and then written.

use std::path::PathBuf;

use anstream::eprintln;
use channel_connection::ids::PortalId;
use clap::Args;

use crate::{
    ending::{Ending, Failure},
    numbers::{
        columns::Column,
        error::NumbersError,
        file::{self, FileOptions},
        phone::Country,
        plan::Plan,
        report::Report,
        row::{Expected, Findings, RawRow, Severity},
        table::Table,
        write::{self, WriteOptions},
    },
    terminal::counted,
};

/// What to import, and how.
#[derive(Debug, Clone, Args)]
pub struct ImportOptions {
    /// CSV, TSV, JSON or JSONL; - for standard input
    pub file: PathBuf,
    /// The portal that every row is for
    #[arg(long)]
    pub portal: Option<PortalId>,
    /// Understand national numbers of this country, like US
    #[arg(long)]
    pub country: Option<Country>,
    /// For each portal in the file, delete numbers that are not in the file
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub reading: FileOptions,
    #[command(flatten)]
    pub writing: WriteOptions,
}

/// Imports a file.
pub async fn import(
    table: &Table,
    options: &ImportOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let mut findings = Findings::new(options.writing.show);
    let mut plan = read(options, &mut findings)?;
    refuse_bad_rows(&findings, as_json)?;
    write::compare(&mut plan, table, options.replace).await?;
    write::apply(&plan, table, &options.writing, &findings, as_json).await
}

/// Says what was found; a bad row ends the command, before the table is even read.
pub fn refuse_bad_rows(findings: &Findings, as_json: bool) -> Result<(), Failure> {
    if !as_json {
        findings.print();
    }
    if findings.bad_rows == 0 {
        return Ok(());
    }
    Report::begin(&Plan::default(), findings, as_json)?.finish(0)?;
    Err(NumbersError::BadRows.into())
}

/// Reads and checks the whole file.
fn read(options: &ImportOptions, findings: &mut Findings) -> Result<Plan, NumbersError> {
    let mut plan = Plan::default();
    let expected = Expected {
        portal: options.portal,
        country: options.country,
    };
    let mut rows = 0_u64;
    let columns = file::read(&options.file, &options.reading, &mut |raw: &RawRow<'_>| {
        rows += 1;
        if let Some(row) = raw.check(expected, findings)
            && let Some(first) = plan.add(row, Some(raw.place))
        {
            let number = raw.text(Column::Number);
            let reason = format!("is there twice: first in {first}");
            findings.add(
                Severity::Error,
                Some(raw.place),
                Column::Number,
                number,
                reason,
            );
        }
    })?;
    let file = file::name(&options.file);
    eprintln!("{file}: {}; {columns}", counted(rows, "row"));
    Ok(plan)
}
