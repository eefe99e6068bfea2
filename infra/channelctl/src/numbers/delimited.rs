//! Rows with something between their values: CSV as programs write it, and as Excel does.

use std::io::BufRead;

use csv::{ByteRecord, ReaderBuilder};

use crate::numbers::{
    column::Column,
    columns::Columns,
    file_error::FileError,
    input::{Budget, Input},
    line_starts::{LineStarts, Lines},
    mapping::Mapping,
    raw_row::{RawRow, Sink},
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
    let first_line = if skipped > 0 { 2 } else { 1 };
    let mut rows = Rows::new(input, delimiter, first_line);
    let mut record = ByteRecord::new();
    let Some(place) = rows.next(&mut record)? else {
        return Err(FileError::Empty);
    };
    let header = record.clone();
    let headers = header.iter().map(|name| text(name, place));
    let headers = headers.collect::<Result<Vec<_>, _>>()?;
    let columns = Columns::find(&headers, mappings)?;
    while let Some(place) = rows.next(&mut record)? {
        sink(row(place, &record, columns)?)?;
    }
    Ok(columns.explain(&headers))
}

/// The rows of a file that hold something.
struct Rows {
    reader: csv::Reader<LineStarts<Input>>,
    budget: Budget,
    lines: Lines,
}

impl Rows {
    fn new(input: Input, delimiter: u8, first_line: u64) -> Self {
        let budget = input.budget();
        let input = LineStarts::new(input, first_line);
        let lines = input.lines();
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(input);
        Self {
            reader,
            budget,
            lines,
        }
    }

    /// Reads on to the next row, and says where it begins.
    fn next(&mut self, record: &mut ByteRecord) -> Result<Option<Place>, FileError> {
        loop {
            self.budget.renew();
            let start = self.reader.position().byte();
            let read = self.reader.read_byte_record(record);
            let place = Place::Line(self.lines.at(start).unwrap_or_default());
            if !read.map_err(|error| self.explain(error, place))? {
                return Ok(None);
            }
            if record.iter().any(|cell| !cell.trim_ascii().is_empty()) {
                return Ok(Some(place));
            }
        }
    }

    fn explain(&self, error: csv::Error, place: Place) -> FileError {
        match error.into_kind() {
            csv::ErrorKind::Io(_) if self.budget.is_used_up() => FileError::EndlessRow(place),
            csv::ErrorKind::Io(error) => FileError::Unreadable(place.to_string(), error),
            _ => FileError::Encoding(place),
        }
    }
}

fn row(place: Place, record: &ByteRecord, columns: Columns) -> Result<RawRow, FileError> {
    let mut cells = [const { None }; Column::ALL.len()];
    for column in Column::ALL {
        if let Some(at) = columns.at(column) {
            // A row that ends early has empty cells, as spreadsheets see it.
            let cell = text(record.get(at).unwrap_or_default(), place)?;
            cells[column as usize] = Some(cell.trim().to_owned());
        }
    }
    Ok(RawRow {
        place,
        cells,
        of_wrong_type: None,
    })
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
