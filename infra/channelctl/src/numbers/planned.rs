//! What is to become of the table's numbers.

use std::collections::BTreeSet;

use channel_connection::ids::{PortalId, UserId};
use serde::Serialize;

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
    /// The name, as in [`Row::name`](crate::numbers::row::Row::name).
    pub name: Option<String>,
    /// The users, as in [`Row::users`](crate::numbers::row::Row::users).
    pub users: Option<BTreeSet<UserId>>,
    /// The name that the table has until then.
    pub former_name: Option<String>,
    /// The users that the table has until then; `None` where they are no set of ids.
    pub former_users: Option<BTreeSet<UserId>>,
}

impl Planned {
    /// Tells whether the number has another name afterwards.
    pub fn changes_name(&self) -> bool {
        let former = self.former_name.as_deref().unwrap_or_default();
        self.name.as_deref().is_some_and(|name| name != former)
    }

    /// Tells whether other users see the number afterwards.
    pub fn changes_users(&self) -> bool {
        self.users.is_some() && self.users != self.former_users
    }
}

/// How many rows there are of each change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
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
