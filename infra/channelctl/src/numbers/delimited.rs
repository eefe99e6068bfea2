//! Rows with a delimiter between their values: CSV as programs write it, and as Excel does.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord};

use crate::numbers::{
    columns::{Column, Columns, Mapping},
    error::NumbersError,
    file::{TakeRow, damaged},
    row::{Place, RawRow},
};

/// What may stand between values; the earlier one where a line has as many of both.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads every row behind the header line; returns which column was taken for what.
pub fn read(
    text: &str,
    delimiter: Option<u8>,
    mappings: &[Mapping],
    take: &mut TakeRow<'_>,
) -> Result<String, NumbersError> {
    let (delimiter, start) = match (delimiter, excels_own(text)) {
        (Some(delimiter), _) => (delimiter, 0),
        (None, Some(said)) => said,
        (None, None) => (most_frequent(text), 0),
    };
    let mut lines = Lines {
        text,
        offset: 0,
        line: 1,
    };
    let table = &text[start..];
    check_quotes(table, delimiter, lines.at(start))?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(table.as_bytes());
    let mut header: Option<(StringRecord, Columns)> = None;
    let mut record = StringRecord::new();
    let is_delimiter_or_blank = |sign: char| sign == char::from(delimiter) || sign.is_whitespace();
    loop {
        let offset = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let line = lines.at(start.saturating_add(offset));
        let place = Place::line(line);
        let read = reader.read_record(&mut record);
        if !read.map_err(|error| damaged(place, &error.to_string()))? {
            break;
        }
        // Not by its cells: `""` in a line of its own is the end of a value that was broken in two.
        let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let written = table.get(offset..end).unwrap_or_default();
        if written.trim_matches(is_delimiter_or_blank).is_empty() {
            continue;
        }
        match &header {
            None => {
                let columns = Columns::find(&record.iter().collect::<Vec<_>>(), mappings)?;
                header = Some((record.clone(), columns));
            }
            Some((header, _)) if header.len() != record.len() => {
                return Err(ragged(place, record.len(), header.len(), delimiter));
            }
            Some((_, columns)) => take(&RawRow {
                place,
                cells: Column::ALL.map(|column| {
                    let cell = record.get(columns.at(column)?)?;
                    Some(Cow::Borrowed(cell.trim()))
                }),
                of_wrong_type: None,
            }),
        }
    }
    Ok(header.map_or_else(String::new, |(header, columns)| {
        columns.explain(&header.iter().collect::<Vec<_>>())
    }))
}

fn ragged(place: Place, values: usize, columns: usize, delimiter: u8) -> NumbersError {
    let delimiter = match delimiter {
        b'\t' => "a tab".to_owned(),
        delimiter => format!("{:?}", char::from(delimiter)),
    };
    let advice = if values > columns {
        format!("put a value that has {delimiter} in it in quotation marks")
    } else {
        "give every row a value for each column, empty if need be".into()
    };
    let problem =
        format!("expected {columns} values, as the first line has, got {values}: {advice}");
    damaged(place, &problem)
}

/// Counts the lines of a text on the way through it.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
}

impl Lines<'_> {
    /// Returns the line of a row: the reader knows where it began to look for one, which may be at
    /// empty lines before.
    fn at(&mut self, offset: usize) -> u64 {
        let rest = self.text.get(offset..).unwrap_or_default();
        let start = self.text.len() - rest.trim_start_matches('\n').len();
        let passed = self.text.get(self.offset..start).unwrap_or_default();
        self.line += passed.matches('\n').count() as u64;
        self.offset = start;
        self.line
    }
}

/// Refuses quotation marks that a reader of CSV would have to guess at.
///
/// The csv crate takes them in some way or other: an open one swallows every row behind it.
fn check_quotes(table: &str, delimiter: u8, first_line: u64) -> Result<(), NumbersError> {
    #[derive(Clone, Copy)]
    enum At {
        Start,
        Equals,
        Plain,
        Quoted { formula: bool },
        Closed,
    }
    let (mut at, mut line, mut opened) = (At::Start, first_line, first_line);
    for byte in table.bytes() {
        let is_end = byte == delimiter || byte == b'\n';
        at = match (at, byte) {
            (At::Start, b'"') => {
                opened = line;
                At::Quoted { formula: false }
            }
            (At::Closed, b'"') => At::Quoted { formula: false },
            (At::Quoted { .. }, b'"') => At::Closed,
            // `="+1800…"`, as some programs keep Excel from taking a number for a quantity.
            (At::Start, b'=') => At::Equals,
            (At::Equals, b'"') => {
                opened = line;
                At::Quoted { formula: true }
            }
            (At::Quoted { formula: true }, _) if is_end => break,
            (At::Quoted { formula }, _) => At::Quoted { formula },
            (_, _) if is_end => At::Start,
            (At::Plain, b'"') => {
                let problem = "a quotation mark in the middle of a value. Put the whole value in \
                    quotation marks, and double those inside it";
                return Err(damaged(Place::line(line), problem));
            }
            (At::Closed, _) => {
                let problem = format!(
                    "a quotation mark opens a value here, and there is text behind the one that \
                     closes it in line {line}. Close the value, or double a mark inside it"
                );
                return Err(damaged(Place::line(opened), &problem));
            }
            (At::Start | At::Plain | At::Equals, _) => At::Plain,
        };
        line += u64::from(byte == b'\n');
    }
    match at {
        At::Quoted { .. } => {
            let problem = "a quotation mark opens a value here, and none closes it";
            Err(damaged(Place::line(opened), problem))
        }
        _ => Ok(()),
    }
}

/// Excel says its delimiter in a line of its own: `sep=;`.
fn excels_own(text: &str) -> Option<(u8, usize)> {
    let line = text.lines().next()?;
    match line.strip_prefix("sep=")?.as_bytes() {
        [delimiter] if *delimiter != b'"' => Some((*delimiter, text.len().min(line.len() + 1))),
        _ => None,
    }
}

/// Returns the delimiter that the header line has most of, outside quotation marks.
fn most_frequent(text: &str) -> u8 {
    let header = text.trim_start().lines().next().unwrap_or_default();
    let outside: String = header.split('"').step_by(2).collect();
    let count = |delimiter: &u8| outside.matches(char::from(*delimiter)).count();
    // Of as many, the last one counts.
    let most = DELIMITERS.into_iter().rev().max_by_key(count);
    most.unwrap_or(b',')
}
