//! A row of a file, and what is wrong with it.

use std::{borrow::Cow, fmt};

use anstream::eprintln;
use anstyle::Style;
use channel_connection::{
    friendly_name::{MAX_NAME, is_unsafe},
    ids::PortalId,
    phone_number::{Extension, NumberKey},
    shown_number::{not_selectable, truncate},
};
use clap::Args;
use serde::Serialize;

use crate::{
    numbers::{
        columns::Column,
        country::{self, Country},
        item::PortalNumber,
        phone,
        plan::{Change, Plan, Planned},
        users::Users,
    },
    terminal::{DOUBTFUL, WRONG, coloured, escape},
};

/// The longest name that is kept, in bytes; of a longer one, HubSpot would show a tenth.
const MAX_STORED_NAME: usize = 1_024;
/// The longest part of a cell that is shown, in characters.
const MAX_SHOWN: usize = 40;

/// A row as the file has it; a cell that the row does not have is `None`.
pub struct RawRow<'a> {
    /// `None` for a number that was typed.
    pub place: Option<Place>,
    /// In the order of [`Column::ALL`].
    pub cells: [Option<Cow<'a, str>>; Column::ALL.len()],
}

/// The line in which a row begins, and which item of a JSON array it is; both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Place {
    pub line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<u64>,
}

/// What applies to every row, whatever the file says.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Expected {
    /// Portal of every row
    #[arg(long)]
    pub portal: Option<PortalId>,
    /// Understand national numbers of this country, like US
    #[arg(long, value_parser = country::parse)]
    pub country: Option<Country>,
}

/// The reason a cell is refused or doubtful, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[error("{problem}: {advice}")]
pub struct CellError {
    problem: Cow<'static, str>,
    advice: Cow<'static, str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CellFinding"))]
struct Finding {
    #[serde(flatten)]
    place: Option<Place>,
    column: Column,
    value: String,
    #[serde(flatten)]
    error: CellError,
}

/// The findings of all rows.
#[derive(Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// Rows that cannot be written.
    bad_rows: Vec<Finding>,
    /// What users will not see of rows that can be written.
    warnings: Vec<Finding>,
}

impl Place {
    pub fn line(line: u64) -> Self {
        Self { line, item: None }
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

impl CellError {
    pub const fn new(problem: &'static str, advice: &'static str) -> Self {
        Self {
            problem: Cow::Borrowed(problem),
            advice: Cow::Borrowed(advice),
        }
    }

    pub fn of(problem: String, advice: impl Into<Cow<'static, str>>) -> Self {
        Self {
            problem: problem.into(),
            advice: advice.into(),
        }
    }
}

impl RawRow<'_> {
    /// Returns a cell's text, empty where there is none.
    pub fn text(&self, column: Column) -> &str {
        self.cells[column as usize].as_deref().unwrap_or_default()
    }

    /// Adds the row to a plan, or what is wrong with it to the findings.
    pub fn check(
        &self,
        expected: Expected,
        users: &Users,
        plan: &mut Plan,
        findings: &mut Findings,
    ) {
        let added = self.parse(expected, users).and_then(|(portal, key, row)| {
            self.warn(&key, findings);
            let Some(first) = plan.add(portal, row) else {
                return Ok(());
            };
            let advice = format!("first in {first}, so delete one of the rows");
            let twice = CellError::of("is there twice".into(), advice);
            Err((Column::Number, twice))
        });
        if let Err((column, error)) = added {
            findings.bad_rows.push(self.finding(column, error));
        }
    }

    fn parse(
        &self,
        expected: Expected,
        known: &Users,
    ) -> Result<(PortalId, NumberKey, Planned), (Column, CellError)> {
        let in_column = |column| move |error| (column, error);
        let name = self.cells[Column::Name as usize].as_deref();
        check_name(name.unwrap_or_default()).map_err(in_column(Column::Name))?;
        let portal = portal(self.text(Column::Portal), expected.portal)
            .map_err(in_column(Column::Portal))?;
        let (number, extension) = (self.text(Column::Number), self.text(Column::Extension));
        let key =
            phone::parse(number, extension, expected.country).map_err(in_column(Column::Number))?;
        let users = self.cells[Column::Users as usize].as_deref();
        let users = users.map(|cell| known.parse(cell)).transpose();
        let extension = key.extension.as_ref().map(Extension::as_str);
        let number = PortalNumber {
            portal_id: portal.get().into(),
            number: key.number.as_str().to_owned(),
            extension: extension.map(str::to_owned),
            friendly_name: name.map(str::to_owned),
            user_ids: users.map_err(in_column(Column::Users))?,
        };
        let row = Planned {
            place: self.place,
            change: Change::Add,
            number,
            previous: None,
        };
        Ok((portal, key, row))
    }

    fn warn(&self, key: &NumberKey, findings: &mut Findings) {
        let (shown, lost) = truncate(self.text(Column::Name));
        if !lost.is_empty() {
            let problem = format!("is longer than {MAX_NAME} characters");
            let advice = format!("shorten it, or HubSpot will show {shown:?}");
            let error = CellError::of(problem, advice);
            findings.warnings.push(self.finding(Column::Name, error));
        }
        let extension = key.extension.as_ref().map(Extension::as_str);
        if let Some(reason) = not_selectable(key.number.as_str(), extension) {
            let error = CellError::new("will be shown, but not selected", reason);
            findings.warnings.push(self.finding(Column::Number, error));
        }
    }

    fn finding(&self, column: Column, error: CellError) -> Finding {
        Finding {
            place: self.place,
            column,
            value: self.text(column).chars().take(MAX_SHOWN).collect(),
            error,
        }
    }
}

/// Refuses a name that nobody could read, or that would change the screen it is shown on.
pub fn check_name(name: &str) -> Result<(), CellError> {
    if name.len() > MAX_STORED_NAME {
        let problem = format!("is longer than {MAX_STORED_NAME} bytes");
        return Err(CellError::of(problem, "shorten it"));
    }
    match name.chars().find(|character| is_unsafe(*character)) {
        None => Ok(()),
        Some(character) => {
            let code = u32::from(character);
            let problem =
                format!("has the character U+{code:04X}, which controls how text is shown");
            Err(CellError::of(problem, "take it out"))
        }
    }
}

fn portal(text: &str, expected: Option<PortalId>) -> Result<PortalId, CellError> {
    let portal = match (text, expected) {
        ("", Some(expected)) => return Ok(expected),
        ("", None) => {
            let advice = "add a column with the portal's id, or say --portal";
            return Err(CellError::new("is missing", advice));
        }
        _ => text.parse().map_err(|error| {
            CellError::of(
                format!("{error}"),
                "write the id that HubSpot shows for the account",
            )
        })?,
    };
    match expected {
        Some(expected) if expected != portal => Err(CellError::of(
            format!("is not {expected}, which --portal says"),
            "leave --portal out, or take the row out",
        )),
        _ => Ok(portal),
    }
}

impl Findings {
    pub fn has_bad_rows(&self) -> bool {
        !self.bad_rows.is_empty()
    }

    /// Prints the first ones of each kind, the bad rows last, since they must be fixed.
    pub fn print(&self, most: usize) {
        print(DOUBTFUL, "warning", &self.warnings, most);
        print(WRONG, "bad row", &self.bad_rows, most);
    }
}

fn print(style: Style, kind: &str, findings: &[Finding], most: usize) {
    let kind = coloured(style, kind);
    for finding in findings.iter().take(most) {
        let place = finding.place.map(|place| format!("{place}, "));
        let (place, value) = (place.unwrap_or_default(), escape(&finding.value));
        eprintln!(
            "{kind} {place}{} \"{value}\" {}",
            finding.column, finding.error
        );
    }
    let count = findings.len();
    if count > most {
        let left = count - most;
        eprintln!("{kind} … and {left} more; --show {count} shows all");
    }
}
