//! What an import changes: the file's rows beside the table's.

use std::collections::{BTreeMap, btree_map};

use channel_connection::ids::PortalId;
use futures_util::{StreamExt, stream};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    numbers::{
        item::{PortalNumber, Stored},
        row::Place,
        table::Table,
        write::progress_bar,
    },
    outcome::Failure,
};

/// How many portals are read at a time.
const READERS: usize = 16;
/// From how many portals on the whole table is read at once instead of each portal.
const MANY_PORTALS: usize = 100;

/// What is to happen to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// The table has no such row.
    Add,
    /// The table's row differs.
    Update,
    /// The file has no such row, and replaces the portal's.
    Delete,
    /// The table's row is the same.
    Unchanged,
}

/// A portal and a sort key of the table; of a row to delete, it may be no number.
pub type Key = (PortalId, String);

/// A number, and what is to happen to it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Planned {
    /// Where the file has it.
    #[serde(flatten)]
    pub place: Option<Place>,
    pub change: Change,
    /// The number afterwards, or as it is deleted.
    ///
    /// Until the comparison, a name or users that are `None` leave the table's.
    #[serde(flatten)]
    pub number: PortalNumber,
    /// The table's row before an update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<PortalNumber>,
}

/// Every row of the file, and those of the table that go.
#[derive(Default)]
pub struct Plan {
    rows: BTreeMap<Key, Planned>,
}

impl Planned {
    fn compare(&mut self, stored: PortalNumber) {
        let number = &mut self.number;
        if number.friendly_name.is_none() {
            number.friendly_name.clone_from(&stored.friendly_name);
        }
        number.friendly_name.take_if(|name| name.is_empty());
        if number.user_ids.is_none() {
            number.user_ids.clone_from(&stored.user_ids);
        }
        if *number == stored {
            self.change = Change::Unchanged;
        } else {
            (self.change, self.previous) = (Change::Update, Some(stored));
        }
    }
}

impl Plan {
    /// Takes a row of the file in; returns where its number stood before, if it did.
    pub fn add(&mut self, portal: PortalId, row: Planned) -> Option<Place> {
        match self.rows.entry((portal, row.number.key())) {
            btree_map::Entry::Occupied(first) => first.get().place,
            btree_map::Entry::Vacant(free) => {
                free.insert(row);
                None
            }
        }
    }

    /// Plans to delete a row of the table.
    pub fn delete(&mut self, portal: PortalId, number: PortalNumber) {
        let deleted = Planned {
            place: None,
            change: Change::Delete,
            number,
            previous: None,
        };
        self.rows.insert((portal, deleted.number.key()), deleted);
    }

    /// Returns the rows of one change in the order of portals and numbers.
    pub fn of(&self, change: Change) -> impl Iterator<Item = &Planned> {
        self.rows.values().filter(move |row| row.change == change)
    }

    pub fn count(&self, change: Change) -> usize {
        self.of(change).count()
    }

    /// Returns every portal that the plan has a row of, once.
    pub fn portals(&self) -> Vec<PortalId> {
        let mut portals: Vec<_> = self.rows.keys().map(|(portal, _)| *portal).collect();
        portals.dedup();
        portals
    }

    /// Compares every portal of the file with the table, and decides what happens to each number.
    ///
    /// Where the file replaces what there is, the table's other numbers of its portals go.
    pub async fn compare(&mut self, table: &Table, replace: bool) -> Result<(), Failure> {
        let portals = self.portals();
        let bar = progress_bar("reading", "portals", portals.len());
        if portals.len() >= MANY_PORTALS {
            self.compare_rows(table.rows(None).await?, &portals, replace);
        } else {
            let mut reads = stream::iter(portals)
                .map(|portal| async move { (portal, table.rows(Some(portal)).await) })
                .buffer_unordered(READERS);
            while let Some((portal, rows)) = reads.next().await {
                self.compare_rows(rows?, &[portal], replace);
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        for row in self.rows.values_mut() {
            if row.change == Change::Add {
                row.number.friendly_name.take_if(|name| name.is_empty());
                row.number.user_ids.get_or_insert_default();
            }
        }
        Ok(())
    }

    /// Compares rows of the table; `portals` are the file's, in their order.
    fn compare_rows(&mut self, rows: Vec<Stored>, portals: &[PortalId], replace: bool) {
        for stored in rows {
            let portal = stored.portal.parse().ok();
            let is_of_file = |portal: &PortalId| portals.binary_search(portal).is_ok();
            let Some(portal) = portal.filter(is_of_file) else {
                continue;
            };
            let stored = stored.number();
            match self.rows.get_mut(&(portal, stored.key())) {
                None if replace => self.delete(portal, stored),
                None => {}
                Some(row) => row.compare(stored),
            }
        }
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("portals", &self.portals().len())?;
        for (name, change) in [
            ("add", Change::Add),
            ("update", Change::Update),
            ("delete", Change::Delete),
            ("unchanged", Change::Unchanged),
        ] {
            map.serialize_entry(name, &self.count(change))?;
        }
        map.serialize_entry("rows", &self.rows.values().collect::<Vec<_>>())?;
        map.end()
    }
}
