//! Import: the whole file checked, the changes shown, and then written.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anstream::eprintln;
use channel_connection::ids::PortalId;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde_json::json;

use crate::{
    ending::{Ending, Failure},
    numbers::{
        NumbersError,
        check_row::{self, Expected},
        column::Column,
        file::{self, FileOptions},
        findings::{Findings, Problem},
        number_text::NationalRegion,
        plan,
        staged::{Change, Counts, Planned, Staged},
        table::Table,
        write::{self, Written},
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

/// How rows are written.
#[derive(Debug, Clone, Args)]
pub struct WritingOptions {
    /// Show what would change, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// How many bad rows, warnings and changes are shown
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    pub show: u32,
    /// How many requests are sent at a time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u8).range(1..=128))]
    pub parallel: u8,
}

/// Imports a file.
pub async fn import(
    table: &Table,
    options: &ImportOptions,
    as_json: bool,
) -> Result<Ending, Failure> {
    let mut findings = Findings::new(options.writing.show);
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
    let changes = Changes::of(staged, table, options.replace).await?;
    let findings = as_json.then_some(&findings);
    changes.write(table, &options.writing, findings).await
}

/// Reads and checks the whole file.
fn stage(options: &ImportOptions, findings: &mut Findings) -> Result<Staged, NumbersError> {
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

/// Rows of which it is known what becomes of them.
pub struct Changes {
    /// The rows.
    pub staged: Staged,
}

impl Changes {
    /// Compares rows with the table; if they `replace` it, other numbers of their portals go.
    pub async fn of(staged: Staged, table: &Table, replace: bool) -> Result<Self, NumbersError> {
        let bar = progress_bar("reading", "portals", staged.portal_count()?);
        plan::plan(&staged, table, replace, |more| bar.inc(more)).await?;
        bar.finish_and_clear();
        Ok(Self { staged })
    }

    /// Shows what becomes of the rows, asks, and writes it.
    pub async fn write(
        self,
        table: &Table,
        options: &WritingOptions,
        findings_as_json: Option<&Findings>,
    ) -> Result<Ending, Failure> {
        let portals = self.staged.portal_count().map_err(NumbersError::from)?;
        let counts = self.staged.counts().map_err(NumbersError::from)?;
        if let Some(findings) = findings_as_json {
            terminal::print_json(
                &json!({"plan": counts, "portals": portals, "findings": findings}),
            )?;
        } else {
            self.print(counts, portals, options.show)?;
        }
        let writes = counts.added + counts.changed + counts.removed;
        if options.dry_run || writes == 0 {
            return Ok(Ending::Done);
        }
        terminal::confirm("Write this?", options.yes)?;
        let bar = progress_bar("writing", "rows", writes);
        let parallel = usize::from(options.parallel);
        let written = write::write(&self.staged, table, parallel, |more| bar.inc(more)).await;
        let (done, took) = (bar.position(), bar.elapsed());
        bar.finish_and_clear();
        let ended = match written {
            Ok(Written::All) => Ending::Done,
            Ok(Written::Stopped) => Ending::Interrupted,
            Err(error) => {
                eprintln!(
                    "{done} of {writes} rows were written. Run it again: it goes on from there."
                );
                return Err(error.into());
            }
        };
        match ended {
            Ending::Done => eprintln!(
                "{} written in {:.1} s",
                terminal::counted(done, "row"),
                took.as_secs_f64()
            ),
            _ => eprintln!(
                "Stopped: {done} of {writes} rows are written. Run it again: it goes on from there."
            ),
        }
        Ok(ended)
    }

    fn print(&self, counts: Counts, portals: u64, show: u32) -> Result<(), Failure> {
        let Counts {
            added,
            changed,
            unchanged,
            removed,
        } = counts;
        writeln!(
            terminal::output(),
            "{}: {added} to add, {changed} to change, {removed} to remove, {unchanged} as they are",
            terminal::counted(portals, "portal")
        )?;
        for (change, mark, count) in [
            (Change::Add, '+', added),
            (Change::Change, '~', changed),
            (Change::Remove, '-', removed),
        ] {
            let rows = self
                .staged
                .planned(change, None, show)
                .map_err(NumbersError::from)?;
            for row in &rows {
                writeln!(terminal::output(), "  {mark} {}", line(change, row))?;
            }
            let left = count - rows.len() as u64;
            if left > 0 {
                writeln!(terminal::output(), "  {mark} … and {left} more")?;
            }
        }
        Ok(())
    }
}

fn line(change: Change, row: &Planned) -> String {
    let Planned {
        portal,
        key,
        name,
        former_name,
        ..
    } = row;
    let name = name.as_deref().unwrap_or_default();
    let former = former_name.as_deref().unwrap_or_default();
    match change {
        Change::Change if former != name && row.name.is_some() => {
            format!("{portal}  {key}  {former:?} becomes {name:?}")
        }
        Change::Change => format!("{portal}  {key}  who sees it"),
        Change::Remove => format!("{portal}  {key}  {former}"),
        Change::Add | Change::Keep => format!("{portal}  {key}  {name}"),
    }
}

/// A bar on a terminal, and nothing in a pipe.
fn progress_bar(what: &'static str, of: &str, count: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
    let style =
        format!("{{msg}} {{bar:30}} {{human_pos}} of {{human_len}} {of}, {{rate}}, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&style) {
        bar.set_style(style.with_key(
            "rate",
            |state: &ProgressState, to: &mut dyn std::fmt::Write| {
                // A bar that cannot be drawn is no reason to stop.
                let _ = write!(to, "{:.0}/s", state.per_sec());
            },
        ));
    }
    bar.with_message(what)
}
