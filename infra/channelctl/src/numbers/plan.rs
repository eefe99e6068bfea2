//! What an import changes: the file's rows beside the table's.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use channel_connection::ids::{PortalId, UserId};
use futures_util::{StreamExt, stream};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    numbers::{
        row::Place,
        table::{NumberFields, Stored, Table},
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

/// What is to happen to a number.
pub struct Planned {
    pub change: Change,
    /// `None` leaves the table's as it is, an empty one takes it away.
    pub name: Option<String>,
    /// The only users who see the number; `None` leaves the table's, an empty set shows it to all.
    pub users: Option<BTreeSet<UserId>>,
    /// What the table has until then.
    pub stored: Option<Stored>,
    /// Where the file has it.
    pub place: Option<Place>,
}

/// Every row of the file, and those of the table that go.
#[derive(Default)]
pub struct Plan {
    rows: BTreeMap<Key, Planned>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PlannedFields<'a> {
    #[serde(flatten)]
    place: Option<Place>,
    change: Change,
    #[serde(flatten)]
    number: NumberFields<'a>,
    /// The table's row before a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<NumberFields<'a>>,
}

impl Planned {
    /// Returns the name that the table has until then, empty if none.
    pub fn previous_name(&self) -> &str {
        let stored = self.stored.as_ref().and_then(Stored::name);
        stored.unwrap_or_default()
    }

    /// Tells whether the number has another name afterwards.
    pub fn changes_name(&self) -> bool {
        let name = self.name.as_deref();
        name.is_some_and(|name| name != self.previous_name())
    }

    /// Tells whether other users see the number afterwards.
    pub fn changes_users(&self) -> bool {
        self.users.is_some() && self.users != self.previous_users()
    }

    fn previous_users(&self) -> Option<BTreeSet<UserId>> {
        match &self.stored {
            None => Some(BTreeSet::new()),
            Some(stored) => stored.users(),
        }
    }

    fn fields<'a>(&'a self, (portal, key): &'a Key) -> PlannedFields<'a> {
        let name = self.name.as_deref().unwrap_or(self.previous_name());
        let users = self.users.clone().or_else(|| self.previous_users());
        let is_update = self.change == Change::Update;
        PlannedFields {
            place: self.place,
            change: self.change,
            number: NumberFields::new(&portal.to_string(), key, Some(name), users),
            previous: self
                .stored
                .as_ref()
                .filter(|_| is_update)
                .map(Stored::fields),
        }
    }
}

impl Plan {
    /// Takes a row of the file in; returns where its number stood before, if it did.
    pub fn add(&mut self, (key, row): (Key, Planned)) -> Option<Place> {
        match self.rows.entry(key) {
            btree_map::Entry::Occupied(first) => first.get().place,
            btree_map::Entry::Vacant(free) => {
                free.insert(row);
                None
            }
        }
    }

    /// Plans to delete a row of the table.
    pub fn delete(&mut self, portal: PortalId, stored: Stored) {
        let key = (portal, stored.key().to_owned());
        let deleted = Planned {
            change: Change::Delete,
            name: None,
            users: None,
            stored: Some(stored),
            place: None,
        };
        self.rows.insert(key, deleted);
    }

    /// Returns the rows of one change in the order of portals and numbers.
    pub fn of(&self, change: Change) -> impl Iterator<Item = (&Key, &Planned)> {
        self.rows
            .iter()
            .filter(move |(_, row)| row.change == change)
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
            let rows = table.rows(None).await?;
            self.compare_rows(rows, &portals, replace);
            bar.finish_and_clear();
            return Ok(());
        }
        let mut reads = stream::iter(portals)
            .map(|portal| async move { (portal, table.rows(Some(portal)).await) })
            .buffer_unordered(READERS);
        while let Some((portal, rows)) = reads.next().await {
            self.compare_rows(rows?, &[portal], replace);
            bar.inc(1);
        }
        bar.finish_and_clear();
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
            match self.rows.get_mut(&(portal, stored.key().to_owned())) {
                None if replace => self.delete(portal, stored),
                None => {}
                Some(row) => {
                    row.stored = Some(stored);
                    row.change = if row.changes_name() || row.changes_users() {
                        Change::Update
                    } else {
                        Change::Unchanged
                    };
                }
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
        let rows = self.rows.iter().map(|(key, row)| row.fields(key));
        map.serialize_entry("rows", &rows.collect::<Vec<_>>())?;
        map.end()
    }
}
