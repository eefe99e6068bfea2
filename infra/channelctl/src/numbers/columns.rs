//! Which of a file's columns is which: guessed by their headers, or named with `--map`.

use std::{collections::HashMap, fmt, str::FromStr, sync::LazyLock};

use serde::Serialize;

use crate::{numbers::file::FileOptions, outcome::Failure, terminal::escape};

/// The most headers, and the most characters of each, that an error repeats.
const MAX_HEADERS: usize = 20;
const MAX_HEADER: usize = 30;

/// The words that announce an extension, folded: English, then what German, French, Spanish,
/// Portuguese, Italian, Dutch and Polish add.
const EXTENSION_WORDS: &str = "# x ext extn extension app apparat durchwahl dw klappe kl \
    nebenstelle nst poste anexo int interno extensao ramal toestel tst wew wewn wewnetrzny";

/// The headers of emails, likewise.
const EMAIL_HEADERS: &str = "email emails emailaddress useremail useremails mail emailadresse \
    adressemail correoelectronico correo";

/// The column of each header, folded and without anything but letters and digits, in the same
/// languages.
static COLUMN_OF: LazyLock<HashMap<&str, Column>> = LazyLock::new(|| {
    let lines = include_str!("words.txt").lines();
    let columns = lines.filter_map(|line| line.split_once(' '));
    columns
        .filter_map(|(name, headers)| Some((Column::named(name)?, headers.split_whitespace())))
        .flat_map(|(column, headers)| headers.map(move |header| (header, column)))
        .collect()
});

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Column {
    Portal,
    Number,
    Extension,
    Name,
    Users,
}

/// One `--map COLUMN=HEADER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    column: Column,
    header: String,
}

/// Where in a row each column stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Columns([Option<usize>; Column::ALL.len()]);

impl Column {
    pub const ALL: [Self; 5] = [
        Self::Portal,
        Self::Number,
        Self::Extension,
        Self::Name,
        Self::Users,
    ];

    fn named(name: &str) -> Option<Self> {
        let mut columns = Self::ALL.into_iter();
        columns.find(|column| column.to_string() == name)
    }

    /// Returns the column that a header looks like.
    fn guess(header: &str) -> Option<Self> {
        COLUMN_OF.get(letters(header).as_str()).copied()
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(["portal", "number", "extension", "name", "users"][*self as usize])
    }
}

impl FromStr for Mapping {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mapping = text.split_once('=').and_then(|(name, header)| {
            Some(Self {
                column: Column::named(name.trim())?,
                header: header.trim().to_owned(),
            })
        });
        mapping
            .ok_or("write COLUMN=HEADER, where COLUMN is portal, number, extension, name or users")
    }
}

impl Mapping {
    /// Returns where its header stands; refuses one that is not there, or twice.
    fn find(&self, headers: &[&str]) -> Result<usize, Failure> {
        let is_named = |(_, name): &(usize, &&str)| name.trim() == self.header;
        let mut named = headers.iter().enumerate().filter(is_named);
        let problem = match (named.next(), named.next()) {
            (Some((at, _)), None) => return Ok(at),
            (None, _) => format!("there is no such column. There are: {}", listed(headers)),
            _ => "two columns have that name. Rename one of them in the file.".into(),
        };
        let (column, header) = (self.column, escape(&self.header));
        Err(Failure::bad_input(format!(
            "--map {column}={header}: {problem}"
        )))
    }
}

impl Columns {
    /// Finds the columns by their headers; a header that looks like none is passed over.
    pub fn find(headers: &[&str], options: &FileOptions) -> Result<Self, Failure> {
        let mut columns = Self::default();
        for mapping in &options.mappings {
            let (column, at) = (mapping.column, mapping.find(headers)?);
            if columns.0[column as usize].replace(at).is_some() {
                return Err(Failure::bad_input(format!(
                    "--map {column}=HEADER is given twice. Give it once: a row has one {column}."
                )));
            }
        }
        let mapped = columns;
        for (at, name) in headers.iter().enumerate() {
            // Without a file of users, an email may be anybody's.
            let is_users = options.users.is_given() && is_email(name);
            let guess = Column::guess(name).or(is_users.then_some(Column::Users));
            let guess = guess.filter(|column| mapped.at(*column).is_none());
            let Some(column) = guess.filter(|_| !mapped.0.contains(&Some(at))) else {
                continue;
            };
            if let Some(first) = columns.0[column as usize].replace(at) {
                return Err(Failure::bad_input(format!(
                    "Both {} and {} look like the {column}. Say which it is: --map {column}=HEADER",
                    shown(headers[first]),
                    shown(name)
                )));
            }
        }
        let (name, or) = if columns.at(Column::Number).is_none() {
            ("number", "")
        } else if columns.at(Column::Portal).is_none() && options.expected.portal.is_none() {
            ("portal", ", or name one portal for every row: --portal ID")
        } else {
            return Ok(columns);
        };
        let is_data = name == "number" && headers.iter().any(|header| is_data(header));
        Err(Failure::bad_input(if is_data {
            "The first line must name the columns, like: portalId,number,friendlyName".into()
        } else {
            format!(
                "No column looks like the {name}. There are: {}. Say which it is: --map {name}=HEADER{or}",
                listed(headers)
            )
        }))
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

/// Tells whether a header announces an email.
pub fn is_email(header: &str) -> bool {
    let letters = letters(header);
    EMAIL_HEADERS.split(' ').any(|known| known == letters)
}

/// Returns a header's letters and digits, folded.
pub fn letters(header: &str) -> String {
    let mut letters = fold(header);
    letters.retain(char::is_alphanumeric);
    letters
}

/// Tells whether a header is a number or an email.
pub(super) fn is_data(header: &str) -> bool {
    header.contains('@') || header.chars().filter(char::is_ascii_digit).count() >= 7
}

pub(super) fn listed(headers: &[&str]) -> String {
    let names = headers.iter().take(MAX_HEADERS).map(|name| shown(name));
    names.collect::<Vec<_>>().join(", ")
}

fn shown(header: &str) -> String {
    let start: String = header.trim().chars().take(MAX_HEADER).collect();
    escape(&start)
}

/// Tells whether a word announces an extension.
pub fn is_extension_word(word: &str) -> bool {
    let word = fold(word);
    EXTENSION_WORDS.split(' ').any(|known| known == word)
}

/// Writes a text in small letters without accents, composed or not.
fn fold(text: &str) -> String {
    let small = text.chars().flat_map(char::to_lowercase);
    small
        .filter(|letter| !('\u{300}'..='\u{36f}').contains(letter))
        .map(|letter| match letter {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'ª' => 'a',
            'ç' | 'ć' => 'c',
            'è' | 'é' | 'ê' | 'ë' | 'ę' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ł' => 'l',
            'ñ' | 'ń' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'º' => 'o',
            'ś' => 's',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'ź' | 'ż' => 'z',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_headers_of_eight_languages() {
        for (column, headers) in [
            (Column::Portal, "Portal ID, HubSpot-ID"),
            (
                Column::Number,
                " Phone-Number , Telefon, TELEFONNUMMER, Téléphone, Te\u{301}le\u{301}phone, \
                 N° de téléphone, Numéro, Nº de teléfono, Telefone, Numero di telefono, \
                 Telefoonnummer, Numer telefonu",
            ),
            (
                Column::Extension,
                "Ext., Durchwahl, Nebenstelle, Poste, Extensión, Anexo, Ramal, Extensão, Interno, \
                 Toestel, Wewnętrzny",
            ),
            (
                Column::Name,
                "friendly_name, Bezeichnung, Libellé, Nombre, Nome, Naam, Nazwa",
            ),
            (Column::Users, "UserIds, Benutzer, Użytkownicy"),
        ] {
            for header in headers.split(',') {
                assert_eq!(Column::guess(header), Some(column), "{header}");
            }
        }
        assert_eq!(Column::guess("City"), None);
        let words = include_str!("words.txt").split_whitespace().count();
        let lines = include_str!("words.txt").lines().count();
        assert_eq!(COLUMN_OF.len(), words - lines, "each header has one column");
    }
}
