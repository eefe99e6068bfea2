//! What an import changes: the file's rows beside the table's.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use channel_connection::ids::{PortalId, UserId};
use futures_util::{StreamExt, stream};
use serde::Serialize;

use crate::numbers::{
    error::NumbersError,
    item::Stored,
    row::{Place, Row},
    table::Table,
};

/// How many portals are read at a time.
const READERS: usize = 16;
/// From how many portals on it is worth a look whether the whole table fits into one page.
const MANY_PORTALS: usize = 10;

/// What is to happen to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// The table has no such row.
    Add,
    /// The table's row differs.
    Update,
    /// The table's row is the same.
    Keep,
    /// The file has no such row, and replaces the portal's.
    Delete,
}

/// A portal and a sort key of the table; of a row to delete, it may be no number.
pub type Key = (PortalId, String);

/// What is to happen to a number, and what the table has until then.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    #[serde(skip)]
    pub change: Change,
    /// The name, as in [`Row::name`].
    #[serde(rename = "friendlyName", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The users, as in [`Row::users`].
    #[serde(rename = "userIds", skip_serializing_if = "Option::is_none")]
    pub users: Option<BTreeSet<UserId>>,
    /// The name that the table has until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_name: Option<String>,
    /// The users that the table has until then; `None` where they are no set of ids.
    #[serde(skip)]
    pub previous_users: Option<BTreeSet<UserId>>,
    #[serde(skip)]
    place: Option<Place>,
}

/// Every row of the file, and those of the table that go.
#[derive(Default)]
pub struct Plan {
    rows: BTreeMap<Key, Planned>,
}

impl Planned {
    /// Tells whether the number has another name afterwards.
    pub fn changes_name(&self) -> bool {
        let previous = self.previous_name.as_deref().unwrap_or_default();
        self.name.as_deref().is_some_and(|name| name != previous)
    }

    /// Tells whether other users see the number afterwards.
    pub fn changes_users(&self) -> bool {
        self.users.is_some() && self.users != self.previous_users
    }
}

impl Plan {
    /// Takes a row of the file in; returns where its number stood before, if it did.
    pub fn add(&mut self, row: Row, place: Option<Place>) -> Option<Place> {
        match self.rows.entry((row.portal, row.key.to_string())) {
            btree_map::Entry::Occupied(first) => first.get().place,
            btree_map::Entry::Vacant(free) => {
                free.insert(Planned {
                    change: Change::Add,
                    name: row.name,
                    users: row.users,
                    previous_name: None,
                    previous_users: Some(BTreeSet::new()),
                    place,
                });
                None
            }
        }
    }

    /// Plans to delete a row of the table.
    pub fn delete(&mut self, portal: PortalId, stored: &Stored) {
        let deleted = Planned {
            change: Change::Delete,
            name: None,
            users: None,
            previous_name: stored.name().map(str::to_owned),
            previous_users: stored.users(),
            place: None,
        };
        self.rows.insert((portal, stored.key().to_owned()), deleted);
    }

    /// Returns the rows of one change in the order of portals and numbers.
    pub fn of(&self, change: Change) -> impl Iterator<Item = (&Key, &Planned)> {
        self.rows
            .iter()
            .filter(move |(_, row)| row.change == change)
    }

    /// Counts the rows of one change.
    pub fn count(&self, change: Change) -> u64 {
        self.of(change).count() as u64
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
    pub async fn compare(
        &mut self,
        table: &Table,
        replace: bool,
        mut progress: impl FnMut(u64),
    ) -> Result<(), NumbersError> {
        let portals = self.portals();
        if portals.len() >= MANY_PORTALS
            && let Some(rows) = table.rows_if_few().await?
        {
            self.compare_rows(&rows, &portals, replace);
            progress(portals.len() as u64);
            return Ok(());
        }
        let mut reads = stream::iter(portals)
            .map(|portal| async move { (portal, table.rows(Some(portal)).await) })
            .buffer_unordered(READERS);
        while let Some((portal, rows)) = reads.next().await {
            self.compare_rows(&rows?, &[portal], replace);
            progress(1);
        }
        Ok(())
    }

    /// Compares rows of the table; `portals` are the file's, in their order.
    fn compare_rows(&mut self, rows: &[Stored], portals: &[PortalId], replace: bool) {
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
                    row.previous_name = stored.name().map(str::to_owned);
                    row.previous_users = stored.users();
                    row.change = if row.changes_name() || row.changes_users() {
                        Change::Update
                    } else {
                        Change::Keep
                    };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use channel_connection::number_row::{Attribute, NumberRow};

    use super::*;

    #[test]
    fn updates_users_that_the_table_has_otherwise() {
        for (case, stored, change) in [
            ("the same", Attribute::Value(vec!["7".into()]), Change::Keep),
            (
                "other users",
                Attribute::Value(vec!["8".into()]),
                Change::Update,
            ),
            ("everyone", Attribute::Missing, Change::Update),
            ("invalid", Attribute::WrongType, Change::Update),
        ] {
            let portal: PortalId = "1".parse().unwrap();
            let row = Row {
                portal,
                key: "+18001231234".parse().unwrap(),
                name: None,
                users: Some(["7".parse().unwrap()].into()),
            };
            let mut plan = Plan::default();
            assert_eq!(plan.add(row, None), None);
            let stored = Stored {
                portal: "1".into(),
                row: NumberRow {
                    number: Attribute::Value("+18001231234".into()),
                    friendly_name: Attribute::Missing,
                    user_ids: stored,
                },
            };
            plan.compare_rows(&[stored], &[portal], true);
            assert_eq!(plan.count(change), 1, "{case}");
        }
    }
}
