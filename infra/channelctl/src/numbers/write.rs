//! A plan shown, confirmed and written.
//!
//! Rows are added and changed before any is deleted, and each write can be done twice: an import that
//! was stopped is run again.

use std::io::{self, Write as _};

use anstream::eprintln;
use clap::Args;
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio::signal;

use crate::{
    numbers::{
        item::{PortalNumber, joined},
        plan::{Change, Plan, Planned},
        row::Findings,
        table::{MAX_BATCH, Table},
    },
    outcome::{self, Failure, Outcome},
    terminal::{self, counted, escape},
};

/// The most users that a line names.
const MAX_NAMED: usize = 3;

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

    /// Writes all that is planned, until Ctrl-C, and says so, however it ends.
    async fn write(
        &self,
        plan: &Plan,
        table: &Table,
        writes: usize,
        progress: &mut Progress,
        as_json: bool,
    ) -> Result<Outcome, Failure> {
        outcome::if_stopped(None);
        let bar = progress_bar("writing", "rows", writes);
        let ended = tokio::select! {
            ended = self.write_rows(plan, table, progress, &bar) => ended,
            _ = signal::ctrl_c() => Ok(Outcome::Interrupted),
        };
        outcome::if_stopped("Stopped, after the rows were written.".to_owned());
        bar.finish_and_clear();
        progress.complete = ended == Ok(Outcome::Done);
        let done = progress.written + progress.deleted;
        if as_json {
            return ended;
        }
        if progress.complete {
            let (written, deleted) = (counted(progress.written, "row"), progress.deleted);
            let seconds = bar.elapsed().as_secs_f64();
            eprintln!("{written} written, {deleted} deleted in {seconds:.1} s");
        } else {
            eprintln!(
                "At least {done} of {writes} rows are written. Run the command again: it goes on \
                 from there."
            );
        }
        ended
    }

    async fn write_rows(
        &self,
        plan: &Plan,
        table: &Table,
        progress: &mut Progress,
        bar: &ProgressBar,
    ) -> Result<Outcome, Failure> {
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
            let mut writes = stream::iter(rows.chunks(size))
                .map(|rows| table.write(rows))
                .buffer_unordered(self.parallel.into());
            while let Some(rows) = writes.next().await {
                let rows = rows?;
                *count += rows;
                bar.inc(rows);
            }
        }
        Ok(Outcome::Done)
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
        for row in plan.of(change).take(show) {
            writeln!(output, "  {mark} {}", line(row))?;
        }
        let left = count.saturating_sub(show);
        if left > 0 {
            writeln!(output, "  {mark} … and {left} more")?;
        }
    }
    Ok(())
}

fn line(
    Planned {
        number, previous, ..
    }: &Planned,
) -> String {
    let name = |number: &PortalNumber| escape(number.friendly_name.as_deref().unwrap_or_default());
    let mut what = name(number);
    let has_new_users = previous
        .as_ref()
        .map(|previous| previous.user_ids != number.user_ids);
    if let Some(previous) = previous {
        let is_renamed = previous.friendly_name != number.friendly_name;
        let renamed = format!("\"{}\" becomes \"{what}\"", name(previous));
        what = match (is_renamed, has_new_users) {
            (true, Some(true)) => renamed + ", and who sees it",
            (true, _) => renamed,
            (false, _) => "who sees it".into(),
        };
    }
    let users = number.user_ids.as_ref().filter(|users| !users.is_empty());
    let users = users.filter(|_| has_new_users != Some(false));
    let only = match users {
        None => String::new(),
        Some(users) if users.len() <= MAX_NAMED => format!(" (only for {})", joined(users)),
        Some(users) => format!(" (only for {} users)", users.len()),
    };
    format!(
        "{}  {}  {what}{only}",
        number.portal_id,
        escape(&number.key())
    )
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
