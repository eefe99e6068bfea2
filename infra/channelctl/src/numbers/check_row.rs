//! From a row as the file has it to one that can be written.

use std::collections::BTreeSet;

use channel_connection::{
    ids::{PortalId, UserId},
    phone_number::Extension,
    shown_number::{not_selectable, truncate},
};

use crate::numbers::{
    column::Column,
    number_text::{self, NationalRegion},
    raw_row::RawRow,
    row::{Place, Row, is_too_long},
    row_findings::{Problem, RowFindings, Warning},
};

/// What is known of every row, whatever the file says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected {
    /// The portal that every row is for.
    pub portal: Option<PortalId>,
    /// The region whose national numbers are understood.
    pub region: Option<NationalRegion>,
}

/// Checks a row; what is wrong with it goes to the findings.
pub fn check(raw: &RawRow, expected: Expected, findings: &mut RowFindings) -> Option<Row> {
    match row(raw, expected) {
        Ok(row) => {
            warn(raw.place, raw.text(Column::Number), &row, findings);
            Some(row)
        }
        Err((column, problem)) => {
            findings.problem(raw.place, column, raw.text(column), &problem);
            None
        }
    }
}

fn row(raw: &RawRow, expected: Expected) -> Result<Row, (Column, Problem)> {
    if let Some(column) = raw.of_wrong_type {
        return Err((column, Problem::WrongType));
    }
    let name = raw.cells[Column::Name as usize].clone();
    if name.as_deref().is_some_and(is_too_long) {
        return Err((Column::Name, Problem::NameTooLong));
    }
    let (number, extension) = (raw.text(Column::Number), raw.text(Column::Extension));
    Ok(Row {
        portal: portal(raw.text(Column::Portal), expected.portal)
            .map_err(|problem| (Column::Portal, problem))?,
        key: number_text::parse(number, extension, expected.region)
            .map_err(|problem| (Column::Number, problem.into()))?,
        name,
        users: users(raw.cells[Column::Users as usize].as_deref())
            .map_err(|problem| (Column::Users, problem))?,
    })
}

fn portal(text: &str, expected: Option<PortalId>) -> Result<PortalId, Problem> {
    match (text, expected) {
        ("", Some(expected)) => Ok(expected),
        ("", None) => Err(Problem::NoPortal),
        (text, expected) => {
            let portal = text.parse().map_err(Problem::Portal)?;
            match expected {
                Some(expected) if expected != portal => Err(Problem::OtherPortal(expected)),
                _ => Ok(portal),
            }
        }
    }
}

fn users(text: Option<&str>) -> Result<Option<BTreeSet<UserId>>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let separators = |character: char| character.is_whitespace() || ",;|".contains(character);
    let users = text.split(separators).filter(|id| !id.is_empty());
    let users = users.map(str::parse).collect::<Result<_, _>>();
    Ok(Some(users.map_err(|_| Problem::Users)?))
}

/// Says what users will not see of a row whose number was written as `number`.
pub fn warn(place: Place, number: &str, row: &Row, findings: &mut RowFindings) {
    let name = row.name.as_deref().unwrap_or_default();
    let (shown, lost) = truncate(name);
    if !lost.is_empty() {
        findings.warning(place, Column::Name, name, &Warning::Cut(shown));
    }
    let extension = row.key.extension.as_ref().map(Extension::as_str);
    if let Some(reason) = not_selectable(row.key.number.as_str(), extension) {
        let warning = Warning::NotSelectable(reason);
        findings.warning(place, Column::Number, number, &warning);
    }
}
