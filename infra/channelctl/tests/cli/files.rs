//! Files as they come from elsewhere.

use crate::support::{NumbersTable, Ran, import, named, rows};

const BOM: &str = "\u{feff}";

pub async fn assert_read(file: impl Into<Vec<u8>>, options: &[&str]) {
    let table = NumbersTable::start().await;
    let ran = import(&table, file, options).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    let expected = named([
        (62515, "+18005550101", "Sales, east"),
        (62515, "+18005550102", "Desk"),
    ]);
    assert_eq!(rows(&table).await, expected);
}

pub async fn refused(file: impl Into<Vec<u8>>, options: &[&str]) -> String {
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
async fn excels_csv_with_byte_order_mark_and_crlf_is_read() {
    assert_read(
        format!("{BOM}Portal ID,Phone Number,Name\r\n62515,+18005550101,\"Sales, east\"\r\n62515,+18005550102,Desk\r\n"),
        &[],
    )
    .await;
}

#[tokio::test]
async fn semicolons_tabs_and_bars_are_told_from_commas() {
    for delimiter in [";", "\t", "|"] {
        let file = format!(
            "portal{delimiter}number{delimiter}name\n62515{delimiter}+18005550101{delimiter}Sales, east\n62515{delimiter}+18005550102{delimiter}Desk\n"
        );
        assert_read(file, &[]).await;
    }
    assert_read("sep=;\r\nportal;number;name\r\n62515;+18005550101;Sales, east\r\n62515;+18005550102;Desk\r\n", &[]).await;
    assert_read(
        "portal\tnumber\tname\n62515\t+18005550101\tSales, east\n62515\t+18005550102\tDesk\n",
        &["--format", "tsv"],
    )
    .await;
}

#[tokio::test]
async fn utf_16_is_read_with_and_without_its_mark() {
    let file =
        "portal,number,name\r\n62515,+18005550101,\"Sales, east\"\r\n62515,+18005550102,Desk\r\n";
    let marked = format!("{BOM}{file}");
    for text in [file, &marked] {
        assert_read(utf16(text, u16::to_le_bytes), &[]).await;
        assert_read(utf16(text, u16::to_be_bytes), &[]).await;
    }
}

#[tokio::test]
async fn other_encodings_are_read_when_they_are_named_and_refused_when_not() {
    let file = b"portal,number,name\n62515,+18005550101,B\xfcro\n";
    let errors = refused(file.as_slice(), &[]).await;
    assert!(errors.contains("line 2: this is no UTF-8"), "{errors}");
    let table = NumbersTable::start().await;
    let ran = import(&table, file.as_slice(), &["--encoding", "windows-1252"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert_eq!(
        rows(&table).await,
        named([(62515, "+18005550101", "B\u{fc}ro")])
    );
}

#[tokio::test]
async fn empty_lines_apostrophes_and_short_rows_are_passed_over() {
    assert_read(
        "\n\nportal,number,name,notes\n\n62515,'+18005550101,\"Sales, east\"\n,,,\n62515,\u{2019}+1 800 555 0102,Desk\n\n",
        &[],
    )
    .await;
}

#[tokio::test]
async fn a_row_is_named_by_the_line_that_an_editor_shows_it_in() {
    for (file, lines) in [
        ("\n\nportal,number\n\n1,bad\n\n\n1,worse\n", [5, 8]),
        ("\r\nportal;number\r\n\r\n1;bad\r\n\r\n1;worse", [4, 6]),
        ("sep=;\r\nportal;number\r\n1;bad\r\n,,\r\n1;worse", [3, 5]),
    ] {
        let errors = refused(file, &[]).await;
        for (line, number) in lines.into_iter().zip(["bad", "worse"]) {
            let named = format!("line {line}, number {number:?}");
            assert!(errors.contains(&named), "{named} in {errors}");
        }
    }
}

#[tokio::test]
async fn a_name_may_go_over_lines() {
    let table = NumbersTable::start().await;
    let file = "portal,number,name\n62515,+18005550101,\"Sales\nand more\"\n62515,bad,Desk\n";
    let errors = import(&table, file, &[]).await.errors;
    assert!(
        errors.contains("line 4, number \"bad\""),
        "lines are counted as an editor does: {errors}"
    );
}

#[tokio::test]
async fn national_numbers_are_read_with_their_region() {
    let table = NumbersTable::start().await;
    let file = "number,name\n(800) 555-0101,Sales\n+442079460123,London\n";
    let ran = import(&table, file, &["--portal", "62515", "--region", "US"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    let expected = named([
        (62515, "+18005550101", "Sales"),
        (62515, "+442079460123", "London"),
    ]);
    assert_eq!(rows(&table).await, expected);
}

#[tokio::test]
async fn columns_that_cannot_be_guessed_are_mapped() {
    let file = "Account;DDI;Caption\n62515;+18005550101;Sales, east\n62515;+18005550102;Desk\n";
    let errors = refused(file, &[]).await;
    assert!(
        errors.contains("There are: Account, DDI, Caption. Say which it is: --map number=HEADER"),
        "{errors}"
    );
    assert_read(
        file,
        &[
            "--map",
            "portal=Account",
            "--map",
            "number=DDI",
            "--map",
            "name=Caption",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_column_that_is_mapped_twice_is_refused_in_every_form_of_file() {
    for file in [
        "A,B\n+18005550101,+18005550102\n",
        r#"[{"A":"+18005550101"}]"#,
    ] {
        let twice = ["--portal=7", "--map=number=A", "--map=number=B"];
        let told = refused(file, &twice).await;
        assert!(
            told.contains("--map number=HEADER is given twice. Give it once"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_file_without_rows_says_what_it_lacks() {
    assert!(refused("", &[]).await.contains("The file is empty"));
    assert!(refused("\r\n\r\n", &[]).await.contains("The file is empty"));
    assert!(
        refused("portal,number\n", &[])
            .await
            .contains("The file has no rows.")
    );
    assert!(refused("[]", &[]).await.contains("has no rows"));
    let errors = refused("62515,+18005550101,Sales\n", &[]).await;
    assert!(
        errors.contains("The first line must name the columns"),
        "{errors}"
    );
    assert!(!errors.contains("+1800"), "{errors}");
}

#[tokio::test]
async fn what_does_not_end_is_not_waited_for() {
    let open = format!(
        "portal,number,name\n62515,+18005550101,\"{}",
        "x\n".repeat(500_000)
    );
    assert!(
        refused(open, &[])
            .await
            .contains("Is a quotation mark left open?")
    );
    let json = format!(r#"[{{"number":"{}"}}]"#, "1".repeat(1_000_000));
    assert!(
        refused(json, &[])
            .await
            .contains("item 1: the row does not end")
    );
    let line = format!(r#"{{"number":"{}"}}"#, "1".repeat(1_000_000));
    assert!(
        refused(line, &[])
            .await
            .contains("line 1: the row does not end")
    );
}

#[tokio::test]
async fn a_portal_that_is_said_must_be_the_rows_own() {
    let errors = refused("portal,number\n7,+18005550101\n", &["--portal", "62515"]).await;
    assert!(
        errors.contains("line 2, portal \"7\" is not 62515, which --portal says"),
        "{errors}"
    );
    let errors = refused("number\n+18005550101\n", &[]).await;
    assert!(
        errors
            .contains("portal \"\" is missing: add a column with the portal's id, or say --portal"),
        "{errors}"
    );
}
