//! A plan shown, confirmed and written.
//!
//! Rows are added and changed before any is deleted, and each write can be done twice: an import that
//! was stopped is run again.

use std::{
    cell::Cell,
    future::ready,
    io::{self, Write as _},
    pin::pin,
};

use anstream::eprintln;
use clap::Args;
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    ending::{Ending, Failure},
    numbers::{
        NumbersError,
        plan::{Change, Key, Plan, Planned},
        row::Findings,
        table::{MAX_BATCH, Table},
    },
    terminal::{self, NotConfirmed, counted, escape},
};

/// How rows are written.
#[derive(Debug, Clone, Args)]
pub struct WriteOptions {
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Bad rows, warnings and changes to show of each kind
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    show: u32,
    /// Requests to send at a time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u8).range(1..=128))]
    parallel: u8,
}

/// The one JSON document of a command that writes.
#[derive(Serialize)]
struct Report<'a> {
    plan: &'a Plan,
    #[serde(flatten)]
    findings: &'a Findings,
    /// `None` where nothing was tried: a dry run, bad rows, or nobody said yes.
    result: Option<Outcome>,
}

/// The rows that were written, at least, and whether they are all.
#[derive(Default, Serialize)]
struct Outcome {
    written: u64,
    removed: u64,
    complete: bool,
}

/// How the writing ended.
enum End {
    All,
    /// Ctrl-C stopped it; what had begun was finished.
    Stopped,
    /// Ctrl-C came twice; what had begun may be written or not.
    BrokenOff,
}

impl WriteOptions {
    /// Prints the findings; a bad row ends the command, before the table is even read.
    pub fn refuse_bad_rows(&self, findings: &Findings, as_json: bool) -> Result<(), Failure> {
        if !as_json {
            findings.print(self.show as usize);
        }
        if findings.has_bad_rows() {
            report(&Plan::default(), findings, None, as_json)?;
            return Err(NumbersError::BadRows.into());
        }
        Ok(())
    }

    /// Shows what happens to the rows, asks, and writes it.
    pub async fn apply(
        &self,
        plan: &Plan,
        table: &Table,
        findings: &Findings,
        as_json: bool,
    ) -> Result<Ending, Failure> {
        let changes = [Change::Add, Change::Update, Change::Delete];
        let writes = changes.map(|change| plan.count(change)).iter().sum();
        let is_to_write = !self.dry_run && writes > 0;
        if !as_json {
            print(plan, self.show as usize).map_err(|error| {
                if is_to_write {
                    NumbersError::Unshown(error).into()
                } else {
                    Failure::from(error)
                }
            })?;
        }
        let (result, ended) = if self.dry_run {
            (None, Ok(Ending::Done))
        } else if let Err(error) = self.confirm(table, is_to_write, as_json) {
            (None, Err(error.into()))
        } else {
            let (outcome, ended) = self.write(plan, table, writes, as_json).await;
            (Some(outcome), ended)
        };
        report(plan, findings, result, as_json)?;
        ended
    }

    /// Asks only where the plan is on the screen: JSON comes after the write.
    fn confirm(&self, table: &Table, is_to_write: bool, as_json: bool) -> Result<(), NotConfirmed> {
        if self.yes || !is_to_write {
            Ok(())
        } else if as_json {
            Err(NotConfirmed::NobodyToAsk)
        } else {
            terminal::confirm(&format!("Write this to {table}?"), false)
        }
    }

    /// Writes all that is planned, and says so, however it ends.
    async fn write(
        &self,
        plan: &Plan,
        table: &Table,
        writes: usize,
        as_json: bool,
    ) -> (Outcome, Result<Ending, Failure>) {
        let mut outcome = Outcome::default();
        let bar = progress_bar("writing", "rows", writes);
        let say = |text: &str| {
            if !as_json {
                bar.suspend(|| eprintln!("{text}"));
            }
        };
        let end = self.write_rows(plan, table, &mut outcome, &bar, say).await;
        bar.finish_and_clear();
        outcome.complete = matches!(end, Ok(End::All));
        let done = outcome.written + outcome.removed;
        let (how, ended) = match end {
            Ok(End::All) => {
                if writes > 0 {
                    let seconds = bar.elapsed().as_secs_f64();
                    say(&format!(
                        "{} written in {seconds:.1} s",
                        counted(done, "row")
                    ));
                }
                return (outcome, Ok(Ending::Done));
            }
            Ok(End::Stopped) => ("Stopped:", Ok(Ending::Interrupted)),
            Ok(End::BrokenOff) => ("Broken off: at least", Ok(Ending::Interrupted)),
            Err(error) => ("At least", Err(error.into())),
        };
        say(&format!(
            "{how} {done} of {writes} rows are written. Run the command again: it goes on from there."
        ));
        (outcome, ended)
    }

    async fn write_rows(
        &self,
        plan: &Plan,
        table: &Table,
        outcome: &mut Outcome,
        bar: &ProgressBar,
        say: impl Fn(&str),
    ) -> Result<End, NumbersError> {
        // Once for all of it, so that no Ctrl-C comes unheard.
        let interrupts = signal(SignalKind::interrupt());
        let mut interrupts = interrupts.map_err(NumbersError::NotInterruptible)?;
        let is_stopping = Cell::new(false);
        // An update goes by one request a row: it leaves the row's other attributes.
        for (change, size) in [
            (Change::Add, MAX_BATCH),
            (Change::Update, 1),
            (Change::Delete, MAX_BATCH),
        ] {
            let count = match change {
                Change::Delete => &mut outcome.removed,
                _ => &mut outcome.written,
            };
            let rows: Vec<_> = plan.of(change).collect();
            let writes = stream::iter(rows.chunks(size))
                .take_while(|_| ready(!is_stopping.get()))
                .map(|rows| table.write(rows))
                .buffer_unordered(self.parallel.into());
            let mut writes = pin!(writes);
            loop {
                tokio::select! {
                    written = writes.next() => match written {
                        None => break,
                        Some(rows) => {
                            let rows = rows?;
                            *count += rows;
                            bar.inc(rows);
                        }
                    },
                    _ = interrupts.recv() => {
                        if is_stopping.replace(true) {
                            return Ok(End::BrokenOff);
                        }
                        say("Stopping; Ctrl-C again leaves at once.");
                    }
                }
            }
        }
        Ok(if is_stopping.get() {
            End::Stopped
        } else {
            End::All
        })
    }
}

fn report(
    plan: &Plan,
    findings: &Findings,
    result: Option<Outcome>,
    as_json: bool,
) -> io::Result<()> {
    if !as_json {
        return Ok(());
    }
    terminal::print_json(&Report {
        plan,
        findings,
        result,
    })
}

fn print(plan: &Plan, show: usize) -> io::Result<()> {
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
        for (key, row) in plan.of(change).take(show) {
            writeln!(output, "  {mark} {}", line(key, row))?;
        }
        let left = count.saturating_sub(show);
        if left > 0 {
            writeln!(output, "  {mark} … and {left} more")?;
        }
    }
    Ok(())
}

fn line((portal, number): &Key, row: &Planned) -> String {
    let name = escape(row.name.as_deref().unwrap_or_default());
    let previous = escape(row.previous_name());
    let renamed = || format!("\"{previous}\" becomes \"{name}\"");
    let what = match row.change {
        Change::Update if !row.changes_name() => "who sees it".into(),
        Change::Update if row.changes_users() => renamed() + ", and who sees it",
        Change::Update => renamed(),
        Change::Delete => previous.into_owned(),
        Change::Add | Change::Keep => name.into_owned(),
    };
    format!("{portal}  {}  {what}", escape(number))
}

/// A bar on a terminal, and nothing in a pipe.
pub fn progress_bar(what: &'static str, of: &str, count: usize) -> ProgressBar {
    let target = ProgressDrawTarget::stderr();
    let bar = ProgressBar::with_draw_target(Some(count as u64), target);
    let style = format!(
        "{{msg}} {{bar:30}} {{human_pos}} of {{human_len}} {of}, {{per_sec:0}}, {{eta}} left"
    );
    if let Ok(style) = ProgressStyle::with_template(&style) {
        bar.set_style(style);
    }
    bar.with_message(what)
}
