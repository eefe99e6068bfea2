//! Which of a file's columns is which: guessed by their headers, or named with `--map`.

use std::{fmt, str::FromStr};

use serde::Serialize;

use crate::{
    numbers::{error::NumbersError, words},
    terminal::escape,
};

/// How many headers, and how many characters of each, an error repeats.
const MAX_SHOWN: (usize, usize) = (20, 30);

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Column {
    /// The customer's account.
    Portal,
    /// The number, maybe with an extension.
    Number,
    /// The extension.
    Extension,
    /// The name that users see.
    Name,
    /// The only users who see the number.
    Users,
}

/// One `--map COLUMN=HEADER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    column: Column,
    header: String,
}

/// The reason a text is no mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write COLUMN=HEADER, where COLUMN is portal, number, extension, name or users")]
pub struct InvalidMapping;

/// Where in a row each column stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Columns([Option<usize>; Column::ALL.len()]);

impl Column {
    /// Every column.
    pub const ALL: [Self; 5] = [
        Self::Portal,
        Self::Number,
        Self::Extension,
        Self::Name,
        Self::Users,
    ];
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Portal => "portal",
            Self::Number => "number",
            Self::Extension => "extension",
            Self::Name => "name",
            Self::Users => "users",
        })
    }
}

impl FromStr for Mapping {
    type Err = InvalidMapping;

    fn from_str(text: &str) -> Result<Self, InvalidMapping> {
        let (name, header) = text.split_once('=').ok_or(InvalidMapping)?;
        let mut columns = Column::ALL.into_iter();
        let column = columns.find(|column| column.to_string() == name.trim());
        Ok(Self {
            column: column.ok_or(InvalidMapping)?,
            header: header.trim().to_owned(),
        })
    }
}

impl Mapping {
    /// Returns where its header stands; refuses one that is not there, or twice.
    fn find(&self, headers: &[&str]) -> Result<usize, NumbersError> {
        let is_named = |(_, name): &(usize, &&str)| name.trim() == self.header;
        let mut named = headers.iter().enumerate().filter(is_named);
        let problem = match (named.next(), named.next()) {
            (Some((at, _)), None) => return Ok(at),
            (None, _) => format!("there is no such column. There are: {}", listed(headers)),
            _ => "two columns have that name. Rename one of them in the file.".into(),
        };
        let (column, header) = (self.column, escape(&self.header));
        Err(NumbersError::Columns(format!(
            "--map {column}={header}: {problem}"
        )))
    }
}

impl Columns {
    /// Finds the columns by their headers; a header that looks like none is passed over.
    pub fn find(headers: &[&str], mappings: &[Mapping]) -> Result<Self, NumbersError> {
        let mut columns = Self::default();
        for mapping in mappings {
            let (column, at) = (mapping.column, mapping.find(headers)?);
            if columns.0[column as usize].replace(at).is_some() {
                return Err(NumbersError::Columns(format!(
                    "--map {column}=HEADER is given twice. Give it once: a row has one {column}."
                )));
            }
        }
        let mapped = columns;
        for (at, name) in headers.iter().enumerate() {
            let guess = words::column_of(name).filter(|column| mapped.at(*column).is_none());
            let Some(column) = guess.filter(|_| !mapped.0.contains(&Some(at))) else {
                continue;
            };
            if let Some(first) = columns.0[column as usize].replace(at) {
                return Err(NumbersError::Columns(format!(
                    "Both {} and {} look like the {column}. Say which it is: --map {column}=HEADER",
                    shown(headers[first]),
                    shown(name)
                )));
            }
        }
        if columns.at(Column::Number).is_some() {
            return Ok(columns);
        }
        let problem = if headers.iter().any(|header| looks_like_a_number(header)) {
            "The first line must name the columns, like: portalId,number,friendlyName".into()
        } else {
            format!(
                "No column looks like the numbers. There are: {}. Say which it is: --map number=HEADER",
                listed(headers)
            )
        };
        Err(NumbersError::Columns(problem))
    }

    /// Returns a column's place.
    pub fn at(&self, column: Column) -> Option<usize> {
        self.0[column as usize]
    }

    /// Says which header stands for what.
    pub fn explain(&self, headers: &[&str]) -> String {
        let found = Column::ALL.into_iter().filter_map(|column| {
            let header = headers.get(self.at(column)?)?;
            Some(format!("{column} = {}", shown(header)))
        });
        found.collect::<Vec<_>>().join(", ")
    }
}

/// A header that is mostly digits is data.
fn looks_like_a_number(header: &str) -> bool {
    header.chars().filter(char::is_ascii_digit).count() >= 7
}

fn listed(headers: &[&str]) -> String {
    let (most, _) = MAX_SHOWN;
    let names: Vec<_> = headers.iter().take(most).map(|name| shown(name)).collect();
    let rest = if headers.len() > most { ", …" } else { "" };
    names.join(", ") + rest
}

fn shown(header: &str) -> String {
    let (_, longest) = MAX_SHOWN;
    let start: String = header.trim().chars().take(longest).collect();
    let rest = if start.len() < header.trim().len() {
        "…"
    } else {
        ""
    };
    escape(&start).into_owned() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[&str], mappings: &[&str]) -> Result<String, String> {
        let mappings: Vec<_> = mappings.iter().map(|text| text.parse().unwrap()).collect();
        let columns = Columns::find(headers, &mappings);
        columns
            .map(|columns| columns.explain(headers))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn guesses_columns_by_their_headers() {
        let headers = [
            "Portal ID",
            " Phone-Number",
            "Ext.",
            "friendly_name",
            "UserIds",
            "City",
        ];
        assert_eq!(
            found(&headers, &[]).unwrap(),
            "portal = Portal ID, number = Phone-Number, extension = Ext., name = friendly_name, users = UserIds"
        );
    }

    #[test]
    fn a_mapping_outranks_a_guess() {
        let headers = ["Number", "Label", "Line", "Phone"];
        let mapped = found(&headers, &["number=Line", "name=Number"]).unwrap();
        assert_eq!(mapped, "number = Line, name = Number");
    }

    #[test]
    fn names_what_cannot_be_told_apart() {
        for (case, headers, mappings, error) in [
            (
                "two candidates",
                &["Telefon", "Rufnummer"][..],
                &[][..],
                "Both Telefon and Rufnummer look like the number. Say which it is: --map number=HEADER",
            ),
            (
                "no candidate",
                &["A", "B"],
                &[],
                "No column looks like the numbers. There are: A, B. Say which it is: --map number=HEADER",
            ),
            (
                "no header",
                &["62515", "+18001231234"],
                &[],
                "The first line must name the columns, like: portalId,number,friendlyName",
            ),
            (
                "mapping of nothing",
                &["A", "B\u{1b}"],
                &["number=C"],
                "--map number=C: there is no such column. There are: A, B\\u{1b}",
            ),
            (
                "mapped twice",
                &["A", "B"],
                &["number=A", "number=B"],
                "--map number=HEADER is given twice. Give it once: a row has one number.",
            ),
            (
                "mapping of two",
                &["A", "A"],
                &["number=A"],
                "--map number=A: two columns have that name. Rename one of them in the file.",
            ),
        ] {
            assert_eq!(found(headers, mappings).unwrap_err(), error, "{case}");
        }
        assert_eq!(
            found(&["A", "B", "B"], &["number=A"]).unwrap(),
            "number = A"
        );
    }

    #[test]
    fn refuses_what_is_no_mapping() {
        for text in ["number", "nummer=A", "=A"] {
            assert!(text.parse::<Mapping>().is_err(), "{text}");
        }
    }
}
