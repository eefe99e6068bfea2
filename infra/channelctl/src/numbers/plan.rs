//! What an import changes: the file's rows beside the table's.

use std::collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry};

use channel_connection::ids::PortalId;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use crate::{
    numbers::{
        row::Place,
        table::{PortalNumber, Stored, Table},
    },
    outcome::Failure,
};

/// How many portals are read at a time.
const READERS: usize = 32;

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

/// The rows of a file, by their portals and sort keys.
#[derive(Default)]
pub struct Plan(BTreeMap<PortalId, BTreeMap<String, Planned>>);

/// The rows of a plan and what happens to each, in the order of portals and numbers.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Plan"))]
pub struct Changes {
    pub portals: u64,
    pub add: u64,
    pub update: u64,
    pub delete: u64,
    pub unchanged: u64,
    rows: Vec<Planned>,
}

impl Plan {
    /// Takes a row of the file in; returns where its number stood before, if it did.
    pub fn add(&mut self, portal: PortalId, row: Planned) -> Option<Place> {
        match self.0.entry(portal).or_default().entry(row.number.key()) {
            Entry::Occupied(first) => first.get().place,
            Entry::Vacant(free) => {
                free.insert(row);
                None
            }
        }
    }

    /// Compares every portal of the file with the table, and decides what happens to each number.
    ///
    /// Where the file replaces what there is, the table's other numbers of its portals go.
    pub async fn compare(self, table: &Table, replace: bool) -> Result<Changes, Failure> {
        let rows = stream::iter(self.0)
            .map(async |(portal, rows)| {
                let stored = table.rows(Some(portal)).await?;
                Ok::<_, Failure>(compare(rows, &stored, replace))
            })
            .buffered(READERS);
        Ok(rows.try_concat().await?.into())
    }
}

fn compare(mut rows: BTreeMap<String, Planned>, stored: &[Stored], replace: bool) -> Vec<Planned> {
    let stored = stored.iter().map(Stored::number);
    let mut stored: HashMap<_, _> = stored.map(|number| (number.key(), number)).collect();
    for (key, row) in &mut rows {
        row.decide(stored.remove(key));
    }
    if replace {
        let others = stored.into_iter();
        rows.extend(others.map(|(key, number)| (key, Planned::delete(number))));
    }
    rows.into_values().collect()
}

impl Planned {
    pub fn delete(number: PortalNumber) -> Self {
        Self {
            place: None,
            change: Change::Delete,
            number,
            previous: None,
        }
    }

    /// Takes over what the file does not say, and decides between adding and changing.
    fn decide(&mut self, stored: Option<PortalNumber>) {
        let (name, users) = match &stored {
            Some(stored) => (stored.friendly_name.clone(), stored.user_ids.clone()),
            None => (None, Some(BTreeSet::new())),
        };
        let number = &mut self.number;
        let name = number.friendly_name.take().or(name);
        number.friendly_name = name.filter(|name| !name.is_empty());
        number.user_ids = number.user_ids.take().or(users);
        self.change = match &stored {
            None => Change::Add,
            Some(stored) if stored == number => Change::Unchanged,
            Some(_) => Change::Update,
        };
        self.previous = stored.filter(|_| self.change == Change::Update);
    }
}

impl Changes {
    pub fn writes(&self) -> u64 {
        self.add + self.update + self.delete
    }

    /// Returns the rows of one change.
    pub fn of(&self, change: Change) -> impl Iterator<Item = &Planned> {
        self.rows.iter().filter(move |row| row.change == change)
    }
}

impl From<Vec<Planned>> for Changes {
    fn from(rows: Vec<Planned>) -> Self {
        let count = |change| rows.iter().filter(|row| row.change == change).count() as u64;
        let of_portal =
            |one: &Planned, other: &Planned| one.number.portal_id == other.number.portal_id;
        Self {
            portals: rows.chunk_by(of_portal).count() as u64,
            add: count(Change::Add),
            update: count(Change::Update),
            delete: count(Change::Delete),
            unchanged: count(Change::Unchanged),
            rows,
        }
    }
}
