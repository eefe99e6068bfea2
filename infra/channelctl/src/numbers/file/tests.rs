use std::ops::RangeInclusive;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::numbers::columns::Column;

fn read(bytes: &[u8], format: Option<Format>) -> Result<Vec<(String, String)>, String> {
    let mut taken = Vec::new();
    let mut take = |row: &RawRow<'_>| {
        let cells = row.cells.iter().map(|cell| cell.as_deref().unwrap_or("-"));
        taken.push((row.place.to_string(), cells.collect::<Vec<_>>().join("|")));
    };
    let columns = rows(bytes, format, &FileOptions::default(), &mut take);
    columns.map_err(|error| error.to_string())?;
    Ok(taken)
}

fn error_of(file: impl AsRef<[u8]>) -> String {
    read(file.as_ref(), None).expect_err("the file is damaged")
}

#[test]
fn refuses_a_damaged_file_with_its_line() {
    const ROW: &str = "1,+18001231234,Sales\n";
    for (case, rows, error) in [
        (
            "open quote",
            "1,+18001231235,\"Desk\n2,+18001231236,Desk\n",
            "line 3: a quotation mark opens a value here, and none closes it",
        ),
        (
            "open quote before another value",
            "1,+18001231235,\"Desk\n2,+18001231236,\"Desk\"\n",
            "line 3: a quotation mark opens a value here, and there is text behind the one that closes it in line 4",
        ),
        (
            "open quote of a formula",
            "1,=\"+18001231235,Desk\n",
            "line 3: a quotation mark opens a value here, and none closes it",
        ),
        (
            "quote in the middle",
            "1,+18001231235,The \"Desk\"\n",
            "line 3: a quotation mark in the middle of a value",
        ),
        (
            "text behind a quote",
            "1,+18001231235,\"Desk\" 2\n",
            "line 3: a quotation mark opens a value here, and there is text behind",
        ),
        (
            "too many values",
            "\n1,+18001231235,Sales, Europe\n",
            "line 4: expected 3 values, as the first line has, got 4: put a value that has ',' in it in quotation marks",
        ),
        (
            "too few values",
            "1,+18001231235\n",
            "line 3: expected 3 values, as the first line has, got 2: give every row a value for each column",
        ),
        (
            "value broken in two",
            "1,+18001231235,\"De\"\"sk\"\n\"\"\n",
            "line 4: expected 3 values, as the first line has, got 1",
        ),
        (
            "NUL",
            "1,+18001231235,De\0sk\n",
            "line 3: a NUL byte: this is a binary file, or a damaged one",
        ),
    ] {
        let error_shown = error_of(format!("portal,number,name\n{ROW}{rows}{ROW}"));
        assert!(error_shown.starts_with(error), "{case}: {error_shown}");
    }
}

#[test]
fn refuses_a_file_that_is_no_table() {
    for (case, file, error) in [
        (
            "cut-off array",
            &b"[{\"number\":\"1\"},\n{\"number\":\"2\""[..],
            "line 2: the file ends in the middle of a value",
        ),
        (
            "array without its end",
            b"[{\"number\":\"1\"}\n",
            "line 2: the file ends in the middle of a value",
        ),
        (
            "cut-off line",
            b"{\"number\":\"1\"}\n{\"number\":",
            "line 2: the file ends in the middle of a value",
        ),
        (
            "no object in an array",
            b"[{\"number\":\"1\"},\n\"+18001231234\"]",
            "line 2, item 2: this is no row.",
        ),
        (
            "no object in a line",
            b"{\"number\":\"1\"}\n[]",
            "line 2: this is no row.",
        ),
        (
            "Latin-1",
            b"number,name\n1,B\xfcro\n",
            "line 2: this is not UTF-8. Save the file as CSV UTF-8, or name its encoding",
        ),
        (
            "half a UTF-16 unit",
            b"\xff\xfen\0u\0m\0b\0e\0r\0\n\0\x31",
            "line 2: this is not UTF-16LE: the file is damaged",
        ),
        (
            "workbook",
            b"PK\x03\x04\x14\0\x06\0",
            "This is an Excel workbook or a ZIP archive, not a text file. Save the sheet as CSV",
        ),
        ("PDF", b"%PDF-1.7", "This is a PDF"),
        (
            "picture",
            b"\x89PNG\r\n\x1a\n\0\0",
            "line 1: this is not UTF-8.",
        ),
        ("nothing", b"", "The file is empty"),
        ("blank lines", b"\xef\xbb\xbf \r\n\r\n", "The file is empty"),
        (
            "header alone",
            b"portal,number\r\n",
            "The file has no rows.",
        ),
        ("empty array", b"[]", "The file has no rows."),
    ] {
        let error_shown = error_of(file);
        assert!(error_shown.starts_with(error), "{case}: {error_shown}");
    }
}

#[test]
fn names_the_line_that_an_editor_shows() {
    for (case, file, lines) in [
        (
            "empty lines",
            "\n\nportal,number\n\n1,2\n\n\n3,4\n",
            ["line 5", "line 8"],
        ),
        (
            "CRLF",
            "\r\nportal;number\r\n\r\n1;2\r\n\r\n3;4",
            ["line 4", "line 6"],
        ),
        (
            "CR alone",
            "portal;number\r1;2\r3;4\r",
            ["line 2", "line 3"],
        ),
        (
            "Excel's own line",
            "sep=;\r\nportal;number\r\n1;2\r\n;\r\n3;4",
            ["line 3", "line 5"],
        ),
        (
            "a value over lines",
            "number,name\n1,\"a\n\nb\"\n2,c\n",
            ["line 2", "line 5"],
        ),
        (
            "array",
            "[\n{\"number\":1},\n\n{\"number\":2}]",
            ["line 2, item 1", "line 4, item 2"],
        ),
        (
            "lines of JSON",
            "\n{\"number\":1}\n\n{\"number\":2}",
            ["line 2", "line 4"],
        ),
    ] {
        let rows = read(file.as_bytes(), None).unwrap();
        let places: Vec<_> = rows.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, lines, "{case}");
    }
}

#[test]
fn takes_a_formula_for_its_text() {
    let rows = read(b"number,name\n=\"+18001231234\",\"say \"\"hi\"\"\"\n", None).unwrap();
    assert_eq!(rows[0].1, "-|=\"+18001231234\"|-|say \"hi\"|-");
}

/// Files of every format, whole.
const WHOLE: [&str; 4] = [
    "portal,number,name\r\n1,+18001231234,\"Sales, \"\"east\"\"\"\r\n\r\n2,+18001231235,\"De\nsk\"\r\n3,=\"+18001231236\",\r\n",
    "sep=;\nTelefon;Durchwahl;Portal;Name\n+18001231234;;1;a|b\n+18001231235;7;2;\"x;y\"\n",
    "[{\"number\":\"+18001231234\",\"name\":\"Sales\"},\n {\"number\":\"+18001231235\",\"userIds\":[1,2]}]",
    "{\"number\":\"+18001231234\"}\n\n{\"number\":\"+18001231235\",\"name\":\"Desk\"}\n",
];

/// A whole file with some of its bytes replaced, put in or taken out, or cut off behind a byte.
fn damaged_file() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        prop::sample::select(&b"\",;\n\r\t|=[]{}:\0\x1b+1a "[..]),
        any::<u8>(),
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, byte), 0..4);
    (prop::sample::select(&WHOLE[..]), edits).prop_map(|(whole, edits)| {
        let mut bytes = whole.as_bytes().to_vec();
        for (at, kind, byte) in edits {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        bytes
    })
}

/// Counts the rows of a text without the readers: outside quotation marks, every line with content is
/// one, and a line of delimiters alone may be one.
fn count_rows(text: &str, format: Format) -> RangeInclusive<usize> {
    let exactly = |count| count..=count;
    if format == Format::Json {
        return exactly(serde_json::from_str::<Vec<Value>>(text).unwrap().len());
    }
    if format == Format::Jsonl {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        return exactly(lines.count());
    }
    let excels_own = |(first, _): &(&str, &str)| first.len() == 5 && first.starts_with("sep=");
    let first_line = text.split_once('\n').filter(excels_own);
    let text = first_line.map_or(text, |(_, rest)| rest);
    let pieces = text.split('"').enumerate();
    let unquoted: String = pieces
        .map(|(at, piece)| if at % 2 == 0 { piece } else { "quoted" })
        .collect();
    let count = |delimiters: &str| {
        let is_content = |sign: char| !sign.is_whitespace() && !delimiters.contains(sign);
        let lines = unquoted.lines().filter(|line| line.contains(is_content));
        lines.count().saturating_sub(1)
    };
    count(",;|")..=count("")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn every_row_counts_or_none_does(bytes in damaged_file(), format in prop::sample::select(&[Format::Csv, Format::Json, Format::Jsonl][..])) {
        if let Ok(taken) = read(&bytes, Some(format)) {
            let text = decode(&bytes, None).unwrap();
            let count = count_rows(&text, format);
            prop_assert!(count.contains(&taken.len()), "{} of {:?}: {}", taken.len(), count, text);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = read(&bytes, None) {
            prop_assert!(!error.contains(channel_connection::friendly_name::is_unsafe), "{}", error);
        }
    }
}

#[test]
fn refuses_more_rows_than_fit() {
    let mut file = "number\n".to_owned();
    file.extend((0..=MAX_ROWS).map(|_| "1\n"));
    let mut count = 0;
    let mut take = |row: &RawRow<'_>| {
        assert_eq!(row.text(Column::Number), "1");
        count += 1;
    };
    let refused = rows(file.as_bytes(), None, &FileOptions::default(), &mut take).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "The file has 500001 rows, more than 500000. Split it, and import the parts."
    );
    assert_eq!(count, MAX_ROWS);
}
