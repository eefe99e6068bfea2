//! The writes of an import: batches in parallel, in an order that loses nothing when it is stopped.
//!
//! Rows are added and changed before any is removed, and each write can be done twice: whoever is
//! stopped runs the same import again.

use std::collections::VecDeque;

use anstream::eprintln;
use indicatif::ProgressBar;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
};

use crate::{
    aws_error::AwsError,
    numbers::{
        number_item,
        numbers_error::NumbersError,
        planned::{Change, Planned},
        staged::Staged,
        table::{self, MAX_BATCH, Table},
    },
};

/// How many rows are taken from disk at a time.
const PAGE: u32 = 1_000;

/// How the writing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Every row is written.
    All,
    /// Ctrl-C stopped it; what had begun was finished.
    Stopped,
    /// Ctrl-C came twice; what had begun may be written or not.
    BrokenOff,
}

/// Writes all that is planned, `writers` requests at a time.
pub async fn write(
    staged: &Staged,
    table: &Table,
    writers: usize,
    bar: &ProgressBar,
) -> Result<Written, NumbersError> {
    // Once for all of it, so that no Ctrl-C comes unheard.
    let mut interrupts = signal(SignalKind::interrupt()).map_err(NumbersError::NotInterruptible)?;
    for change in [Change::Add, Change::Change, Change::Remove] {
        let left = Left::new(staged, change);
        match write_left(left, table, writers, bar, &mut interrupts).await? {
            Written::All => {}
            ended => return Ok(ended),
        }
    }
    Ok(Written::All)
}

/// Writes the rows of one change.
async fn write_left(
    mut left: Left<'_>,
    table: &Table,
    writers: usize,
    bar: &ProgressBar,
    interrupts: &mut Signal,
) -> Result<Written, NumbersError> {
    let mut writing = JoinSet::new();
    let mut outcome = Written::All;
    loop {
        while outcome == Written::All && writing.len() < writers {
            let Some(rows) = left.next()? else { break };
            writing.spawn(write_rows(table.clone(), left.change, rows));
        }
        tokio::select! {
            written = writing.join_next() => match written {
                Some(rows) => bar.inc(rows??),
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

async fn write_rows(table: Table, change: Change, rows: Vec<Planned>) -> Result<u64, AwsError> {
    let now = table::now();
    if change == Change::Change {
        for row in &rows {
            table.change(row, &now).await?;
        }
    } else {
        let request = |row: &Planned| match change {
            Change::Remove => number_item::delete(row),
            _ => number_item::put(row, &now),
        };
        table
            .write(rows.iter().filter_map(request).collect())
            .await?;
    }
    Ok(rows.len() as u64)
}

/// The rows of one change that are still to be written.
struct Left<'a> {
    staged: &'a Staged,
    change: Change,
    rows: VecDeque<Planned>,
    last: Option<Planned>,
}

impl<'a> Left<'a> {
    fn new(staged: &'a Staged, change: Change) -> Self {
        Self {
            staged,
            change,
            rows: VecDeque::new(),
            last: None,
        }
    }

    /// Takes as many rows as one request carries.
    fn next(&mut self) -> Result<Option<Vec<Planned>>, NumbersError> {
        if self.rows.is_empty() {
            let rows = self.staged.planned(self.change, self.last.as_ref(), PAGE)?;
            if let Some(last) = rows.last() {
                self.last = Some(last.clone());
            }
            self.rows = rows.into();
        }
        // What is changed goes by one request a row.
        let size = match self.change {
            Change::Change => 1,
            _ => MAX_BATCH,
        };
        let rows: Vec<_> = self.rows.drain(..size.min(self.rows.len())).collect();
        Ok((!rows.is_empty()).then_some(rows))
    }
}
