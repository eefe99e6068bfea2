//! A file of numbers, whatever its form: opened, decoded, and read row by row.

use std::{
    fs::File,
    io::{self, BufRead, Read},
    path::Path,
};

use clap::ValueEnum;

use crate::numbers::{
    delimited,
    file_error::FileError,
    input::{TextEncoding, decoded},
    json_rows,
    mapping::Mapping,
    raw_row::Sink,
};

/// The form of a file.
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

/// How a file is to be read, where it does not tell itself.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct FileOptions {
    /// The file's form; told by its name or its beginning otherwise
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Which column is which, like number="Phone 1"; also portal, extension, name, users
    #[arg(long = "map", value_name = "COLUMN=HEADER")]
    pub mappings: Vec<Mapping>,
    /// The file's character encoding, where it is neither UTF-8 nor UTF-16, like windows-1252
    #[arg(long)]
    pub encoding: Option<TextEncoding>,
}

/// Reads every row of a file, `-` for standard input; returns which column was taken for what.
pub fn read(path: &Path, options: &FileOptions, sink: &mut Sink<'_>) -> Result<String, FileError> {
    Mapping::each_once(&options.mappings)?;
    let unreadable = |error| FileError::Unreadable(path.display().to_string(), error);
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(unreadable)?)
    };
    let mut input = decoded(input, options.encoding).map_err(unreadable)?;
    let start = input.fill_buf().map_err(unreadable)?;
    let format = options.format.or_else(|| by_name(path));
    match format.unwrap_or_else(|| by_start(start)) {
        _ if start.is_empty() => Err(FileError::Empty),
        Format::Csv => delimited::read(input, None, &options.mappings, sink),
        Format::Tsv => delimited::read(input, Some(b'\t'), &options.mappings, sink),
        Format::Json => json_rows::read_array(input, &options.mappings, sink),
        Format::Jsonl => json_rows::read_lines(input, &options.mappings, sink),
    }
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

fn by_start(start: &[u8]) -> Format {
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => Format::Json,
        Some(b'{') => Format::Jsonl,
        _ => Format::Csv,
    }
}
