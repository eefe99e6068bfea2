//! The file's rows, checked and kept on disk until all are known, so that memory does not grow.
//!
//! `SQLite`'s own temporary database: nobody else can open it, and it goes with the process, however
//! that ends.

use std::collections::BTreeSet;

use channel_connection::ids::{PortalId, UserId};
use rusqlite::{Connection, OptionalExtension, Row as Record, params};

use crate::numbers::{
    planned::{Change, Counts, Planned},
    row::{Place, Row},
    stored::Stored,
};

/// The rows of one import.
#[derive(Debug)]
pub struct Staged {
    database: Connection,
}

const SCHEMA: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -8192;
    CREATE TABLE rows (
        portal INTEGER NOT NULL, number TEXT NOT NULL, place INTEGER NOT NULL,
        name TEXT, users TEXT, change INTEGER NOT NULL DEFAULT 0,
        former_name TEXT, former_users TEXT,
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
        stored: &Stored,
        change: Change,
    ) -> rusqlite::Result<()> {
        let (name, users) = (stored.name(), stored.users().as_ref().map(joined));
        self.database
            .prepare_cached(
                "INSERT INTO rows (portal, number, place, change, former_name, former_users)
                 VALUES (?, ?, 0, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET change = excluded.change,
                 former_name = excluded.former_name, former_users = excluded.former_users",
            )?
            .execute(params![
                portal.get(),
                stored.key(),
                change as i64,
                name,
                users
            ])?;
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

const PLANNED: &str = "portal, number, name, users, former_name, former_users";

fn planned(record: &Record<'_>) -> rusqlite::Result<Planned> {
    let users = |column| -> rusqlite::Result<_> {
        let users: Option<String> = record.get(column)?;
        Ok(users.map(|users| users.split(' ').filter_map(|id| id.parse().ok()).collect()))
    };
    Ok(Planned {
        portal: portal_id(record.get(0)?)?,
        key: record.get(1)?,
        name: record.get(2)?,
        users: users(3)?,
        former_name: record.get(4)?,
        former_users: users(5)?,
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
    use channel_connection::number_row::{Attribute, NumberRow};

    use super::*;

    fn row(portal: &str, number: &str, users: Option<&str>) -> Row {
        Row {
            portal: portal.parse().unwrap(),
            key: number.parse().unwrap(),
            name: None,
            users: users.map(|id| [id.parse().unwrap()].into()),
        }
    }

    #[test]
    fn each_portal_counts_once_however_many_rows_it_has() {
        let staged = Staged::new().unwrap();
        for (portal, number) in [
            ("1", "+18001231234"),
            ("1", "+18001231235"),
            ("2", "+18001231234"),
        ] {
            let row = row(portal, number, None);
            assert_eq!(staged.add(&row, Place::Line(1)).unwrap(), None);
        }
        assert_eq!(staged.portal_count().unwrap(), 2);
    }

    #[test]
    fn users_that_the_file_names_are_written_whether_the_table_has_them_or_not() {
        for (stored, changes) in [("7", false), ("8", true)] {
            let staged = Staged::new().unwrap();
            let row = row("1", "+18001231234", Some("7"));
            staged.add(&row, Place::Line(1)).unwrap();
            let stored = Stored {
                portal: "1".into(),
                row: NumberRow {
                    number: Attribute::Value(row.key.to_string()),
                    friendly_name: Attribute::Missing,
                    user_ids: Attribute::Value(vec![stored.into()]),
                },
            };
            staged.decide(row.portal, &stored, Change::Change).unwrap();
            let planned = staged.planned(Change::Change, None, 1).unwrap();
            assert_eq!(planned[0].users, row.users, "it may change until then");
            assert_eq!(planned[0].changes_users(), changes);
        }
    }
}
