//! Rows with a delimiter between their values: CSV as programs write it, and as Excel does.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord};

use crate::{
    numbers::{
        columns::{Column, Columns},
        file::{FileOptions, TakeRow, damaged},
        row::{Place, RawRow},
    },
    outcome::Failure,
};

/// The characters that may separate values; the earlier one if a line has as many of both.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads every row behind the header line; returns which column was taken for what.
pub fn read(
    text: &str,
    delimiter: Option<u8>,
    options: &FileOptions,
    take: &mut TakeRow<'_>,
) -> Result<String, Failure> {
    let (delimiter, table, lines_before) = match (delimiter, excels_own(text)) {
        (Some(delimiter), _) => (delimiter, text, 0),
        (None, Some((delimiter, table))) => (delimiter, table, 1),
        (None, None) => (most_frequent(text), text, 0),
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(table.as_bytes());
    let mut header: Option<(StringRecord, Columns)> = None;
    let mut record = StringRecord::new();
    let is_delimiter_or_blank = |sign: char| sign == char::from(delimiter) || sign.is_whitespace();
    loop {
        let start = reader.position().clone();
        let read = reader.read_record(&mut record);
        let [start_byte, end] = [start.byte(), reader.position().byte()]
            .map(|byte| usize::try_from(byte).unwrap_or(usize::MAX));
        let passed = table.get(start_byte..end).unwrap_or_default();
        // The reader passes over empty lines before it reads a row.
        let written = passed.trim_start_matches('\n');
        let empty_lines = (passed.len() - written.len()) as u64;
        let place = Place::line(lines_before + start.line() + empty_lines);
        if !read.map_err(|error| damaged(place, &error.to_string()))? {
            break;
        }
        // Not by its cells: `""` in a line of its own is the end of a value that was broken in two.
        if written.trim_matches(is_delimiter_or_blank).is_empty() {
            continue;
        }
        check_quotes(written, &record, place)?;
        match &header {
            None => {
                let columns = Columns::find(&record.iter().collect::<Vec<_>>(), options)?;
                header = Some((record.clone(), columns));
            }
            Some((header, _)) if header.len() != record.len() => {
                return Err(ragged(place, record.len(), header.len(), delimiter));
            }
            Some((_, columns)) => take(&RawRow {
                place: Some(place),
                cells: Column::ALL.map(|column| {
                    let cell = record.get(columns.at(column)?)?;
                    Some(Cow::Borrowed(cell.trim()))
                }),
            }),
        }
    }
    Ok(header.map_or_else(String::new, |(header, columns)| {
        columns.explain(&header.iter().collect::<Vec<_>>())
    }))
}

fn ragged(place: Place, values: usize, columns: usize, delimiter: u8) -> Failure {
    let advice = if values > columns {
        let delimiter = char::from(delimiter);
        format!("put a value that has {delimiter:?} in it in quotation marks")
    } else {
        "give every row a value for each column, empty if need be".into()
    };
    let problem =
        format!("expected {columns} values, as the first line has, got {values}: {advice}");
    damaged(place, &problem)
}

/// Refuses quotation marks that the csv crate had to guess at: an open one swallows every row behind
/// it. Each value must stand in the text as it is, or whole in quotation marks.
fn check_quotes(written: &str, record: &StringRecord, place: Place) -> Result<(), Failure> {
    let mut rest = written;
    for value in record {
        let passed = &written[..written.len() - rest.len()];
        let line = place.line + passed.matches('\n').count() as u64;
        let problem = if rest.starts_with('"') {
            let quoted = format!("\"{}\"", value.replace('"', "\"\""));
            if let Some(behind) = rest.strip_prefix(&quoted) {
                rest = behind.get(1..).unwrap_or_default();
                continue;
            }
            "a quotation mark opens a value here, and none stands at its end"
        } else {
            rest = rest.get(value.len() + 1..).unwrap_or_default();
            // `="+1800…"`, as some programs keep Excel from taking a number for a quantity.
            let formula = value.strip_prefix("=\"");
            let text = formula.and_then(|text| text.strip_suffix('"'));
            if !text.unwrap_or(value).contains('"') {
                continue;
            }
            "a quotation mark in the middle of a value"
        };
        let advice = "Put the whole value in quotation marks, and double those inside it";
        return Err(damaged(Place::line(line), &format!("{problem}. {advice}")));
    }
    Ok(())
}

/// Splits off the line in which Excel names its delimiter: `sep=;`.
fn excels_own(text: &str) -> Option<(u8, &str)> {
    let (line, table) = text.split_once('\n').unwrap_or((text, ""));
    match line.strip_prefix("sep=")?.as_bytes() {
        [delimiter] if *delimiter != b'"' => Some((*delimiter, table)),
        _ => None,
    }
}

/// Returns the delimiter that the header line has most of, outside quotation marks.
pub fn most_frequent(text: &str) -> u8 {
    let header = text.trim_start().lines().next().unwrap_or_default();
    let outside: String = header.split('"').step_by(2).collect();
    let count = |delimiter: &u8| outside.matches(char::from(*delimiter)).count();
    // Of as many, the last one counts.
    let most = DELIMITERS.into_iter().rev().max_by_key(count);
    most.unwrap_or(b',')
}
