//! From a row as the file has it to one that can be written.

use channel_connection::{
    friendly_name::FriendlyName,
    ids::{PortalId, UserId},
};

use crate::numbers::{
    column::Column,
    file::RawRow,
    findings::{Findings, Problem, Warning},
    number_text::{self, NationalRegion},
    row::Row,
};

/// The longest name that is kept, in bytes; of what is longer, HubSpot would show a tenth.
pub const LONGEST_STORED_NAME: usize = 1_024;

/// What is known of every row, whatever the file says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected {
    /// The portal that every row is for.
    pub portal: Option<PortalId>,
    /// The region whose national numbers are understood.
    pub region: Option<NationalRegion>,
}

/// Checks a row; what is wrong with it goes to the findings.
pub fn check(raw: &RawRow, expected: Expected, findings: &mut Findings) -> Option<Row> {
    match row(raw, expected) {
        Ok(row) => {
            warn(raw, &row, findings);
            Some(row)
        }
        Err((column, problem)) => {
            findings.problem(raw.place, column, raw.text(column), &problem);
            None
        }
    }
}

fn row(raw: &RawRow, expected: Expected) -> Result<Row, (Column, Problem)> {
    let name = raw.cells[Column::Name as usize].clone();
    if name
        .as_ref()
        .is_some_and(|name| name.len() > LONGEST_STORED_NAME)
    {
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

fn users(text: Option<&str>) -> Result<Option<Vec<UserId>>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let separators = |character: char| character.is_whitespace() || ",;|".contains(character);
    let users = text
        .split(separators)
        .filter(|id| !id.is_empty())
        .map(str::parse);
    let mut users: Vec<UserId> = users
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::Users)?;
    users.sort_unstable_by_key(|user| user.get());
    users.dedup();
    Ok(Some(users))
}

fn warn(raw: &RawRow, row: &Row, findings: &mut Findings) {
    if let Some(name) = &row.name
        && let Some(shown) = FriendlyName::cut(name)
        && shown.as_str() != name.trim()
    {
        let warning = Warning::Cut(shown.as_str().to_owned());
        findings.warning(raw.place, Column::Name, name, &warning);
    }
    if row.key.extension.is_some() {
        let number = raw.text(Column::Number);
        findings.warning(raw.place, Column::Number, number, &Warning::Unselectable);
    }
}
