//! What `--json` prints of an import, and of a number that is put or removed: one object, of the same
//! shape whether rows are bad, shown or written.

use std::io::{self, Write as _};

use channel_connection::{ids::PortalId, phone_number};
use serde::{Serialize, Serializer};

use crate::{
    numbers::{
        plan::{Change, Plan, Planned},
        row::Findings,
    },
    terminal,
};

/// An object that has begun: all but how many rows were written.
///
/// Where it is broken off it is no JSON, so that nobody takes it for whole.
pub struct Report {
    is_open: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    portals: usize,
    added: u64,
    updated: u64,
    unchanged: u64,
    deleted: u64,
    #[serde(flatten)]
    findings: &'a Findings,
    #[serde(serialize_with = "changes")]
    changes: &'a Plan,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlannedChange<'a> {
    change: Change,
    portal_id: PortalId,
    number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<&'a str>,
    #[serde(flatten)]
    row: &'a Planned,
}

impl Report {
    /// Prints all that is known before anything is written, if JSON is wanted.
    pub fn begin(plan: &Plan, findings: &Findings, as_json: bool) -> io::Result<Self> {
        if as_json {
            let content = terminal::json(&Content {
                portals: plan.portals().len(),
                added: plan.count(Change::Add),
                updated: plan.count(Change::Update),
                unchanged: plan.count(Change::Keep),
                deleted: plan.count(Change::Delete),
                findings,
                changes: plan,
            })?;
            let open = content.strip_suffix("\n}").unwrap_or(&content);
            let mut output = io::stdout().lock();
            output.write_all(open.as_bytes())?;
            output.flush()?;
        }
        Ok(Self { is_open: as_json })
    }

    /// Prints how many rows were written.
    pub fn finish(self, written: u64) -> io::Result<()> {
        if self.is_open {
            writeln!(io::stdout(), ",\n  \"written\": {written}\n}}")?;
        }
        Ok(())
    }
}

fn changes<S: Serializer>(plan: &Plan, serializer: S) -> Result<S::Ok, S::Error> {
    let changes = [Change::Add, Change::Update, Change::Delete];
    let rows = changes.into_iter().flat_map(|change| plan.of(change));
    serializer.collect_seq(rows.map(|((portal, key), row)| {
        let (number, extension) = phone_number::split_key(key);
        PlannedChange {
            change: row.change,
            portal_id: *portal,
            number,
            extension,
            row,
        }
    }))
}
