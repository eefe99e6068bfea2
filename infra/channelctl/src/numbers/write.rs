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
#[cfg(unix)]
use tokio::signal::unix;
#[cfg(windows)]
use tokio::signal::windows::ctrl_c as interrupts;

use crate::{
    numbers::{
        plan::{Change, Key, Plan, Planned},
        row::Findings,
        table::{MAX_BATCH, Table},
    },
    outcome::{Failure, Kind, Outcome},
    terminal::{self, counted, escape},
};

#[cfg(unix)]
fn interrupts() -> io::Result<unix::Signal> {
    unix::signal(unix::SignalKind::interrupt())
}

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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Report<'a> {
    #[cfg_attr(test, schemars(with = "crate::schema::Plan"))]
    plan: &'a Plan,
    #[serde(flatten)]
    findings: &'a Findings,
    /// `None` where nothing was tried: a dry run, bad rows, or nobody said yes.
    result: Option<Progress>,
}

/// The rows that were written, at least, and whether they are all.
#[derive(Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Progress {
    written: u64,
    deleted: u64,
    complete: bool,
}

impl WriteOptions {
    /// Prints the findings; a bad row ends the command, before the table is even read.
    pub fn refuse_bad_rows(&self, findings: &Findings, as_json: bool) -> Result<(), Failure> {
        if !as_json {
            findings.print(self.show as usize);
        }
        if findings.has_bad_rows() {
            report(&Plan::default(), findings, None, as_json)?;
            let message = "Nothing was written: fix the bad rows first.";
            return Err(Failure::bad_input(message));
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
    ) -> Result<Outcome, Failure> {
        let changes = [Change::Add, Change::Update, Change::Delete];
        let writes = changes.map(|change| plan.count(change)).iter().sum();
        if !as_json && let Err(error) = print(plan, self.show as usize) {
            if self.dry_run || writes == 0 {
                return Err(error.into());
            }
            return Err(Failure::failed(format!(
                "Nothing was written, because what would change cannot be shown: {error}"
            )));
        }
        if self.dry_run || writes == 0 {
            let nothing = Progress {
                complete: true,
                ..Progress::default()
            };
            report(plan, findings, (!self.dry_run).then_some(nothing), as_json)?;
            return Ok(Outcome::Done);
        }
        if let Err(unconfirmed) = self.confirm(table, as_json).await {
            report(plan, findings, None, as_json)?;
            return Err(unconfirmed);
        }
        let mut progress = Progress::default();
        let ended = self
            .write(plan, table, writes, &mut progress, as_json)
            .await;
        report(plan, findings, Some(progress), as_json)?;
        ended
    }

    /// Says which table is written to, and asks only where the plan is on the screen.
    async fn confirm(&self, table: &Table, as_json: bool) -> Result<(), Failure> {
        let place = terminal::wait("AWS STS", table.place()).await;
        eprintln!("writes to {place}");
        if as_json && !self.yes {
            return Err(terminal::nobody_to_ask());
        }
        terminal::confirm("Write this?", self.yes)
    }

    /// Writes all that is planned, and says so, however it ends.
    async fn write(
        &self,
        plan: &Plan,
        table: &Table,
        writes: usize,
        progress: &mut Progress,
        as_json: bool,
    ) -> Result<Outcome, Failure> {
        let bar = progress_bar("writing", "rows", writes);
        let say = |text: &str| {
            if !as_json {
                bar.suspend(|| eprintln!("{text}"));
            }
        };
        let ended = self.write_rows(plan, table, progress, &bar, say).await;
        bar.finish_and_clear();
        let done = progress.written + progress.deleted;
        progress.complete = ended.is_ok() && done == writes as u64;
        if progress.complete {
            let (rows, seconds) = (counted(done, "row"), bar.elapsed().as_secs_f64());
            say(&format!("{rows} written in {seconds:.1} s"));
            return Ok(Outcome::Done);
        }
        let how = if ended == Ok(Outcome::Interrupted) {
            "Stopped:"
        } else {
            "At least"
        };
        say(&format!(
            "{how} {done} of {writes} rows are written. Run the command again: it goes on from there."
        ));
        ended
    }

    /// Writes until all is written, or Ctrl-C comes: then what had begun is finished, unless Ctrl-C
    /// comes again.
    async fn write_rows(
        &self,
        plan: &Plan,
        table: &Table,
        progress: &mut Progress,
        bar: &ProgressBar,
        say: impl Fn(&str),
    ) -> Result<Outcome, Failure> {
        // Once for all of it, so that no Ctrl-C comes unheard.
        let mut interrupts = interrupts()
            .map_err(|error| Failure::failed(format!("cannot listen for Ctrl-C: {error}")))?;
        let is_stopping = Cell::new(false);
        // An update goes by one request a row: it leaves the row's other attributes.
        for (change, size) in [
            (Change::Add, MAX_BATCH),
            (Change::Update, 1),
            (Change::Delete, MAX_BATCH),
        ] {
            let count = match change {
                Change::Delete => &mut progress.deleted,
                _ => &mut progress.written,
            };
            let rows: Vec<_> = plan.of(change).collect();
            let writes = stream::iter(rows.chunks(size))
                .take_while(|_| ready(!is_stopping.get()))
                .map(|rows| table.write(rows))
                .buffer_unordered(self.parallel.into());
            let mut writes = pin!(writes);
            loop {
                tokio::select! {
                    rows = writes.next() => match rows.transpose()? {
                        None => break,
                        Some(rows) => {
                            *count += rows;
                            bar.inc(rows);
                        }
                    },
                    _ = interrupts.recv() => {
                        if is_stopping.replace(true) {
                            let message = "Broken off: what had begun may be written or not.";
                            return Err(Failure::new(Kind::Interrupted, message));
                        }
                        say("Stopping; Ctrl-C again leaves at once.");
                    }
                }
            }
        }
        Ok(if is_stopping.get() {
            Outcome::Interrupted
        } else {
            Outcome::Done
        })
    }
}

fn report(
    plan: &Plan,
    findings: &Findings,
    result: Option<Progress>,
    as_json: bool,
) -> io::Result<()> {
    let report = Report {
        plan,
        findings,
        result,
    };
    terminal::print(as_json, &report, || Ok(()))
}

fn print(plan: &Plan, show: usize) -> io::Result<()> {
    let (add, update) = (plan.count(Change::Add), plan.count(Change::Update));
    let (delete, unchanged) = (plan.count(Change::Delete), plan.count(Change::Unchanged));
    let portals = counted(plan.portals().len() as u64, "portal");
    let mut output = terminal::output();
    writeln!(
        output,
        "{portals}: {add} to add, {update} to update, {delete} to delete, {unchanged} unchanged"
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
        Change::Delete => previous,
        Change::Add | Change::Unchanged => name,
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
