//! What becomes of a table's rows: compared, shown, asked for, and then written.

use std::io::Write as _;

use anstream::eprintln;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde_json::json;

use crate::{
    ending::{Ending, Failure},
    numbers::{
        numbers_error::NumbersError,
        plan,
        planned::{Change, Counts, Planned},
        row_findings::RowFindings,
        staged::Staged,
        table::Table,
        write::{self, Written},
    },
    terminal,
};

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

/// Compares rows with the table; if they `replace` it, other numbers of their portals go.
pub async fn compare(staged: &Staged, table: &Table, replace: bool) -> Result<(), NumbersError> {
    let bar = progress_bar("reading", "portals", staged.portal_count()?);
    plan::plan(staged, table, replace, |more| bar.inc(more)).await?;
    bar.finish_and_clear();
    Ok(())
}

/// Shows what becomes of the rows, asks, and writes it.
pub async fn write(
    staged: &Staged,
    table: &Table,
    options: &WritingOptions,
    findings_as_json: Option<&RowFindings>,
) -> Result<Ending, Failure> {
    let portals = staged.portal_count().map_err(NumbersError::from)?;
    let counts = staged.counts().map_err(NumbersError::from)?;
    let shown = if let Some(findings) = findings_as_json {
        let plan = json!({"plan": counts, "portals": portals, "findings": findings});
        terminal::print_json(&plan).map_err(Failure::from)
    } else {
        print(staged, counts, portals, options.show)
    };
    let writes = counts.added + counts.changed + counts.removed;
    if options.dry_run || writes == 0 {
        return shown.map(|()| Ending::Done);
    }
    shown.map_err(|failure| match failure {
        Failure::Output(error) => Failure::Unshown(error),
        failure => failure,
    })?;
    terminal::confirm("Write this?", options.yes)?;
    carry_out(staged, table, writes, options.parallel.into()).await
}

async fn carry_out(
    staged: &Staged,
    table: &Table,
    writes: u64,
    parallel: usize,
) -> Result<Ending, Failure> {
    let bar = progress_bar("writing", "rows", writes);
    let written = write::write(staged, table, parallel, &bar).await;
    let (done, seconds) = (bar.position(), bar.elapsed().as_secs_f64());
    bar.finish_and_clear();
    let so_far =
        format!("{done} of {writes} rows are written. Run it again: it goes on from there.");
    match written {
        Ok(Written::All) => {
            eprintln!(
                "{} written in {seconds:.1} s",
                terminal::counted(done, "row")
            );
            Ok(Ending::Done)
        }
        Ok(Written::Stopped) => {
            eprintln!("Stopped: {so_far}");
            Ok(Ending::Interrupted)
        }
        Ok(Written::BrokenOff) => {
            eprintln!("Broken off: at least {so_far}");
            Ok(Ending::Interrupted)
        }
        Err(error) => {
            eprintln!("{so_far}");
            Err(error.into())
        }
    }
}

fn print(staged: &Staged, counts: Counts, portals: u64, show: u32) -> Result<(), Failure> {
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
        let rows = staged.planned(change, None, show);
        let rows = rows.map_err(NumbersError::from)?;
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
    let what = match change {
        Change::Change if !row.changes_name() => "who sees it".into(),
        Change::Change => {
            let users = if row.changes_users() {
                ", and who sees it"
            } else {
                ""
            };
            format!("{former:?} becomes {name:?}{users}")
        }
        Change::Remove => former.to_owned(),
        Change::Add | Change::Keep => name.to_owned(),
    };
    format!("{portal}  {key}  {what}")
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
