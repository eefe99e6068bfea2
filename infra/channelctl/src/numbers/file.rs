//! A file of numbers: read and decoded whole, or refused whole.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    path::Path,
};

use clap::{Args, ValueEnum};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::{
    numbers::{
        columns::Mapping,
        delimited, objects,
        row::{Expected, Place, RawRow},
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
    #[command(flatten)]
    pub expected: Expected,
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

/// Reads a whole file; the error names it.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
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
        Format::Json => objects::read(&objects::items(&text)?, options, &mut counting),
        Format::Jsonl => objects::read(&objects::lines(&text), options, &mut counting),
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
pub fn decode(bytes: &[u8], encoding: Option<&'static Encoding>) -> Result<String, Failure> {
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
