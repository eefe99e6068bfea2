//! Cells as people and spreadsheets write them: each a number, or a bad row with its reason.

use serde_json::{Value, json};

use crate::support::{NumbersTable, import};

/// Reads cells between bars, a row each, with what stands behind ` + ` as the extension's cell.
async fn read(cells: &str, options: &str, rows: &str) -> Vec<(String, Value)> {
    let table = NumbersTable::start().await;
    let row = |(at, cell): (usize, &str)| {
        let (number, extension) = cell.split_once(" + ").unwrap_or((cell, ""));
        json!({"portal": at + 1, "number": number, "extension": extension})
    };
    let file: Vec<_> = cells.split('|').enumerate().map(row).collect();
    let options = format!("--dry-run --json --format json {options}");
    let ran = import(&table, json!(file).to_string(), &options).await;
    let document: Value = serde_json::from_str(&ran.output).expect(&ran.errors);
    let read = document.pointer(rows).unwrap().as_array().unwrap();
    assert_eq!(read.len(), file.len(), "{}", ran.output);
    let cells = cells.split('|').map(str::to_owned);
    cells.zip(read.iter().cloned()).collect()
}

#[tokio::test]
async fn reads_numbers_as_people_write_them() {
    for (case, country, cells, number) in [
        (
            "separators",
            "DE",
            "+18001231234|+1 800 123 1234|+1 (800) 123-1234|+1.800.123.1234|+1.8001231234|\
             (+1) 800 123\u{2011}1234|+1\u{a0}800\u{2009}123 – 1234",
            "+18001231234",
        ),
        (
            "marks around a text",
            "DE",
            "\u{202a}+18001231234\u{202c}|=\"+18001231234\"|'+18001231234|\u{feff}\u{2019} +18001231234",
            "+18001231234",
        ),
        (
            "American national",
            "us",
            "(800) 123-1234|1-800-123.1234",
            "+18001231234",
        ),
        ("zeros", "US", "+1 800 123.0000", "+18001230000"),
        (
            "German national",
            "DE",
            "030 1234567|030/123 45 67|030.123.45.67|030.1234567|(0)30 1234567|30 1234567|\
             +49 (0)30 1234567|(+49) (0)30 1234567",
            "+49301234567",
        ),
        ("switchboard", "DE", "030 12345-0", "+4930123450"),
        (
            "Italian zero",
            "IT",
            "06 1234 5678|+39 (0)6 1234 5678",
            "+390612345678",
        ),
        ("French pairs", "FR", "01.23.45.67.00", "+33123456700"),
        (
            "French pairs like a date",
            "FR",
            "01.12.11.10.09",
            "+33112111009",
        ),
        ("Polish triples", "PL", "601.234.567", "+48601234567"),
        ("Swiss slash", "CH", "+41 44/668 18 00", "+41446681800"),
        ("Dutch zero", "DE", "+31(0)20-1234567", "+31201234567"),
        (
            "British zero",
            "DE",
            "+44 (0) 20 7946 0123",
            "+442079460123",
        ),
        ("Japanese own zero", "DE", "+810012345678", "+810012345678"),
        ("Rwandan own zero", "DE", "+25006123456", "+25006123456"),
        ("other country", "HU", "+78001234567", "+78001234567"),
        ("long number", "RU", "+4910123456789", "+4910123456789"),
    ] {
        for (cell, row) in read(cells, &format!("--country {country}"), "/plan/rows").await {
            assert_eq!(row["number"], number, "{case}: {cell}");
        }
    }
}

#[tokio::test]
async fn reads_extensions_of_eight_languages() {
    let extensions = ";ext=12| x12|X12| ext. 12|, Extn: 12| (ext. 12)| #12| DW 12| - DW-12\
        | Durchwahl 12| Nebenstelle 12| NSt. 12| App. 12| Apparat 12| poste 12| Extensión: 12\
        | extensio\u{301}n 12| anexo 12| int. 12| interno 12| ramal 12| toestel 12| tst. 12\
        | wew. 12| WEWNĘTRZNY 12| + 12| + DW 12| x12 + 12";
    let cells = extensions.replace('|', "|+18001231234");
    for (cell, row) in read(&format!("+18001231234{cells}"), "", "/plan/rows").await {
        assert_eq!(row["number"], "+18001231234", "{cell}");
        assert_eq!(row["extension"], "12", "{cell}");
    }
}

#[tokio::test]
async fn names_why_a_cell_is_no_number() {
    const ANYWHERE: &[&str] = &["", "--country DE"];
    for (problem, countries, cells) in [
        ("is empty", ANYWHERE, "' "),
        (
            "was turned into a quantity by a spreadsheet, which lost digits",
            ANYWHERE,
            "1.80012E+10|+1,80012e10",
        ),
        (
            "is a date",
            ANYWHERE,
            "27.11.2026|27. 11. 2026|2026-11-27|2026-11-27T10:30:00|27/11/2026|11/27/26|\
             +27.11.2026|030 27-11-2026",
        ),
        (
            "is a decimal",
            ANYWHERE,
            "301234567.0|+49301234599.0|+49301234599,0|301234567,50|8,001,231,234|\
             301.234.567,00|301.234.567.0|030 1234567.0|0.301234567",
        ),
        (
            "has letters",
            ANYWHERE,
            "1-800-FLOWERS|0301234521abc|Zimmer 12 030 1234517|030 1234524 DW 9 4|\
             Hauptstraße 12|Tel. +49 30 1234567|(800) 123-1234 доб. 7",
        ),
        ("is too short", ANYWHERE, "22833|116117|110|+4922833"),
        (
            "is not a phone number",
            ANYWHERE,
            "+|-18001231234|+18001231234;7|+18001231234~7|+1 800 123 1234 / +1 800 123 1235|\
             030 1234567/68|+1800123\n1234|+١٨٠٠١٢٣١٢٣٤|+1 800 123--1234|+1 (800 123 1234|\
             +18001231234 (5)",
        ),
        (
            "is not a possible number",
            ANYWHERE,
            "+1800123123|+180012312345|+99912345678|+49 030 12345678",
        ),
        (
            "has an extension that differs from the extension column's",
            ANYWHERE,
            "+18001231234 x12 + 13",
        ),
        (
            "has an extension that is not 1 to 20 digits",
            ANYWHERE,
            "+18001231234 + twelve|+18001231234 + 12.0",
        ),
        ("has no country code", &[""], "(800) 123-1234"),
        (
            "begins like a country code",
            &["--country DE"],
            "492112345|493012345678",
        ),
        ("is too short", &["--country US"], "62262"),
    ] {
        for options in countries {
            for (cell, row) in read(cells, options, "/badRows").await {
                assert_eq!(row["problem"], problem, "{cell} {options:?}");
            }
        }
    }
}
