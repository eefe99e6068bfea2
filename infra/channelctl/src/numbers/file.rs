//! A file of numbers: read and decoded whole, or refused whole.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    path::Path,
};

use clap::{Args, ValueEnum};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use serde_json::{Map, Value, error::Category, value::RawValue};

use crate::{
    numbers::{
        columns::{Column, Columns, Mapping},
        delimited,
        row::{Place, RawRow},
        users::UsersOptions,
    },
    outcome::Failure,
    terminal::{counted, escape},
};

const MAX_MIB: u64 = 64;
const MAX_ROWS: u64 = 500_000;

/// The first bytes of files that people give for CSV.
const SIGNATURES: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"{\\rtf", "an RTF document"),
];

/// Takes each row of a file.
pub type TakeRow<'a> = dyn FnMut(&RawRow<'_>) + 'a;

/// A file's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    // Comma, semicolon, tab or bar between the values: whichever the first line has
    Csv,
    // Tabs between the values
    #[value(alias = "tab")]
    Tsv,
    // One array of objects
    Json,
    // An object in each line
    #[value(alias = "ndjson")]
    Jsonl,
}

/// How a file is to be read, where it does not tell itself.
#[derive(Debug, Clone, Default, Args)]
pub struct FileOptions {
    /// File's format; guessed from name or content if omitted
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Column of a header, like number="Phone 1"; also portal, extension, name, users
    #[arg(long = "map", value_name = "COLUMN=HEADER")]
    pub mappings: Vec<Mapping>,
    /// File's encoding, if neither UTF-8 nor UTF-16
    #[arg(long, value_parser = encoding)]
    pub encoding: Option<&'static Encoding>,
    #[command(flatten)]
    pub users: UsersOptions,
}

fn encoding(label: &str) -> Result<&'static Encoding, &'static str> {
    let encoding = Encoding::for_label(label.as_bytes());
    encoding.ok_or("expected an encoding like windows-1252, iso-8859-15 or utf-16le")
}

/// Reads every row of a file, `-` for standard input; tells how many there are, and which column was
/// taken for what.
pub fn read(path: &Path, options: &FileOptions, take: &mut TakeRow<'_>) -> Result<String, Failure> {
    let bytes = bytes(path)?;
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let by_name = Format::from_str(extension, true).ok();
    let (rows, columns) = rows(&bytes, options.format.or(by_name), options, take)?;
    Ok(format!(
        "{}: {}; {columns}",
        name(path),
        counted(rows, "row")
    ))
}

/// Returns how to call a file in a message.
pub fn name(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard input".into(),
        _ => escape(&path.to_string_lossy()),
    }
}

/// Reads a whole file as a text.
pub fn whole(path: &Path, encoding: Option<&'static Encoding>) -> Result<String, Failure> {
    decode(&bytes(path)?, encoding)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error| Failure::bad_input(format!("{}: {error}", name(path)));
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(unreadable)?)
    };
    let mut bytes = Vec::new();
    let max = MAX_MIB * 1024 * 1024;
    let mut input = input.take(max + 1);
    input.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > max {
        return Err(Failure::bad_input(format!(
            "The file is larger than {MAX_MIB} MiB. Split it, and import the parts."
        )));
    }
    Ok(bytes)
}

fn rows(
    bytes: &[u8],
    format: Option<Format>,
    options: &FileOptions,
    take: &mut TakeRow<'_>,
) -> Result<(u64, String), Failure> {
    let text = decode(bytes, options.encoding)?;
    let Some(first) = text.trim_start().chars().next() else {
        return Err(Failure::bad_input(
            "The file is empty: it has nothing but blank lines at most.",
        ));
    };
    let mut count = 0;
    let mut counting = |row: &RawRow<'_>| {
        count += 1;
        if count <= MAX_ROWS {
            take(row);
        }
    };
    let format = format.unwrap_or(match first {
        '[' => Format::Json,
        '{' => Format::Jsonl,
        _ => Format::Csv,
    });
    let columns = match format {
        Format::Csv => delimited::read(&text, None, options, &mut counting),
        Format::Tsv => delimited::read(&text, Some(b'\t'), options, &mut counting),
        Format::Json => read_objects(&items(&text)?, options, &mut counting),
        Format::Jsonl => read_objects(&lines(&text), options, &mut counting),
    }?;
    match count {
        0 => Err(Failure::bad_input("The file has no rows.")),
        1..=MAX_ROWS => Ok((count, columns)),
        _ => Err(Failure::bad_input(format!(
            "The file has {count} rows, more than {MAX_ROWS}. Split it, and import the parts."
        ))),
    }
}

/// Decodes a text, which begins with a byte order mark, or is said to be in an encoding, or is
/// UTF-16 or UTF-8; every line of it ends with a line feed alone.
fn decode(bytes: &[u8], encoding: Option<&'static Encoding>) -> Result<String, Failure> {
    let mut signatures = SIGNATURES.iter();
    if let Some((_, kind)) = signatures.find(|(start, _)| bytes.starts_with(start)) {
        return Err(Failure::bad_input(format!(
            "This is {kind}, not a text file. Save the sheet as CSV UTF-8, and import that."
        )));
    }
    let encoding = encoding.unwrap_or_else(|| utf(bytes));
    let (text, encoding, is_damaged) = encoding.decode(bytes);
    if is_damaged {
        let advice = if encoding == UTF_8 {
            ". Save the file as CSV UTF-8, or name its encoding: --encoding windows-1252"
        } else {
            ": the file is damaged, or --encoding names another than its own"
        };
        let problem = format!("this is not {}{advice}", encoding.name());
        return Err(damaged(line_of(&text, '\u{fffd}'), &problem));
    }
    if text.contains('\0') {
        let problem = "a NUL byte: this is a binary file, or a damaged one. Export it again as CSV";
        return Err(damaged(line_of(&text, '\0'), problem));
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Digits and commas have a zero byte beside them in UTF-16, and in nothing else that is text.
fn utf(bytes: &[u8]) -> &'static Encoding {
    match bytes {
        [0, second, ..] if *second != 0 => UTF_16BE,
        [first, 0, ..] if *first != 0 => UTF_16LE,
        _ => UTF_8,
    }
}

/// Returns the items of a JSON array, unparsed.
fn items(text: &str) -> Result<Vec<(Place, &str)>, Failure> {
    let items: Vec<&RawValue> = serde_json::from_str(text)
        .map_err(|error| refused(Place::line(error.line() as u64), &error))?;
    let (mut offset, mut line) = (0, 1);
    let items = (1..).zip(items).map(|(number, item)| {
        // The value is a part of the text.
        let start = item.get().as_ptr() as usize - text.as_ptr() as usize;
        line += text[offset..start].matches('\n').count() as u64;
        offset = start;
        let place = Place {
            line,
            item: Some(number),
        };
        (place, item.get())
    });
    Ok(items.collect())
}

fn lines(text: &str) -> Vec<(Place, &str)> {
    let lines = (1..).map(Place::line).zip(text.lines());
    lines.filter(|(_, line)| !line.trim().is_empty()).collect()
}

/// Finds the columns by the fields of all objects, and reads each object.
fn read_objects(
    objects: &[(Place, &str)],
    options: &FileOptions,
    take: &mut TakeRow<'_>,
) -> Result<String, Failure> {
    let mut fields = BTreeSet::new();
    for (place, object) in objects {
        fields.extend(parse(*place, object)?.into_iter().map(|(name, _)| name));
    }
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    if fields.is_empty() {
        return Ok(String::new());
    }
    let columns = Columns::find(&fields, options)?;
    for (place, object) in objects {
        let object = parse(*place, object)?;
        let mut cells = [const { None }; Column::ALL.len()];
        for column in Column::ALL {
            let value = columns.at(column).and_then(|at| object.get(fields[at]));
            cells[column as usize] = cell(column, value.unwrap_or(&Value::Null)).map_err(|()| {
                let problem =
                    format!("the {column} is neither text nor number: write it as a text");
                damaged(*place, &problem)
            })?;
        }
        take(&RawRow {
            place: Some(*place),
            cells,
        });
    }
    Ok(columns.explain(&fields))
}

fn parse(place: Place, object: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(object).map_err(|error| refused(place, &error))
}

/// Says why a text is no row; of a value that is JSON, serde's own words would repeat it.
fn refused(place: Place, error: &serde_json::Error) -> Failure {
    let words = error.to_string();
    let problem = match error.classify() {
        Category::Data => {
            "this is no row. A JSON file is one array of objects, a JSONL file has an object in \
             each line"
        }
        Category::Eof => "the file ends in the middle of a value: it is cut off",
        // The place is named already; of a line, serde would count from that line.
        _ => words.split(" at line ").next().unwrap_or_default(),
    };
    damaged(place, problem)
}

/// Writes a value as a cell would have it; only users may be a list.
fn cell(column: Column, value: &Value) -> Result<Option<Cow<'_, str>>, ()> {
    Ok(match value {
        Value::Null => None,
        Value::String(text) => Some(text.trim().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Array(users) if column == Column::Users => {
            let is_user = |user: &Value| user.is_string() || user.is_number();
            if !users.iter().all(is_user) {
                return Err(());
            }
            // A quotation mark is no part of a user.
            let users: Vec<_> = users
                .iter()
                .map(|user| user.to_string().replace('"', ""))
                .collect();
            Some(users.join(" ").into())
        }
        _ => return Err(()),
    })
}

/// Says what is wrong with a file in one of its places.
pub fn damaged(place: Place, problem: &str) -> Failure {
    Failure::bad_input(format!(
        "{place}: {problem}. Nothing was taken from the file."
    ))
}

fn line_of(text: &str, character: char) -> Place {
    let before = text.split(character).next().unwrap_or_default();
    Place::line(1 + before.matches('\n').count() as u64)
}

#[cfg(test)]
mod tests;
