//! Rows with something between their values: CSV as programs write it, and as Excel does.

use std::io::BufRead;

use csv::{ByteRecord, ReaderBuilder};

use crate::numbers::{
    column::Column,
    columns::{Columns, Mapping},
    file::{FileError, RawRow, Sink},
    input::{Budget, Input},
    row::Place,
};

/// What may stand between values; the earlier one where a line has as many of both.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads every row behind the header line; returns which column was taken for what.
pub(super) fn read(
    mut input: Input,
    delimiter: Option<u8>,
    mappings: &[Mapping],
    sink: &mut Sink<'_>,
) -> Result<String, FileError> {
    let start = input.fill_buf().unwrap_or_default();
    let (delimiter, skipped) = match (delimiter, excels_own(start)) {
        (Some(delimiter), _) => (delimiter, 0),
        (None, Some(said)) => said,
        (None, None) => (most_frequent(start), 0),
    };
    input.consume(skipped);
    let budget = input.budget();
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(input);
    let mut record = ByteRecord::new();
    let Some(place) = next(&mut reader, &mut record, &budget)? else {
        return Err(FileError::Empty);
    };
    let header = record.clone();
    let headers = header.iter().map(|name| text(name, place));
    let headers = headers.collect::<Result<Vec<_>, _>>()?;
    let columns = Columns::find(&headers, mappings)?;
    while let Some(place) = next(&mut reader, &mut record, &budget)? {
        let mut cells = [const { None }; 5];
        for column in Column::ALL {
            // A row that ends early has empty cells, as spreadsheets see it.
            let cell = columns
                .at(column)
                .map(|at| record.get(at).unwrap_or_default());
            let cell = cell.map(|cell| text(cell, place)).transpose()?;
            cells[column as usize] = cell.map(|cell| cell.trim().to_owned());
        }
        sink(RawRow { place, cells })?;
    }
    Ok(columns.explain(&headers))
}

/// Reads on to the next row that holds something.
fn next(
    reader: &mut csv::Reader<Input>,
    record: &mut ByteRecord,
    budget: &Budget,
) -> Result<Option<Place>, FileError> {
    loop {
        budget.renew();
        let line = reader.position().line();
        let read = reader
            .read_byte_record(record)
            .map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(_) if budget.is_used_up() => {
                    FileError::EndlessRow(Place::Line(line))
                }
                csv::ErrorKind::Io(error) => {
                    FileError::Unreadable(Place::Line(line).to_string(), error)
                }
                _ => FileError::Encoding(Place::Line(line)),
            });
        if !read? {
            return Ok(None);
        }
        let begins = record.position().map_or(line, csv::Position::line);
        if record.iter().any(|cell| !cell.trim_ascii().is_empty()) {
            return Ok(Some(Place::Line(begins)));
        }
    }
}

fn text(cell: &[u8], place: Place) -> Result<&str, FileError> {
    std::str::from_utf8(cell).map_err(|_| FileError::Encoding(place))
}

/// Excel says its delimiter in a line of its own: `sep=;`.
fn excels_own(start: &[u8]) -> Option<(u8, usize)> {
    let said = start.get(..5).filter(|said| said.starts_with(b"sep="))?;
    let line = start.iter().position(|byte| *byte == b'\n')?;
    Some((said[4], line + 1))
}

fn most_frequent(start: &[u8]) -> u8 {
    let mut is_quoted = false;
    let mut counts = [0; DELIMITERS.len()];
    for byte in start.iter().skip_while(|byte| byte.is_ascii_whitespace()) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            byte if !is_quoted => {
                if let Some(at) = DELIMITERS.iter().position(|delimiter| delimiter == byte) {
                    counts[at] += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    let at = counts
        .iter()
        .position(|count| *count == most)
        .unwrap_or_default();
    DELIMITERS[at]
}
