//! The file's rows, checked and kept on disk until all are known, so that memory does not grow.
//!
//! `SQLite`'s own temporary database: nobody else can open it, and it goes with the process, however
//! that ends.

use std::collections::BTreeSet;

use channel_connection::ids::{PortalId, UserId};
use rusqlite::{Connection, OptionalExtension, Row as Record, params};

use crate::numbers::row::{Place, Row};

/// The rows of one import.
#[derive(Debug)]
pub struct Staged {
    database: Connection,
}

/// What is to become of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i64)]
pub enum Change {
    /// The table has no such row.
    Add = 0,
    /// The table's row differs.
    Change = 1,
    /// The table's row is the same.
    Keep = 2,
    /// The file has no such row, and is to be all there is.
    Remove = 3,
}

/// A number and what is to become of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Planned {
    /// The portal.
    pub portal: PortalId,
    /// The table's sort key; what is removed may be none that could be written.
    pub key: String,
    /// The name, as in [`Row::name`]; the former one where the row is removed.
    pub name: Option<String>,
    /// The users, as in [`Row::users`].
    pub users: Option<BTreeSet<UserId>>,
    /// The name that the table has until then.
    pub former_name: Option<String>,
}

/// How many rows there are of each change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// New rows.
    pub added: u64,
    /// Rows that differ.
    pub changed: u64,
    /// Rows that stay as they are.
    pub unchanged: u64,
    /// Rows that go.
    pub removed: u64,
}

const SCHEMA: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -8192;
    CREATE TABLE rows (
        portal INTEGER NOT NULL, number TEXT NOT NULL, place INTEGER NOT NULL,
        name TEXT, users TEXT, change INTEGER NOT NULL DEFAULT 0, former_name TEXT,
        PRIMARY KEY (portal, number)
    ) WITHOUT ROWID;
    BEGIN;";

impl Staged {
    /// Starts with no rows.
    pub fn new() -> rusqlite::Result<Self> {
        let database = Connection::open("")?;
        database.execute_batch(SCHEMA)?;
        database.set_prepared_statement_cache_capacity(16);
        Ok(Self { database })
    }

    /// Takes a row in; returns where its number stood before, if it did.
    pub fn add(&self, row: &Row, place: Place) -> rusqlite::Result<Option<Place>> {
        let (portal, key) = (row.portal.get(), row.key.to_string());
        let users = row.users.as_ref().map(joined);
        let added = self
            .database
            .prepare_cached(
                "INSERT INTO rows (portal, number, place, name, users) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                portal,
                key,
                place.at().cast_signed(),
                row.name,
                users
            ])?;
        if added > 0 {
            return Ok(None);
        }
        let first: i64 = self
            .database
            .prepare_cached("SELECT place FROM rows WHERE portal = ? AND number = ?")?
            .query_row(params![portal, key], |record| record.get(0))?;
        Ok(Some(place.of(first.cast_unsigned())))
    }

    /// Returns the portals behind `after` that there are rows of, as many as `limit`.
    pub fn portals(&self, after: Option<PortalId>, limit: u32) -> rusqlite::Result<Vec<PortalId>> {
        let mut statement = self.database.prepare_cached(
            "SELECT DISTINCT portal FROM rows WHERE portal > ? ORDER BY portal LIMIT ?",
        )?;
        let after = after.map_or(0, PortalId::get);
        let portals = statement.query_map(params![after, limit], |record| record.get(0))?;
        portals.map(|portal| portal.and_then(portal_id)).collect()
    }

    /// Tells whether the file says anything of a portal.
    pub fn has(&self, portal: PortalId) -> rusqlite::Result<bool> {
        self.database
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM rows WHERE portal = ?)")?
            .query_row([portal.get()], |record| record.get(0))
    }

    /// Returns what the file says of a number, if it says anything.
    pub fn find(&self, portal: PortalId, key: &str) -> rusqlite::Result<Option<Planned>> {
        let found = format!("SELECT {PLANNED} FROM rows WHERE portal = ? AND number = ?");
        self.database
            .prepare_cached(&found)?
            .query_row(params![portal.get(), key], planned)
            .optional()
    }

    /// Decides what becomes of a number that the table has.
    pub fn decide(
        &self,
        portal: PortalId,
        key: &str,
        former_name: Option<&str>,
        change: Change,
    ) -> rusqlite::Result<()> {
        self.database
            .prepare_cached(
                "INSERT INTO rows (portal, number, place, change, former_name) VALUES (?, ?, 0, ?, ?)
                 ON CONFLICT DO UPDATE SET change = excluded.change, former_name = excluded.former_name",
            )?
            .execute(params![portal.get(), key, change as i64, former_name])?;
        Ok(())
    }

    /// Leaves a number's users as the table has them, because they are what the file wants.
    pub fn keep_users(&self, portal: PortalId, key: &str) -> rusqlite::Result<()> {
        self.database
            .prepare_cached("UPDATE rows SET users = NULL WHERE portal = ? AND number = ?")?
            .execute(params![portal.get(), key])?;
        Ok(())
    }

    /// Counts the rows by what becomes of them.
    pub fn counts(&self) -> rusqlite::Result<Counts> {
        let count = |change: Change| {
            self.database
                .prepare_cached("SELECT count(*) FROM rows WHERE change = ?")?
                .query_row([change as i64], |record| record.get(0))
                .map(i64::cast_unsigned)
        };
        Ok(Counts {
            added: count(Change::Add)?,
            changed: count(Change::Change)?,
            unchanged: count(Change::Keep)?,
            removed: count(Change::Remove)?,
        })
    }

    /// Counts the portals.
    pub fn portal_count(&self) -> rusqlite::Result<u64> {
        let count = "SELECT count(DISTINCT portal) FROM rows";
        let count: i64 = self.database.query_row(count, [], |record| record.get(0))?;
        Ok(count.cast_unsigned())
    }

    /// Returns the next rows of one change behind `after`, in the order of portals and numbers.
    pub fn planned(
        &self,
        change: Change,
        after: Option<&Planned>,
        limit: u32,
    ) -> rusqlite::Result<Vec<Planned>> {
        let next = format!(
            "SELECT {PLANNED} FROM rows WHERE (portal, number) > (?, ?) AND change = ?
             ORDER BY portal, number LIMIT ?"
        );
        let (portal, key) = after.map_or((0, ""), |row| (row.portal.get(), row.key.as_str()));
        let mut statement = self.database.prepare_cached(&next)?;
        let rows = statement.query_map(params![portal, key, change as i64, limit], planned)?;
        rows.collect()
    }
}

const PLANNED: &str = "portal, number, name, users, former_name";

fn planned(record: &Record<'_>) -> rusqlite::Result<Planned> {
    let users: Option<String> = record.get(3)?;
    let users = users.map(|users| users.split(' ').filter_map(|id| id.parse().ok()).collect());
    Ok(Planned {
        portal: portal_id(record.get(0)?)?,
        key: record.get(1)?,
        name: record.get(2)?,
        users,
        former_name: record.get(4)?,
    })
}

fn portal_id(id: i64) -> rusqlite::Result<PortalId> {
    id.try_into()
        .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))
}

fn joined(users: &BTreeSet<UserId>) -> String {
    let ids: Vec<_> = users.iter().map(ToString::to_string).collect();
    ids.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_portal_counts_once_however_many_rows_it_has() {
        let staged = Staged::new().unwrap();
        for (portal, number) in [
            ("1", "+18001231234"),
            ("1", "+18001231235"),
            ("2", "+18001231234"),
        ] {
            let row = Row {
                portal: portal.parse().unwrap(),
                key: number.parse().unwrap(),
                name: None,
                users: None,
            };
            assert_eq!(staged.add(&row, Place::Line(1)).unwrap(), None);
        }
        assert_eq!(staged.portal_count().unwrap(), 2);
    }
}
