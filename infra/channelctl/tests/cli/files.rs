//! Files as they come from elsewhere: read whole, or refused whole.

use aws_sdk_dynamodb::types::AttributeValue;
use channel_connection::friendly_name::is_unsafe;

use crate::support::{NumbersTable, Ran, import, named, rows};

const BOM: &str = "\u{feff}";

async fn refused(file: impl Into<Vec<u8>>, options: &[&str]) -> String {
    let table = NumbersTable::start().await;
    let Ran { code, errors, .. } = import(&table, file, options).await;
    assert_ne!(code, Some(0), "{errors}");
    assert!(rows(&table).await.is_empty());
    errors
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[tokio::test]
async fn reads_files_as_programs_write_them() {
    let excel = "portal,number,name\r\n62515,+18005550101,\"Sales, east\"\r\n62515,+18005550102,B\u{fc}ro\r\n";
    let german = "Portal-ID;Rufnummer;Durchwahl;Bezeichnung\r\n62515;'+1 800 555-0101;;\"Sales, east\"\r\n;;;\r\n\r\n62515;=\"+18005550102\";;B\u{fc}ro\r\n";
    let marked = format!("{BOM}{excel}");
    let latin: Vec<u8> = german
        .chars()
        .map(|character| u32::from(character).try_into().unwrap())
        .collect();
    let objects = [
        r#"{"portalId":62515,"e164PhoneNumber":"+18005550101","friendlyName":"Sales, east"}"#,
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
            (62515, "+18005550101", "Sales, east"),
            (62515, "+18005550102", "B\u{fc}ro"),
        ];
        assert_eq!(rows(&table).await, named(expected), "{case}");
    }
}

#[tokio::test]
async fn a_damaged_file_replaces_nothing() {
    let table = NumbersTable::start().await;
    let whole = "portal,number,name\n62515,+18005550101,Sales\n62515,+18005550102,Desk\n62515,+18005550103,Door\n";
    import(&table, whole, &[]).await;
    let before = rows(&table).await;
    for (case, file, line) in [
        (
            "open quote",
            whole.replace("Sales", "\"Sales"),
            "line 2: a quotation mark opens",
        ),
        (
            "quote in the middle",
            whole.replace("Desk", "The \"Desk\""),
            "line 3: a quotation mark in the middle",
        ),
        (
            "extra value",
            whole.replace("Desk", "Desk, Europe"),
            "line 3: expected 3 values, as the first line has, got 4",
        ),
        (
            "missing value",
            whole.replace(",Desk", ""),
            "line 3: expected 3 values, as the first line has, got 2",
        ),
        ("NUL", whole.replace("Desk", "De\0sk"), "line 3: a NUL byte"),
        (
            "cut-off JSON",
            r#"[{"portal":62515,"number":"+18005550101"}"#.into(),
            "line 1: the file ends in the middle of a value",
        ),
        (
            "no rows",
            "portal,number,name\n".into(),
            "The file has no rows.",
        ),
        ("nothing", String::new(), "The file is empty"),
    ] {
        let ran = import(&table, file, &["--replace", "--portal", "62515"]).await;
        assert_eq!(ran.code, Some(1), "{case}: {}", ran.errors);
        assert!(ran.errors.contains(line), "{case}: {}", ran.errors);
        assert_eq!(rows(&table).await, before, "{case}");
    }
}

#[tokio::test]
async fn a_binary_file_prints_no_garbage() {
    let mut workbook = b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec();
    workbook.extend((0..20_000_u32).map(|at| (at * 7_919 % 251).to_le_bytes()[0]));
    for (case, file, advice) in [
        ("workbook", workbook.clone(), "Save the sheet as CSV"),
        ("bytes", workbook[30..].to_vec(), "not UTF-8"),
        (
            "escapes as header",
            b"\x1b[2J,\x1b]0;owned\x07\n1,2\n".to_vec(),
            "There are: \\u{1b}[2J",
        ),
    ] {
        let errors = refused(file, &[]).await;
        assert!(errors.contains(advice), "{case}: {errors}");
        assert!(
            errors.len() < 500 && !errors.trim_end().contains(is_unsafe),
            "{case}: {errors:?}"
        );
    }
}

#[tokio::test]
async fn asks_for_columns_that_it_cannot_guess() {
    let errors = refused("Telefon;Rufnummer\n+18005550101;7\n", &[]).await;
    let both = "Both Telefon and Rufnummer look like the number. Say which it is: --map";
    assert!(errors.contains(both), "{errors}");
    assert!(!errors.contains("+1800"), "{errors}");
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
            3,
        ),
        ("number", format!("{header}\n62515,{BAD},,Sales,\n"), 3),
        (
            "extension",
            format!("{header}\n62515,+18005550101,{BAD},Sales,\n"),
            3,
        ),
        (
            "name",
            format!("{header}\n62515,+18005550101,,S{BAD},\n"),
            3,
        ),
        (
            "users",
            format!("{header}\n62515,+18005550101,,Sales,{BAD}\n"),
            3,
        ),
        (
            "header",
            format!("{header},{BAD}\n62515,+18005550101,,Sales,\n"),
            1,
        ),
        ("field", format!("{{\"{BAD}\":1}}\n"), 1),
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
