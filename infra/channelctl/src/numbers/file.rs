//! A file of numbers: read and decoded whole, or refused whole.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    str::FromStr,
};

use clap::ValueEnum;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::{
    numbers::{
        columns::Mapping,
        delimited,
        error::NumbersError,
        json,
        row::{Place, RawRow},
    },
    terminal::escape,
};

/// The most that is read of a file, in bytes.
pub const MAX_FILE: u64 = 64 * 1024 * 1024;
/// The most rows that are taken from a file.
pub const MAX_ROWS: u64 = 500_000;

/// How the files begin that people give for CSV.
const SIGNATURES: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"{\\rtf", "an RTF document"),
];

/// What takes each row of a file.
pub type TakeRow<'a> = dyn FnMut(&RawRow<'_>) + 'a;

/// A file's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    // Comma, semicolon, tab or bar between the values: whichever the first line has
    Csv,
    // Tabs between the values
    Tsv,
    // One array of objects
    Json,
    // An object in each line
    Jsonl,
}

/// A character encoding by its name on the web.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

/// The reason a text names no encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an encoding like windows-1252, iso-8859-15 or utf-16le")]
pub struct UnknownEncoding;

/// How a file is to be read, where it does not tell itself.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct FileOptions {
    /// The file's format; told by its name or its beginning otherwise
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Which column is which, like number="Phone 1"; also portal, extension, name, users
    #[arg(long = "map", value_name = "COLUMN=HEADER")]
    pub mappings: Vec<Mapping>,
    /// The file's character encoding, where it is neither UTF-8 nor UTF-16, like windows-1252
    #[arg(long)]
    pub encoding: Option<TextEncoding>,
}

impl FromStr for TextEncoding {
    type Err = UnknownEncoding;

    fn from_str(label: &str) -> Result<Self, UnknownEncoding> {
        let encoding = Encoding::for_label(label.as_bytes());
        encoding.map(Self).ok_or(UnknownEncoding)
    }
}

/// Reads every row of a file, `-` for standard input; returns which column was taken for what.
pub fn read(
    path: &Path,
    options: &FileOptions,
    take: &mut TakeRow<'_>,
) -> Result<String, NumbersError> {
    let bytes = bytes(path)?;
    let format = options.format.or_else(|| by_name(path));
    rows(&bytes, format, options, take)
}

/// Returns how to call a file in a message.
pub fn name(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard input".into(),
        _ => escape(&path.to_string_lossy()).into_owned(),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, NumbersError> {
    let unreadable = |error| NumbersError::File(format!("{}: {error}", name(path)));
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(unreadable)?)
    };
    let mut bytes = Vec::new();
    let mut input = input.take(MAX_FILE + 1);
    input.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        let most = MAX_FILE / 1024 / 1024;
        return Err(NumbersError::File(format!(
            "The file is larger than {most} MiB. Split it, and import the parts."
        )));
    }
    Ok(bytes)
}

fn rows(
    bytes: &[u8],
    format: Option<Format>,
    options: &FileOptions,
    take: &mut TakeRow<'_>,
) -> Result<String, NumbersError> {
    let text = decode(bytes, options.encoding)?;
    let first = text.trim_start().chars().next();
    let Some(first) = first else {
        return Err(NumbersError::File(
            "The file is empty: it has nothing but blank lines at most.".into(),
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
    let mappings = &options.mappings;
    let columns = match format {
        Format::Csv => delimited::read(&text, None, mappings, &mut counting),
        Format::Tsv => delimited::read(&text, Some(b'\t'), mappings, &mut counting),
        Format::Json => json::read_array(&text, mappings, &mut counting),
        Format::Jsonl => json::read_lines(&text, mappings, &mut counting),
    }?;
    match count {
        0 => Err(NumbersError::File("The file has no rows.".into())),
        1..=MAX_ROWS => Ok(columns),
        _ => Err(NumbersError::File(format!(
            "The file has {count} rows, more than {MAX_ROWS}. Split it, and import the parts."
        ))),
    }
}

/// Decodes a text, which begins with a byte order mark, or is said to be in an encoding, or is
/// UTF-16 or UTF-8; every line of it ends with a line feed alone.
fn decode(bytes: &[u8], encoding: Option<TextEncoding>) -> Result<String, NumbersError> {
    let mut signatures = SIGNATURES.iter();
    if let Some((_, kind)) = signatures.find(|(start, _)| bytes.starts_with(start)) {
        return Err(NumbersError::File(format!(
            "This is {kind}, not a text file. Save the sheet as CSV UTF-8, and import that."
        )));
    }
    let encoding = encoding.map_or_else(|| utf(bytes), |TextEncoding(encoding)| encoding);
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
    Ok(if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.into_owned()
    })
}

/// Digits and commas have a zero byte beside them in UTF-16, and in nothing else that is text.
fn utf(bytes: &[u8]) -> &'static Encoding {
    match bytes {
        [0, second, ..] if *second != 0 => UTF_16BE,
        [first, 0, ..] if *first != 0 => UTF_16LE,
        _ => UTF_8,
    }
}

/// Says what is wrong with a file in one of its places.
pub fn damaged(place: Place, problem: &str) -> NumbersError {
    NumbersError::File(format!(
        "{place}: {problem}. Nothing was taken from the file."
    ))
}

fn line_of(text: &str, character: char) -> Place {
    let before = text.split(character).next().unwrap_or_default();
    Place::line(1 + before.matches('\n').count() as u64)
}

fn by_name(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "tsv" | "tab" => Some(Format::Tsv),
        "json" => Some(Format::Json),
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
