//! What is wrong with a file's rows, and what users will not see as the file has it.

use anstream::eprintln;
use channel_connection::{
    friendly_name::MAX_NAME,
    ids::{InvalidId, PortalId},
};
use serde::Serialize;

use crate::{
    numbers::{
        column::Column,
        number_problem::NumberProblem,
        row::{MAX_STORED_NAME, Place},
    },
    terminal::{DOUBTFUL, WRONG, coloured},
};

/// How much of a cell is shown, in characters.
const SHOWN: usize = 40;

/// The reason a row cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The number is none.
    #[error(transparent)]
    Number(#[from] NumberProblem),
    /// The file has no portals, and nobody named one.
    #[error("is missing: add a column with the portal's id, or say --portal")]
    NoPortal,
    /// The portal is none.
    #[error(transparent)]
    Portal(InvalidId),
    /// The row is another portal's.
    #[error("is not {0}, which --portal says")]
    OtherPortal(PortalId),
    /// The cell holds something of JSON that is no text.
    #[error("is neither text nor number")]
    WrongType,
    /// The name is longer than anybody's.
    #[error("is longer than {MAX_STORED_NAME} bytes")]
    NameTooLong,
    /// The users are none.
    #[error("is not a list of user ids")]
    Users,
    /// The number stands in the file before.
    #[error("is there twice: first in {0}")]
    Duplicate(Place),
}

/// What a row's user will not see as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// HubSpot cuts names.
    #[error("is longer than {MAX_NAME} characters; HubSpot will show {0:?}")]
    Cut(String),
    /// HubSpot shows the number, but nobody can select it.
    #[error("will be shown, but not selected. {0}")]
    NotSelectable(&'static str),
}

/// Something found in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowFinding {
    /// The line, or a JSON array's item, from 1.
    pub place: u64,
    /// Where in the row.
    pub column: Column,
    /// What stands there.
    pub value: String,
    /// What is to be said of it.
    pub reason: String,
}

/// What was found: the first ones as they are, all of them counted.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowFindings {
    /// How many rows cannot be written.
    pub bad_rows: u64,
    /// How many warnings there are.
    pub warnings: u64,
    problems_shown: Vec<RowFinding>,
    warnings_shown: Vec<RowFinding>,
    #[serde(skip)]
    keep: u32,
    #[serde(skip)]
    place: Option<Place>,
}

impl RowFindings {
    /// Starts without any, and will keep the first `keep` of each kind.
    pub fn new(keep: u32) -> Self {
        Self {
            keep,
            ..Self::default()
        }
    }

    /// Takes a row's problem in.
    pub fn problem(&mut self, place: Place, column: Column, value: &str, problem: &Problem) {
        self.bad_rows += 1;
        self.place = Some(place);
        if self.bad_rows <= self.keep.into() {
            self.problems_shown
                .push(finding(place, column, value, problem));
        }
    }

    /// Takes a warning in.
    pub fn warning(&mut self, place: Place, column: Column, value: &str, warning: &Warning) {
        self.warnings += 1;
        self.place = Some(place);
        if self.warnings <= self.keep.into() {
            self.warnings_shown
                .push(finding(place, column, value, warning));
        }
    }

    /// Prints them, the warnings first, so that what must be fixed stands last.
    pub fn print(&self) {
        let Some(place) = self.place else { return };
        let at = |at| match place {
            Place::Typed => String::new(),
            place => format!("{}, ", place.of(at)),
        };
        let kinds = [
            (
                coloured(DOUBTFUL, "warning"),
                &self.warnings_shown,
                self.warnings,
            ),
            (
                coloured(WRONG, "bad row"),
                &self.problems_shown,
                self.bad_rows,
            ),
        ];
        for (kind, shown, count) in kinds {
            for RowFinding {
                place,
                column,
                value,
                reason,
            } in shown
            {
                eprintln!("{kind} {}{column} {value:?} {reason}", at(*place));
            }
            let left = count - shown.len() as u64;
            if left > 0 {
                eprintln!("{kind} … and {left} more; --show {count} shows all");
            }
        }
    }
}

fn finding(place: Place, column: Column, value: &str, reason: &impl ToString) -> RowFinding {
    RowFinding {
        place: place.at(),
        column,
        value: value.chars().take(SHOWN).collect(),
        reason: reason.to_string(),
    }
}
