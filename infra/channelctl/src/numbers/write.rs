//! A plan shown, confirmed and written.
//!
//! Rows are added and changed before any is deleted, and each write can be done twice: an import that
//! was stopped is run again.

use std::{io::Write as _, time::Duration};

use anstream::eprintln;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
};

use crate::{
    ending::{Ending, Failure},
    numbers::{
        error::NumbersError,
        item::{Update, write_request},
        plan::{Change, Key, Plan, Planned},
        report::Report,
        row::Findings,
        table::{MAX_BATCH, Table},
    },
    terminal::{self, counted, escape},
};

/// How rows are written.
#[derive(Debug, Clone, Args)]
pub struct WriteOptions {
    /// Show what would change, and change nothing
    #[arg(long)]
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

/// How the writing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// Every row is written.
    All,
    /// Ctrl-C stopped it; what had begun was finished.
    Stopped,
    /// Ctrl-C came twice; what had begun may be written or not.
    BrokenOff,
}

/// Compares the file's rows with the table; if they `replace` it, other numbers of their portals go.
pub async fn compare(plan: &mut Plan, table: &Table, replace: bool) -> Result<(), NumbersError> {
    let bar = progress_bar("reading", "portals", plan.portals().len() as u64);
    plan.compare(table, replace, |more| bar.inc(more)).await?;
    bar.finish_and_clear();
    Ok(())
}

/// Shows what happens to the rows, asks, and writes it.
pub async fn apply(
    plan: &Plan,
    table: &Table,
    options: &WriteOptions,
    findings: &Findings,
    as_json: bool,
) -> Result<Ending, Failure> {
    let writes = [Change::Add, Change::Update, Change::Delete].map(|change| plan.count(change));
    let writes = writes.iter().sum();
    let is_to_write = !options.dry_run && writes > 0;
    let report = Report::begin(plan, findings, as_json);
    let report = report.and_then(|report| {
        if !as_json {
            print(plan, options.show)?;
        }
        Ok(report)
    });
    let report = report.map_err(|error| {
        if is_to_write {
            NumbersError::Unshown(error).into()
        } else {
            Failure::from(error)
        }
    })?;
    let (mut done, mut ended) = (0, Ok(Ending::Done));
    if is_to_write {
        ended = match terminal::confirm("Write this?", options.yes) {
            Ok(()) => {
                let bar = progress_bar("writing", "rows", writes);
                let written = write(plan, table, options.parallel.into(), &bar).await;
                // To finish a bar moves it to its end.
                done = bar.position();
                bar.finish_and_clear();
                conclude(written, done, writes, bar.elapsed())
            }
            Err(not_confirmed) => Err(not_confirmed.into()),
        };
    }
    report.finish(done)?;
    ended
}

/// Says what was written, however it ended.
fn conclude(
    written: Result<Written, NumbersError>,
    done: u64,
    writes: u64,
    took: Duration,
) -> Result<Ending, Failure> {
    let so_far = format!(
        "{done} of {writes} rows are written. Run the command again: it goes on from there."
    );
    match written {
        Ok(Written::All) => {
            let rows = counted(done, "row");
            eprintln!("{rows} written in {:.1} s", took.as_secs_f64());
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
            eprintln!("At least {so_far}");
            Err(error.into())
        }
    }
}

fn print(plan: &Plan, show: u32) -> std::io::Result<()> {
    let (add, update) = (plan.count(Change::Add), plan.count(Change::Update));
    let (delete, keep) = (plan.count(Change::Delete), plan.count(Change::Keep));
    let portals = counted(plan.portals().len() as u64, "portal");
    let mut output = terminal::output();
    writeln!(
        output,
        "{portals}: {add} to add, {update} to update, {delete} to delete, {keep} unchanged"
    )?;
    for (change, mark, count) in [
        (Change::Add, '+', add),
        (Change::Update, '~', update),
        (Change::Delete, '-', delete),
    ] {
        for (key, row) in plan.of(change).take(show as usize) {
            writeln!(output, "  {mark} {}", line(key, row))?;
        }
        let left = count.saturating_sub(show.into());
        if left > 0 {
            writeln!(output, "  {mark} … and {left} more")?;
        }
    }
    Ok(())
}

fn line((portal, number): &Key, row: &Planned) -> String {
    let name = escape(row.name.as_deref().unwrap_or_default());
    let previous = escape(row.previous_name.as_deref().unwrap_or_default());
    let what = match row.change {
        Change::Update if !row.changes_name() => "who sees it".into(),
        Change::Update => {
            let users = if row.changes_users() {
                ", and who sees it"
            } else {
                ""
            };
            format!("\"{previous}\" becomes \"{name}\"{users}")
        }
        Change::Delete => previous.into_owned(),
        Change::Add | Change::Keep => name.into_owned(),
    };
    format!("{portal}  {}  {what}", escape(number))
}

/// Writes all that is planned, `writers` requests at a time.
async fn write(
    plan: &Plan,
    table: &Table,
    writers: usize,
    bar: &ProgressBar,
) -> Result<Written, NumbersError> {
    // Once for all of it, so that no Ctrl-C comes unheard.
    let mut interrupts = signal(SignalKind::interrupt()).map_err(NumbersError::NotInterruptible)?;
    for change in [Change::Add, Change::Update, Change::Delete] {
        let written = write_change(plan, change, table, writers, bar, &mut interrupts).await?;
        if written != Written::All {
            return Ok(written);
        }
    }
    Ok(Written::All)
}

/// Writes the rows of one change.
async fn write_change(
    plan: &Plan,
    change: Change,
    table: &Table,
    writers: usize,
    bar: &ProgressBar,
    interrupts: &mut Signal,
) -> Result<Written, NumbersError> {
    // An update goes by one request a row: it leaves the row's other attributes.
    let size = if change == Change::Update {
        1
    } else {
        MAX_BATCH
    };
    let mut left = plan.of(change);
    let mut writing = JoinSet::new();
    let mut outcome = Written::All;
    loop {
        while outcome == Written::All && writing.len() < writers {
            let rows: Vec<_> = left.by_ref().take(size).collect();
            let (table, count) = (table.clone(), rows.len() as u64);
            match rows[..] {
                [] => break,
                [(key, row)] if change == Change::Update => {
                    let update = Update::new(key, row);
                    writing.spawn(async move { table.update(&update).await.map(|()| count) });
                }
                _ => {
                    let requests = rows.iter().filter_map(|(key, row)| write_request(key, row));
                    let requests = requests.collect();
                    writing.spawn(async move { table.write(requests).await.map(|()| count) });
                }
            }
        }
        tokio::select! {
            written = writing.join_next() => match written {
                Some(count) => bar.inc(count??),
                None => return Ok(outcome),
            },
            _ = interrupts.recv() => {
                if outcome == Written::Stopped {
                    return Ok(Written::BrokenOff);
                }
                outcome = Written::Stopped;
                bar.suspend(|| eprintln!("Stopping; Ctrl-C again leaves at once."));
            }
        }
    }
}

/// A bar on a terminal, and nothing in a pipe.
fn progress_bar(what: &'static str, of: &str, count: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
    let style = format!(
        "{{msg}} {{bar:30}} {{human_pos}} of {{human_len}} {of}, {{per_sec:0}}, {{eta}} left"
    );
    if let Ok(style) = ProgressStyle::with_template(&style) {
        bar.set_style(style);
    }
    bar.with_message(what)
}
