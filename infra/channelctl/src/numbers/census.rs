//! How many numbers and portals a table has.

use std::fmt;

use serde::Serialize;

use crate::terminal::counted;

/// How many numbers and portals there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Census {
    /// The numbers.
    pub numbers: u64,
    /// The portals.
    pub portals: u64,
    /// Whether there are more, which were not counted.
    pub at_least: bool,
}

impl fmt::Display for Census {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.at_least { "at least " } else { "" };
        let numbers = counted(self.numbers, "number");
        let portals = counted(self.portals, "portal");
        write!(formatter, "{more}{numbers} in {more}{portals}")
    }
}
