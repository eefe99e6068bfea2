//! Files as they come from elsewhere: read whole, or refused whole.

use std::fmt::Write;

use aws_sdk_dynamodb::types::AttributeValue;
use channel_connection::friendly_name::is_unsafe;

use crate::support::{NumbersTable, import, named, rows};

const BOM: &str = "\u{feff}";
const TWO: &str = "portal,number,name\n62515,+18005550101,Sales\n62515,+18005550102,Desk\n";

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[tokio::test]
async fn reads_files_as_programs_write_them() {
    let excel = "portal,number,name\r\n62515,+18005550101,\"Sales, \"\"east\"\"\"\r\n62515,+18005550102,B\u{fc}ro\r\n";
    let german = "Portal-ID;Rufnummer;Durchwahl;Bezeichnung\r\n62515;'+1 800 555-0101;;\"Sales, \"\"east\"\"\"\r\n;;;\r\n\r\n62515;=\"+18005550102\";;B\u{fc}ro\r\n";
    let marked = format!("{BOM}{excel}");
    let latin: Vec<u8> = german
        .chars()
        .map(|character| u32::from(character).try_into().unwrap())
        .collect();
    let objects = [
        r#"{"portalId":62515,"e164PhoneNumber":"+18005550101","friendlyName":"Sales, \"east\""}"#,
        "{\"portalId\":\"62515\",\"e164PhoneNumber\":\"+18005550102\",\"friendlyName\":\"B\u{fc}ro\",\"extension\":null}",
    ];
    let mapped = "--map portal=A --map number=B --map name=C";
    for (case, file, options) in [
        ("Excel with its mark", marked.clone().into_bytes(), ""),
        ("German, semicolons", german.into(), ""),
        ("windows-1252", latin, "--encoding windows-1252"),
        ("Excel's own line", format!("sep=;\r\n{german}").into(), ""),
        ("bars", german.replace(';', "|").into(), ""),
        ("tabs", german.replace(';', "\t").into(), "--format tsv"),
        ("UTF-16, little", utf16(excel, u16::to_le_bytes), ""),
        ("UTF-16, big", utf16(excel, u16::to_be_bytes), ""),
        (
            "UTF-16, little, marked",
            utf16(&marked, u16::to_le_bytes),
            "",
        ),
        ("UTF-16, big, marked", utf16(&marked, u16::to_be_bytes), ""),
        ("array", format!("[{}]", objects.join(",\n")).into(), ""),
        ("lines", objects.join("\n\n").into(), ""),
        (
            "mapped",
            excel.replace("portal,number,name", "A,B,C").into(),
            mapped,
        ),
        (
            "national",
            excel.replace("+1800", "(800) ").into(),
            "--country US",
        ),
    ] {
        let table = NumbersTable::start().await;
        let ran = import(&table, file, options).await;
        assert_eq!(ran.code, Some(0), "{case}: {}", ran.errors);
        let expected = [
            (62515, "+18005550101", "Sales, \"east\""),
            (62515, "+18005550102", "B\u{fc}ro"),
        ];
        assert_eq!(rows(&table).await, named(expected), "{case}");
    }
}

#[tokio::test]
async fn a_damaged_file_replaces_nothing() {
    const ROW: &str = "1,+18001231234,Sales\n";
    let table = NumbersTable::start().await;
    import(&table, TWO, "").await;
    let before = rows(&table).await;
    let mut workbook = b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec();
    workbook.extend((0..20_000_u32).map(|at| (at * 7_919 % 251).to_le_bytes()[0]));
    let between_rows = [
        ("open quote", "1,+18001231235,\"Desk\n2,+18001231236,Desk\n"),
        (
            "open quote before another value",
            "1,+18001231235,\"Desk\n2,+18001231236,\"Desk\"\n",
        ),
        ("text behind a quote", "1,+18001231235,\"Desk\" 2\n"),
        ("quote in the middle", "1,+18001231235,The \"Desk\"\n"),
        ("open quote of a formula", "1,=\"+18001231235,Desk\n"),
        ("too many values", "\n1,+18001231235,Sales, Europe\n"),
        ("too few values", "1,+18001231235\n"),
        ("value broken in two", "1,+18001231235,\"De\"\"sk\"\n\"\"\n"),
        ("NUL", "1,+18001231235,De\0sk\n"),
    ];
    let files: [(&str, &[u8]); 14] = [
        ("cut-off array", b"[{\"number\":\"1\"},\n{\"number\":\"2\""),
        ("array without its end", b"[{\"number\":\"1\"}\n"),
        ("cut-off line", b"{\"number\":\"1\"}\n{\"number\":"),
        (
            "no object in an array",
            b"[{\"number\":\"1\"},\n\"+18001231234\"]",
        ),
        ("no object in a line", b"{\"number\":\"1\"}\n[]"),
        ("Latin-1", b"number,name\n1,B\xfcro\n"),
        ("half a UTF-16 unit", b"\xff\xfen\0u\0m\0b\0e\0r\0\n\0\x31"),
        ("workbook", &workbook),
        ("PDF", b"%PDF-1.7"),
        ("bytes", &workbook[30..]),
        ("nothing", b""),
        ("blank lines", b"\xef\xbb\xbf \r\n\r\n"),
        ("header alone", b"portal,number\r\n"),
        ("empty array", b"[]"),
    ];
    let in_file = |(case, rows)| (case, format!("portal,number,name\n{ROW}{rows}{ROW}").into());
    let files = files.map(|(case, file)| (case, file.to_vec()));
    let mut refusals = String::new();
    for (case, file) in between_rows.map(in_file).into_iter().chain(files) {
        let ran = import(&table, file, "--replace --portal 62515").await;
        assert_eq!(ran.code, Some(5), "{case}: {}", ran.errors);
        write!(refusals, "{case}: {}", ran.errors).unwrap();
    }
    assert!(!refusals.replace('\n', "").contains(is_unsafe));
    insta::assert_snapshot!("damaged-files", refusals);
    assert_eq!(rows(&table).await, before);
}

#[tokio::test]
async fn names_the_line_that_an_editor_shows() {
    let table = NumbersTable::start().await;
    for (case, file, lines) in [
        (
            "empty lines",
            "\n\nportal,number\n\n1,2\n\n\n3,4\n",
            ["line 5,", "line 8,"],
        ),
        (
            "CRLF",
            "\r\nportal;number\r\n\r\n1;2\r\n\r\n3;4",
            ["line 4,", "line 6,"],
        ),
        (
            "CR alone",
            "portal;number\r1;2\r3;4\r",
            ["line 2,", "line 3,"],
        ),
        (
            "Excel's own line",
            "sep=;\r\nportal;number\r\n1;2\r\n;\r\n3;4",
            ["line 3,", "line 5,"],
        ),
        (
            "a value over lines",
            "number,city\n1,\"a\n\nb\"\n2,c\n",
            ["line 2,", "line 5,"],
        ),
        (
            "array",
            "[\n{\"number\":1},\n\n{\"number\":2}]",
            ["line 2, item 1,", "line 4, item 2,"],
        ),
        (
            "lines of JSON",
            "\n{\"number\":1}\n\n{\"number\":2}",
            ["line 2,", "line 4,"],
        ),
    ] {
        let ran = import(&table, file, "--portal 1").await;
        for line in lines {
            let found = format!("bad row {line}");
            assert!(ran.errors.contains(&found), "{case}: {}", ran.errors);
        }
    }
}

#[tokio::test]
async fn asks_for_columns_that_it_cannot_guess() {
    let table = NumbersTable::start().await;
    let mut questions = String::new();
    for (case, header, options) in [
        ("two candidates", "Telefon,Rufnummer", ""),
        ("no candidate", "A,B", ""),
        ("no header", "62515,+18001231234", ""),
        ("no portal", "Kundennummer,Rufnummer", ""),
        ("mapping of nothing", "A,B\u{1b}", "--map number=C"),
        ("mapped twice", "A,B", "--map number=A --map number=B"),
        ("mapping of two", "A,A", "--map number=A"),
    ] {
        let ran = import(&table, format!("{header}\n+18005550101,7\n"), options).await;
        assert_eq!(ran.code, Some(5), "{case}");
        write!(questions, "{case}: {}", ran.errors).unwrap();
    }
    insta::assert_snapshot!("columns", questions);
    for (mappings, columns) in [
        (
            "--map number=Line --map name=Number",
            "number = Line, name = Number",
        ),
        ("--map number=Line", "number = Line"),
    ] {
        let file = "Number,City,Line,Phone,City\nSales,x,+18005550101,y,z\n";
        let options = format!("--dry-run --portal 1 {mappings}");
        let ran = import(&table, file, &options).await;
        let summary = format!("standard input: 1 row; {columns}\n");
        assert_eq!(ran.errors, summary);
    }
}

#[tokio::test]
async fn a_mapped_field_is_never_guessed() {
    let file = "{\"portal\":62515,\"team\":\"Sales\",\"number\":\"+18005550101\"}\n\
        {\"portal\":62515,\"name\":\"Not the team\",\"number\":\"+18005550102\"}";
    let table = NumbersTable::start().await;
    let ran = import(&table, file, "--map name=team").await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    let expected = [
        (62515, "+18005550101", "Sales"),
        (62515, "+18005550102", ""),
    ];
    assert_eq!(rows(&table).await, named(expected));
}

#[tokio::test]
async fn users_come_as_a_list_or_as_words() {
    for file in [
        r#"[{"portal":62515,"number":"+18005550101","userIds":[42,7,42]}]"#,
        "portal,number,users\n62515,+18005550101,42;7 42\n",
    ] {
        let table = NumbersTable::start().await;
        import(&table, file, "").await;
        let (_, users) = rows(&table).await.pop_first().unwrap().1;
        assert_eq!(users, ["42", "7"], "{file}");
    }
}

#[tokio::test]
async fn unsafe_text_of_a_file_is_never_printed() {
    const BAD: &str = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}";
    let header = "portal,number,extension,name,users";
    let table = NumbersTable::start().await;
    table
        .put(
            "+18005550101",
            "friendlyName",
            AttributeValue::S(format!("Old{BAD}")),
        )
        .await;
    table
        .put(BAD, "friendlyName", AttributeValue::S("Bad key".into()))
        .await;
    for (case, file, code) in [
        (
            "portal",
            format!("{header}\n{BAD},+18005550101,,Sales,\n"),
            5,
        ),
        ("number", format!("{header}\n62515,{BAD},,Sales,\n"), 5),
        (
            "extension",
            format!("{header}\n62515,+18005550101,{BAD},Sales,\n"),
            5,
        ),
        (
            "name",
            format!("{header}\n62515,+18005550101,,S{BAD},\n"),
            5,
        ),
        (
            "users",
            format!("{header}\n62515,+18005550101,,Sales,{BAD}\n"),
            5,
        ),
        (
            "header",
            format!("{header},{BAD}\n62515,+18005550101,,Sales,\n"),
            5,
        ),
        ("field", format!("{{\"{BAD}\":1}}\n"), 5),
        (
            "previous name",
            format!("{header}\n62515,+18005550101,,Sales,\n"),
            0,
        ),
    ] {
        for options in ["--replace --dry-run", "--replace --dry-run --json"] {
            let ran = import(&table, file.clone(), options).await;
            let printed = ran.output + &ran.errors;
            let raw = |character: char| character != '\n' && is_unsafe(character);
            assert!(!printed.contains(raw), "{case}: {printed:?}");
            assert_eq!(ran.code, Some(code), "{case}: {printed}");
        }
    }
}
