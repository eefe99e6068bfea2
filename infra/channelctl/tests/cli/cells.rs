//! Cells as people and spreadsheets write them: each a number, or a bad row with its reason.

use serde_json::{Value, json};

use crate::support::{NumbersTable, import};

/// Reads the cells of one column or two, a row each; returns the command's document.
async fn read(cells: &[&str], options: &[&str]) -> Value {
    let table = NumbersTable::start().await;
    let row = |(at, cell): (usize, &&str)| {
        let (number, extension) = cell.split_once(" + ").unwrap_or((cell, ""));
        json!({"portal": at + 1, "number": number, "extension": extension})
    };
    let rows: Vec<_> = cells.iter().enumerate().map(row).collect();
    let options = [&["--dry-run", "--json", "--format", "json"], options].concat();
    let ran = import(&table, json!(rows).to_string(), &options).await;
    serde_json::from_str(&ran.output).expect(&ran.errors)
}

#[tokio::test]
async fn reads_numbers_as_people_write_them() {
    for (case, country, cells, number) in [
        (
            "separators",
            "DE",
            &[
                "+18001231234",
                "+1 800 123 1234",
                "+1 (800) 123-1234",
                "+1.800.123.1234",
                "+1.8001231234",
                "(+1) 800 123\u{2011}1234",
                "+1\u{a0}800\u{2009}123 – 1234",
            ][..],
            "+18001231234",
        ),
        (
            "marks around a text",
            "DE",
            &[
                "\u{202a}+18001231234\u{202c}",
                "=\"+18001231234\"",
                "'+18001231234",
                "\u{feff}\u{2019} +18001231234",
            ],
            "+18001231234",
        ),
        (
            "American national",
            "us",
            &["(800) 123-1234", "1-800-123.1234"],
            "+18001231234",
        ),
        ("zeros", "US", &["+1 800 123.0000"], "+18001230000"),
        (
            "German national",
            "DE",
            &[
                "030 1234567",
                "030/123 45 67",
                "030.123.45.67",
                "030.1234567",
                "(0)30 1234567",
                "30 1234567",
                "+49 (0)30 1234567",
                "(+49) (0)30 1234567",
            ],
            "+49301234567",
        ),
        ("switchboard", "DE", &["030 12345-0"], "+4930123450"),
        (
            "the zero of Italy",
            "IT",
            &["06 1234 5678", "+39 (0)6 1234 5678"],
            "+390612345678",
        ),
        ("French pairs", "FR", &["01.23.45.67.00"], "+33123456700"),
        (
            "French pairs like a date",
            "FR",
            &["01.12.11.10.09"],
            "+33112111009",
        ),
        ("Polish triples", "PL", &["601.234.567"], "+48601234567"),
        ("Swiss slash", "CH", &["+41 44/668 18 00"], "+41446681800"),
        ("Dutch zero", "DE", &["+31(0)20-1234567"], "+31201234567"),
        (
            "Japan's own zero",
            "DE",
            &["+810012345678"],
            "+810012345678",
        ),
        ("Gabon's own zero", "DE", &["+25006123456"], "+25006123456"),
        ("other country", "HU", &["+78001234567"], "+78001234567"),
    ] {
        let read = read(cells, &["--country", country]).await;
        let rows = read["plan"]["rows"].as_array().unwrap();
        assert_eq!(rows.len(), cells.len(), "{case}: {read}");
        for (row, cell) in rows.iter().zip(cells) {
            assert_eq!(row["number"], number, "{case}: {cell}");
        }
    }
}

#[tokio::test]
async fn reads_extensions_of_eight_languages() {
    let extensions = ";ext=12| x12|X12| ext. 12|, Extn: 12| (ext. 12)| #12| DW 12| - DW-12\
        | Durchwahl 12| Nebenstelle 12| NSt. 12| App. 12| Apparat 12| poste 12| Extensión: 12\
        | extensio\u{301}n 12| anexo 12| int. 12| interno 12| ramal 12| toestel 12| tst. 12| wew. 12\
        | WEWNĘTRZNY 12| + 12| + DW 12| x12 + 12";
    let cells: Vec<_> = extensions
        .split('|')
        .map(|text| format!("+18001231234{text}"))
        .collect();
    let cells: Vec<_> = cells.iter().map(String::as_str).collect();
    let read = read(&cells, &[]).await;
    let rows = read["plan"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), cells.len(), "{read}");
    for (row, cell) in rows.iter().zip(&cells) {
        assert_eq!(
            (&row["number"], &row["extension"]),
            (&json!("+18001231234"), &json!("12")),
            "{cell}"
        );
    }
}

#[tokio::test]
async fn names_why_a_cell_is_no_number() {
    for (problem, cells) in [
        ("is empty", &["' "][..]),
        (
            "was turned into a quantity by a spreadsheet, which lost digits",
            &["1.80012E+10", "+1,80012e10"],
        ),
        (
            "is a date",
            &[
                "27.11.2026",
                "27. 11. 2026",
                "2026-11-27",
                "2026-11-27T10:30:00",
                "27/11/2026",
                "11/27/26",
                "+27.11.2026",
                "030 27-11-2026",
            ],
        ),
        (
            "is a decimal",
            &[
                "301234567.0",
                "+49301234599.0",
                "+49301234599,0",
                "301234567,50",
                "8,001,231,234",
                "301.234.567,00",
                "301.234.567.0",
                "030 1234567.0",
                "0.301234567",
            ],
        ),
        (
            "has letters",
            &[
                "1-800-FLOWERS",
                "0301234521abc",
                "Zimmer 12 030 1234517",
                "030 1234524 DW 9 4",
                "Hauptstraße 12",
                "Tel. +49 30 1234567",
                "(800) 123-1234 доб. 7",
            ],
        ),
        ("is too short", &["22833", "116117", "110", "+4922833"]),
        (
            "is not a phone number",
            &[
                "+",
                "-18001231234",
                "+18001231234;7",
                "+18001231234~7",
                "+1 800 123 1234 / +1 800 123 1235",
                "030 1234567/68",
                "+1800123\n1234",
                "+١٨٠٠١٢٣١٢٣٤",
                "+1 800 123--1234",
                "+1 (800 123 1234",
                "+18001231234 (5)",
            ],
        ),
        (
            "is not a possible number",
            &[
                "+1800123123",
                "+180012312345",
                "+99912345678",
                "+49 030 12345678",
            ],
        ),
        (
            "has an extension that differs from the extension column's",
            &["+18001231234 x12 + 13"],
        ),
        (
            "has an extension that is not 1 to 20 digits",
            &["+18001231234 + twelve", "+18001231234 + 12.0"],
        ),
    ] {
        for options in [&[][..], &["--country", "DE"]] {
            assert_refused(cells, options, problem).await;
        }
    }
    assert_refused(&["(800) 123-1234"], &[], "has no country code").await;
    let ambiguous = ["492112345", "493012345678"];
    assert_refused(
        &ambiguous,
        &["--country", "DE"],
        "begins like a country code",
    )
    .await;
    assert_refused(&["62262"], &["--country", "US"], "is too short").await;
}

async fn assert_refused(cells: &[&str], options: &[&str], problem: &str) {
    let read = read(cells, options).await;
    let bad_rows = read["badRows"].as_array().unwrap();
    assert_eq!(bad_rows.len(), cells.len(), "{read}");
    for (row, cell) in bad_rows.iter().zip(cells) {
        assert_eq!(row["problem"], problem, "{cell} {options:?}");
    }
}
