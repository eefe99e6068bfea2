//! The writes of an import: batches in parallel, in an order that loses nothing when it is stopped.
//!
//! Rows are added and changed before any is removed, and each write can be done twice: whoever is
//! stopped runs the same import again.

use std::{collections::VecDeque, pin::pin};

use anstream::eprintln;
use indicatif::ProgressBar;
use tokio::{signal, task::JoinSet};

use crate::{
    aws_error::AwsError,
    numbers::{
        number_item,
        numbers_error::NumbersError,
        staged::{Change, Planned, Staged},
        table::{self, LARGEST_BATCH, Table},
    },
};

/// How many rows are taken from disk at a time.
const PAGE: u32 = 1_000;

/// How the writing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Every row is written.
    All,
    /// Ctrl-C stopped it; what had begun was finished, unless it came twice.
    Stopped,
}

/// Writes all that is planned, `writers` requests at a time.
pub async fn write(
    staged: &Staged,
    table: &Table,
    writers: usize,
    bar: &ProgressBar,
) -> Result<Written, NumbersError> {
    let mut stop = pin!(signal::ctrl_c());
    let mut is_stopped = false;
    for change in [Change::Add, Change::Change, Change::Remove] {
        let mut left = Left::new(staged, change);
        let mut writing = JoinSet::new();
        loop {
            while !is_stopped && writing.len() < writers {
                let Some(rows) = left.next()? else { break };
                writing.spawn(write_rows(table.clone(), change, rows));
            }
            tokio::select! {
                written = writing.join_next() => match written {
                    Some(rows) => bar.inc(rows??),
                    None => break,
                },
                _ = &mut stop => {
                    if is_stopped {
                        return Ok(Written::Stopped);
                    }
                    is_stopped = true;
                    stop.set(signal::ctrl_c());
                    bar.suspend(|| eprintln!("Stopping; Ctrl-C again leaves at once."));
                }
            }
        }
        if is_stopped {
            return Ok(Written::Stopped);
        }
    }
    Ok(Written::All)
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
            _ => LARGEST_BATCH,
        };
        let rows: Vec<_> = self.rows.drain(..size.min(self.rows.len())).collect();
        Ok((!rows.is_empty()).then_some(rows))
    }
}
