//! A row of a file, and what is wrong with it.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use anstream::eprintln;
use channel_connection::{
    friendly_name::{MAX_NAME, is_unsafe},
    ids::{PortalId, UserId},
    phone_number::{Extension, NumberKey},
    shown_number::{not_selectable, truncate},
};
use serde::Serialize;

use crate::{
    numbers::{
        columns::Column,
        phone::{self, Country},
    },
    terminal::{DOUBTFUL, WRONG, coloured, escape},
};

/// The longest name that is kept, in bytes; of a longer one, HubSpot would show a tenth.
pub const MAX_STORED_NAME: usize = 1_024;
/// How much of a cell is shown, in characters.
const MAX_SHOWN: usize = 40;

/// A row as the file has it; a cell that the row does not have is `None`.
pub struct RawRow<'a> {
    /// Where it stands.
    pub place: Place,
    /// The cells by column, in the order of [`Column::ALL`].
    pub cells: [Option<Cow<'a, str>>; Column::ALL.len()],
    /// The first column that holds neither text nor number, as a JSON object's may.
    pub of_wrong_type: Option<Column>,
}

/// A row that can be written.
pub struct Row {
    /// The customer's account.
    pub portal: PortalId,
    /// The number, with its extension if it has one.
    pub key: NumberKey,
    /// The name; `None` leaves the table's as it is, an empty one takes it away.
    pub name: Option<String>,
    /// The only users who see the number; `None` leaves the table's, an empty set shows it to all.
    pub users: Option<BTreeSet<UserId>>,
}

/// Where a row stands, counted from 1: in the line that it begins in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    line: u64,
    /// Which item of a JSON array it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<u64>,
}

/// What applies to every row, whatever the file says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected {
    /// The portal that every row is for.
    pub portal: Option<PortalId>,
    /// The country whose national numbers are understood.
    pub country: Option<Country>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The row can be written, but not all of it will be seen.
    Warning,
    /// The row cannot be written.
    Error,
}

/// Something found in a row.
#[derive(Debug, Serialize)]
struct Finding {
    severity: Severity,
    #[serde(flatten)]
    place: Option<Place>,
    column: Column,
    value: String,
    reason: String,
}

/// The findings of all rows: all of them counted, and the first ones kept.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    pub bad_rows: u64,
    warnings: u64,
    #[serde(rename = "findings")]
    kept: Vec<Finding>,
    #[serde(skip)]
    keep: u64,
}

impl Place {
    pub fn line(line: u64) -> Self {
        Self { line, item: None }
    }

    pub fn item(line: u64, item: u64) -> Self {
        let item = Some(item);
        Self { line, item }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}", self.line)?;
        match self.item {
            Some(item) => write!(formatter, ", item {item}"),
            None => Ok(()),
        }
    }
}

impl RawRow<'_> {
    /// Returns a cell's text, empty where there is none.
    pub fn text(&self, column: Column) -> &str {
        self.cells[column as usize].as_deref().unwrap_or_default()
    }

    /// Checks the row; what is wrong with it goes to the findings.
    pub fn check(&self, expected: Expected, findings: &mut Findings) -> Option<Row> {
        match self.parse(expected) {
            Ok(row) => {
                row.warn(Some(self.place), self.text(Column::Number), findings);
                Some(row)
            }
            Err((column, reason)) => {
                let place = Some(self.place);
                findings.add(Severity::Error, place, column, self.text(column), reason);
                None
            }
        }
    }

    fn parse(&self, expected: Expected) -> Result<Row, (Column, String)> {
        if let Some(column) = self.of_wrong_type {
            return Err((column, "is neither text nor number".into()));
        }
        let in_column = |column| move |reason: String| (column, reason);
        let name = self.cells[Column::Name as usize].as_deref();
        name.map_or(Ok(()), check_name)
            .map_err(in_column(Column::Name))?;
        let (number, extension) = (self.text(Column::Number), self.text(Column::Extension));
        Ok(Row {
            portal: portal(self.text(Column::Portal), expected.portal)
                .map_err(in_column(Column::Portal))?,
            key: phone::parse(number, extension, expected.country)
                .map_err(|error| (Column::Number, error.to_string()))?,
            name: name.map(str::to_owned),
            users: users(self.cells[Column::Users as usize].as_deref())
                .map_err(in_column(Column::Users))?,
        })
    }
}

impl Row {
    /// Says what users will not see of a row whose number was written as `number`.
    pub fn warn(&self, place: Option<Place>, number: &str, findings: &mut Findings) {
        let name = self.name.as_deref().unwrap_or_default();
        let (shown, lost) = truncate(name);
        if !lost.is_empty() {
            let reason =
                format!("is longer than {MAX_NAME} characters; HubSpot will show {shown:?}");
            findings.add(Severity::Warning, place, Column::Name, name, reason);
        }
        let extension = self.key.extension.as_ref().map(Extension::as_str);
        if let Some(reason) = not_selectable(self.key.number.as_str(), extension) {
            let reason = format!("will be shown, but not selected. {reason}");
            findings.add(Severity::Warning, place, Column::Number, number, reason);
        }
    }
}

/// Refuses a name that nobody could read, or that would change the screen it is shown on.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.len() > MAX_STORED_NAME {
        return Err(format!(
            "is longer than {MAX_STORED_NAME} bytes: shorten it"
        ));
    }
    match name.chars().find(|character| is_unsafe(*character)) {
        None => Ok(()),
        Some(character) => Err(format!(
            "has the character U+{:04X}, which controls how text is shown: take it out",
            u32::from(character)
        )),
    }
}

fn portal(text: &str, expected: Option<PortalId>) -> Result<PortalId, String> {
    match (text, expected) {
        ("", Some(expected)) => Ok(expected),
        ("", None) => Err("is missing: add a column with the portal's id, or say --portal".into()),
        (text, expected) => {
            let portal = text.parse().map_err(|error| format!("{error}"))?;
            match expected {
                Some(expected) if expected != portal => {
                    Err(format!("is not {expected}, which --portal says"))
                }
                _ => Ok(portal),
            }
        }
    }
}

fn users(text: Option<&str>) -> Result<Option<BTreeSet<UserId>>, String> {
    let Some(text) = text else { return Ok(None) };
    let separators = |character: char| character.is_whitespace() || ",;|".contains(character);
    let users = text.split(separators).filter(|id| !id.is_empty());
    let users = users.map(str::parse).collect::<Result<_, _>>();
    users
        .map(Some)
        .map_err(|_| "is not a list of user ids, like 41 42".into())
}

impl Findings {
    /// Starts without any, and will keep the first `keep` of each kind.
    pub fn new(keep: u32) -> Self {
        Self {
            keep: keep.into(),
            ..Self::default()
        }
    }

    /// Takes a finding in; without a place, it is about a number that was typed.
    pub fn add(
        &mut self,
        severity: Severity,
        place: Option<Place>,
        column: Column,
        value: &str,
        reason: String,
    ) {
        let count = match severity {
            Severity::Warning => &mut self.warnings,
            Severity::Error => &mut self.bad_rows,
        };
        *count += 1;
        if *count <= self.keep {
            self.kept.push(Finding {
                severity,
                place,
                column,
                value: value.chars().take(MAX_SHOWN).collect(),
                reason,
            });
        }
    }

    /// Prints them, the warnings first, so that what must be fixed stands last.
    pub fn print(&self) {
        for (severity, kind, count) in [
            (
                Severity::Warning,
                coloured(DOUBTFUL, "warning"),
                self.warnings,
            ),
            (Severity::Error, coloured(WRONG, "bad row"), self.bad_rows),
        ] {
            let of_kind = self
                .kept
                .iter()
                .filter(|finding| finding.severity == severity);
            for finding in of_kind {
                let Finding {
                    place,
                    column,
                    value,
                    reason,
                    ..
                } = finding;
                let place = place.map_or_else(String::new, |place| format!("{place}, "));
                eprintln!("{kind} {place}{column} \"{}\" {reason}", escape(value));
            }
            if count > self.keep {
                let left = count - self.keep;
                eprintln!("{kind} … and {left} more; --show {count} shows all");
            }
        }
    }
}
