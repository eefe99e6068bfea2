use std::ops::RangeInclusive;

use channel_connection::{friendly_name::is_unsafe, ids::PortalId};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn count(bytes: &[u8], format: Option<Format>) -> Result<usize, String> {
    let mut count = 0;
    let mut options = FileOptions::default();
    options.expected.portal = Some(PortalId::MAX);
    let columns = rows(bytes, format, &options, &mut |_| count += 1);
    columns.map_err(|error| error.to_string())?;
    Ok(count)
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
    fn every_row_counts_or_none_does(
        bytes in prop_oneof![4 => damaged_file(), 1 => prop::collection::vec(any::<u8>(), 0..200)],
        format in prop::sample::select(&[Format::Csv, Format::Json, Format::Jsonl][..]),
    ) {
        match count(&bytes, Some(format)) {
            Ok(taken) => {
                let text = decode(&bytes, None).unwrap();
                let rows = count_rows(&text, format);
                prop_assert!(rows.contains(&taken), "{} of {:?}: {}", taken, rows, text);
            }
            Err(error) => prop_assert!(!error.contains(is_unsafe), "{}", error),
        }
    }
}

#[test]
fn refuses_more_rows_than_fit() {
    let rows = usize::try_from(MAX_ROWS).unwrap();
    let file = |rows| "number\n".to_owned() + &"1\n".repeat(rows);
    assert_eq!(count(file(rows).as_bytes(), None), Ok(rows));
    assert_eq!(
        count(file(rows + 1).as_bytes(), None).unwrap_err(),
        "The file has 500001 rows, more than 500000. Split it, and import the parts."
    );
}
