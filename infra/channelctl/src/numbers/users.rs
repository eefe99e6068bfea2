//! A portal's users by their emails, from a file like the one that HubSpot exports.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

use channel_connection::ids::UserId;
use clap::Args;
use csv::ReaderBuilder;

use crate::{
    numbers::{
        columns::{is_data, is_email, letters, listed},
        delimited::most_frequent,
        file::{self, damaged},
        row::{CellError, Place},
    },
    outcome::Failure,
    terminal::escape,
};

const NO_FILE: CellError = CellError::new(
    "has an email",
    "give --users FILE, with the emails and ids of HubSpot's users",
);
const NOT_IN_FILE: CellError = CellError::new(
    "has an email that the file of --users does not have",
    "correct it, or export the portal's users again",
);
const NO_IDS: CellError = CellError::new("is not a list of user ids", "write it like 41 42");

/// The file of a portal's users.
#[derive(Debug, Clone, Default, Args)]
pub struct UsersOptions {
    /// CSV of emails and HubSpot user ids, as HubSpot exports its users
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
}

/// The ids of users by their emails in small letters; none where no file was given.
#[derive(Default)]
pub struct Users(Option<HashMap<String, UserId>>);

impl UsersOptions {
    /// Tells whether a file was given.
    pub fn is_given(&self) -> bool {
        self.users.is_some()
    }

    /// Reads the file, if one was given.
    pub fn read(&self) -> Result<Users, Failure> {
        let ids = self.users.as_deref().map(|path| {
            let named = |failure: Failure| {
                let message = format!("{}: {}", file::name(path), failure.message);
                Failure { message, ..failure }
            };
            let bytes = file::bytes(path)?;
            read(&bytes).map_err(named)
        });
        ids.transpose().map(Users)
    }
}

impl Users {
    /// Reads a cell of ids and emails.
    pub fn parse(&self, text: &str) -> Result<BTreeSet<UserId>, CellError> {
        let separators = |character: char| character.is_whitespace() || ",;|".contains(character);
        let words = text.split(separators).filter(|word| !word.is_empty());
        let user = |word: &str| match &self.0 {
            _ if !word.contains('@') => word.parse().map_err(|_| NO_IDS),
            None => Err(NO_FILE),
            Some(ids) => ids.get(&word.to_lowercase()).copied().ok_or(NOT_IN_FILE),
        };
        words.map(user).collect()
    }

    /// Returns the emails by the ids; none where no file was given.
    pub fn emails(&self) -> HashMap<UserId, &str> {
        let ids = self.0.iter().flatten();
        ids.map(|(email, id)| (*id, email.as_str())).collect()
    }
}

fn read(bytes: &[u8]) -> Result<HashMap<String, UserId>, Failure> {
    let text = file::decode(bytes, None)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(most_frequent(&text))
        .from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        damaged(Place::line(line), "not a row of this CSV file")
    };
    let headers = reader.headers().map_err(unreadable)?.clone();
    let column = |what: &str, is_column: &dyn Fn(&str) -> bool| {
        let headers: Vec<_> = headers.iter().collect();
        let mut found = headers
            .iter()
            .enumerate()
            .filter(|(_, header)| is_column(header));
        match (found.next(), found.next()) {
            (Some((at, _)), None) => Ok(at),
            (found, _) => {
                let problem = found.map_or("no column", |_| "more than one column");
                let there = if headers.iter().any(|header| is_data(header)) {
                    "The first line must name the columns".into()
                } else {
                    format!("There are: {}", listed(&headers))
                };
                let problem = format!("{problem} looks like the {what}. {there}");
                Err(damaged(Place::line(1), &problem))
            }
        }
    };
    let email_column = column("emails", &is_email)?;
    let id_column = column("user ids", &|header| {
        ["userid", "hubspotuserid", "id"].contains(&letters(header).as_str())
    })?;
    let mut ids = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let place = Place::line(record.position().map_or(1, csv::Position::line));
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let email = cell(email_column).to_lowercase();
        let id: UserId = cell(id_column)
            .parse()
            .map_err(|error| damaged(place, &format!("the user id {error}")))?;
        if !email.contains('@') {
            return Err(damaged(place, "no email"));
        }
        if ids.insert(email, id).is_some_and(|other| other != id) {
            let email = escape(cell(email_column));
            return Err(damaged(place, &format!("{email} has another id before")));
        }
    }
    Ok(ids)
}
