//! Files as they come from elsewhere: read whole, or refused whole.

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
    let mapped = ["--map", "portal=A", "--map", "number=B", "--map", "name=C"];
    for (case, file, options) in [
        ("Excel with its mark", marked.clone().into_bytes(), &[][..]),
        ("German, semicolons", german.into(), &[]),
        ("windows-1252", latin, &["--encoding", "windows-1252"]),
        ("Excel's own line", format!("sep=;\r\n{german}").into(), &[]),
        ("bars", german.replace(';', "|").into(), &[]),
        (
            "tabs",
            german.replace(';', "\t").into(),
            &["--format", "tsv"],
        ),
        ("UTF-16, little", utf16(excel, u16::to_le_bytes), &[]),
        ("UTF-16, big", utf16(excel, u16::to_be_bytes), &[]),
        (
            "UTF-16, little, marked",
            utf16(&marked, u16::to_le_bytes),
            &[],
        ),
        ("UTF-16, big, marked", utf16(&marked, u16::to_be_bytes), &[]),
        ("array", format!("[{}]", objects.join(",\n")).into(), &[]),
        ("lines", objects.join("\n\n").into(), &[]),
        (
            "mapped",
            excel.replace("portal,number,name", "A,B,C").into(),
            &mapped,
        ),
        (
            "national",
            excel.replace("+1800", "(800) ").into(),
            &["--country", "US"],
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

/// A file of three columns, with a good row before and behind some rows.
fn between(rows: &str) -> Vec<u8> {
    const ROW: &str = "1,+18001231234,Sales\n";
    format!("portal,number,name\n{ROW}{rows}{ROW}").into()
}

#[expect(clippy::too_many_lines, reason = "one table of cases")]
#[tokio::test]
async fn a_damaged_file_replaces_nothing() {
    let table = NumbersTable::start().await;
    import(&table, TWO, &[]).await;
    let before = rows(&table).await;
    let mut workbook = b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec();
    workbook.extend((0..20_000_u32).map(|at| (at * 7_919 % 251).to_le_bytes()[0]));
    let bytes = workbook[30..].to_vec();
    let cut_off = "line 2: the file ends in the middle of a value";
    let open = "line 3: a quotation mark opens a value here, and none stands at its end";
    let middle = "line 3: a quotation mark in the middle of a value";
    for (case, file, error) in [
        (
            "open quote",
            between("1,+18001231235,\"Desk\n2,+18001231236,Desk\n"),
            open,
        ),
        (
            "open quote before another value",
            between("1,+18001231235,\"Desk\n2,+18001231236,\"Desk\"\n"),
            open,
        ),
        (
            "text behind a quote",
            between("1,+18001231235,\"Desk\" 2\n"),
            open,
        ),
        (
            "quote in the middle",
            between("1,+18001231235,The \"Desk\"\n"),
            middle,
        ),
        (
            "open quote of a formula",
            between("1,=\"+18001231235,Desk\n"),
            middle,
        ),
        (
            "too many values",
            between("\n1,+18001231235,Sales, Europe\n"),
            "line 4: expected 3 values, as the first line has, got 4: put a value that has ',' in it in quotation marks",
        ),
        (
            "too few values",
            between("1,+18001231235\n"),
            "line 3: expected 3 values, as the first line has, got 2: give every row a value for each column",
        ),
        (
            "value broken in two",
            between("1,+18001231235,\"De\"\"sk\"\n\"\"\n"),
            "line 4: expected 3 values, as the first line has, got 1",
        ),
        (
            "NUL",
            between("1,+18001231235,De\0sk\n"),
            "line 3: a NUL byte: this is a binary file, or a damaged one",
        ),
        (
            "cut-off array",
            b"[{\"number\":\"1\"},\n{\"number\":\"2\"".to_vec(),
            cut_off,
        ),
        (
            "array without its end",
            b"[{\"number\":\"1\"}\n".to_vec(),
            cut_off,
        ),
        (
            "cut-off line",
            b"{\"number\":\"1\"}\n{\"number\":".to_vec(),
            cut_off,
        ),
        (
            "no object in an array",
            b"[{\"number\":\"1\"},\n\"+18001231234\"]".to_vec(),
            "line 2, item 2: this is no row.",
        ),
        (
            "no object in a line",
            b"{\"number\":\"1\"}\n[]".to_vec(),
            "line 2: this is no row.",
        ),
        (
            "Latin-1",
            b"number,name\n1,B\xfcro\n".to_vec(),
            "line 2: this is not UTF-8. Save the file as CSV UTF-8, or name its encoding",
        ),
        (
            "half a UTF-16 unit",
            b"\xff\xfen\0u\0m\0b\0e\0r\0\n\0\x31".to_vec(),
            "line 2: this is not UTF-16LE: the file is damaged",
        ),
        (
            "workbook",
            workbook,
            "This is an Excel workbook or a ZIP archive, not a text file. Save the sheet as CSV",
        ),
        ("PDF", b"%PDF-1.7".to_vec(), "This is a PDF"),
        ("bytes", bytes, "line 1: this is not UTF-8."),
        ("nothing", vec![], "The file is empty"),
        (
            "blank lines",
            b"\xef\xbb\xbf \r\n\r\n".to_vec(),
            "The file is empty",
        ),
        (
            "header alone",
            b"portal,number\r\n".to_vec(),
            "The file has no rows.",
        ),
        ("empty array", b"[]".to_vec(), "The file has no rows."),
    ] {
        let ran = import(&table, file, &["--replace", "--portal", "62515"]).await;
        assert_eq!(ran.code, Some(5), "{case}: {}", ran.errors);
        let message = ran.errors.strip_prefix("channelctl: ").unwrap();
        assert!(message.starts_with(error), "{case}: {message}");
        assert!(
            message.len() < 500 && !message.trim_end().contains(is_unsafe),
            "{case}: {message:?}"
        );
    }
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
        let ran = import(&table, file, &[]).await;
        for line in lines {
            let found = format!("bad row {line}");
            assert!(ran.errors.contains(&found), "{case}: {}", ran.errors);
        }
    }
}

#[tokio::test]
async fn asks_for_columns_that_it_cannot_guess() {
    let table = NumbersTable::start().await;
    for (case, header, options, error) in [
        (
            "two candidates",
            "Telefon,Rufnummer",
            &[][..],
            "Both Telefon and Rufnummer look like the number. Say which it is: --map number=HEADER",
        ),
        (
            "no candidate",
            "A,B",
            &[],
            "No column looks like the numbers. There are: A, B. Say which it is: --map number=HEADER",
        ),
        (
            "no header",
            "62515,+18001231234",
            &[],
            "The first line must name the columns, like: portalId,number,friendlyName",
        ),
        (
            "mapping of nothing",
            "A,B\u{1b}",
            &["--map", "number=C"],
            "--map number=C: there is no such column. There are: A, B\\u{1b}",
        ),
        (
            "mapped twice",
            "A,B",
            &["--map", "number=A", "--map", "number=B"],
            "--map number=HEADER is given twice. Give it once: a row has one number.",
        ),
        (
            "mapping of two",
            "A,A",
            &["--map", "number=A"],
            "--map number=A: two columns have that name. Rename one of them in the file.",
        ),
    ] {
        let ran = import(&table, format!("{header}\n+18005550101,7\n"), options).await;
        assert_eq!(ran.code, Some(5), "{case}");
        assert_eq!(ran.errors, format!("channelctl: {error}\n"), "{case}");
    }
    for (mappings, columns) in [
        (
            &["number=Line", "name=Number"][..],
            "number = Line, name = Number",
        ),
        (&["number=Line"], "number = Line"),
    ] {
        let mappings = mappings.iter().flat_map(|mapping| ["--map", mapping]);
        let options: Vec<_> = ["--dry-run", "--portal", "1"]
            .into_iter()
            .chain(mappings)
            .collect();
        let file = "Number,City,Line,Phone,City\nSales,x,+18005550101,y,z\n";
        let ran = import(&table, file, &options).await;
        let told = format!("standard input: 1 row; {columns}\n");
        assert_eq!(ran.errors, told);
    }
}

#[tokio::test]
async fn a_mapped_field_is_never_guessed() {
    let file = "{\"portal\":62515,\"team\":\"Sales\",\"number\":\"+18005550101\"}\n\
        {\"portal\":62515,\"name\":\"Not the team\",\"number\":\"+18005550102\"}";
    let table = NumbersTable::start().await;
    let ran = import(&table, file, &["--map", "name=team"]).await;
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
        import(&table, file, &[]).await;
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
        for as_json in [&[][..], &["--json"]] {
            let ran = import(
                &table,
                file.clone(),
                &[&["--replace", "--dry-run"], as_json].concat(),
            )
            .await;
            let printed = ran.output + &ran.errors;
            let raw = |character: char| character != '\n' && is_unsafe(character);
            assert!(!printed.contains(raw), "{case}: {printed:?}");
            assert_eq!(ran.code, Some(code), "{case}: {printed}");
        }
    }
}
