//! A plan shown, confirmed and written.
//!
//! Rows are added and changed before any is deleted, and each write can be done twice: an import that
//! was stopped is run again.

use std::io::{self, Write as _};

use anstream::eprintln;
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio::signal;

use crate::{
    numbers::{
        plan::{Change, Changes, Plan, Planned},
        row::Findings,
        table::{MAX_BATCH, PortalNumber, Table},
    },
    outcome::{self, Failure, Outcome},
    terminal::{self, counted, escape},
};

const BAR: &str = "writing {bar:30} {human_pos} of {human_len} rows, {per_sec:0}, {eta} left";

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
    plan: &'a Changes,
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
    /// Writes a file's rows; a bad one ends the command before the table is even read.
    pub async fn import(
        &self,
        table: &Table,
        plan: Plan,
        findings: &Findings,
        replace: bool,
        as_json: bool,
    ) -> Result<Outcome, Failure> {
        if !as_json {
            findings.print(self.show as usize);
        }
        if findings.has_bad_rows() {
            report(&Vec::new().into(), findings, None, as_json)?;
            let message = "Nothing was written: fix the bad rows first.";
            return Err(Failure::bad_input(message));
        }
        let changes = terminal::wait("DynamoDB", plan.compare(table, replace)).await?;
        self.apply(table, &changes, findings, as_json).await
    }

    /// Shows what happens to the rows, asks, and writes it.
    pub async fn apply(
        &self,
        table: &Table,
        changes: &Changes,
        findings: &Findings,
        as_json: bool,
    ) -> Result<Outcome, Failure> {
        let has_effect = !self.dry_run && changes.writes() > 0;
        if !as_json && let Err(error) = print(changes, self.show as usize) {
            if !has_effect {
                return Err(error.into());
            }
            return Err(Failure::failed(format!(
                "Nothing was written, because what would change cannot be shown: {error}"
            )));
        }
        if has_effect && let Err(unconfirmed) = self.confirm(table, as_json).await {
            report(changes, findings, None, as_json)?;
            return Err(unconfirmed);
        }
        if self.dry_run {
            report(changes, findings, None, as_json)?;
            return Ok(Outcome::Done);
        }
        let (ended, progress) = self.write(table, changes, as_json).await;
        report(changes, findings, Some(progress), as_json)?;
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

    /// Writes all changes, until Ctrl-C, and says so, however it ends.
    async fn write(
        &self,
        table: &Table,
        changes: &Changes,
        as_json: bool,
    ) -> (Result<Outcome, Failure>, Progress) {
        outcome::if_stopped(None);
        let writes = changes.writes();
        let style =
            ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(writes).with_style(style);
        let mut progress = Progress::default();
        let ended = tokio::select! {
            ended = self.write_rows(table, changes, &mut progress, &bar) => ended,
            _ = signal::ctrl_c() => Ok(Outcome::Interrupted),
        };
        bar.finish_and_clear();
        progress.complete = ended == Ok(Outcome::Done);
        let done = progress.written + progress.deleted;
        if progress.complete && !as_json {
            let (rows, seconds) = (counted(done, "row"), bar.elapsed().as_secs_f64());
            eprintln!("{rows} written in {seconds:.1} s");
        } else if !as_json {
            eprintln!(
                "At least {done} of {writes} rows are written. Run the command again: it goes on \
                 from there."
            );
        }
        (ended, progress)
    }

    async fn write_rows(
        &self,
        table: &Table,
        changes: &Changes,
        progress: &mut Progress,
        bar: &ProgressBar,
    ) -> Result<Outcome, Failure> {
        // An update goes by one request a row: it leaves the row's other attributes.
        for (change, size) in [
            (Change::Add, MAX_BATCH),
            (Change::Update, 1),
            (Change::Delete, MAX_BATCH),
        ] {
            let rows: Vec<_> = changes.of(change).collect();
            let mut writes = stream::iter(rows.chunks(size))
                .map(|rows| table.write(rows))
                .buffer_unordered(self.parallel.into());
            while let Some(rows) = writes.try_next().await? {
                match change {
                    Change::Delete => progress.deleted += rows,
                    _ => progress.written += rows,
                }
                bar.inc(rows);
            }
        }
        Ok(Outcome::Done)
    }
}

fn report(
    plan: &Changes,
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

fn print(changes: &Changes, show: usize) -> io::Result<()> {
    let portals = counted(changes.portals, "portal");
    let Changes {
        add,
        update,
        delete,
        unchanged,
        ..
    } = changes;
    let mut output = terminal::output();
    writeln!(
        output,
        "{portals}: {add} to add, {update} to update, {delete} to delete, {unchanged} unchanged"
    )?;
    for (change, mark) in [
        (Change::Add, '+'),
        (Change::Update, '~'),
        (Change::Delete, '-'),
    ] {
        let mut rows = changes.of(change);
        for row in rows.by_ref().take(show) {
            writeln!(output, "  {mark} {}", line(row))?;
        }
        match rows.count() {
            0 => {}
            left => writeln!(output, "  {mark} … and {left} more")?,
        }
    }
    Ok(())
}

fn line(row: &Planned) -> String {
    let name = |number: &PortalNumber| escape(number.friendly_name.as_deref().unwrap_or_default());
    let number = &row.number;
    let mut changed = Vec::new();
    if let Some(previous) = &row.previous {
        if previous.friendly_name != number.friendly_name {
            let (old, new) = (name(previous), name(number));
            changed.push(format!("\"{old}\" becomes \"{new}\""));
        }
        if previous.user_ids != number.user_ids {
            changed.push("who sees it".into());
        }
    } else {
        changed.push(name(number));
    }
    let (portal, key) = (&number.portal_id, escape(&number.key()));
    format!("{portal}  {key}  {}", changed.join(", and "))
}
