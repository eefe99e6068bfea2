//! Files of JSON, as an array or line by line.

use crate::{
    files::{assert_read, refused},
    support::{NumbersTable, import, named, rows},
};

#[tokio::test]
async fn json_is_read_as_an_array_and_as_lines() {
    let rows =
        r#"{"portalId":62515,"e164PhoneNumber":"+18005550101","friendlyName":"Sales, east"}"#;
    let other = r#"{"portalId":"62515","number":"+18005550102","name":"Desk","extension":null}"#;
    assert_read(format!("[{rows},\n{other}]"), &[]).await;
    assert_read(format!("{rows}\n\n{other}\n"), &[]).await;
    assert_read(format!("{rows}\n{other}"), &["--format", "jsonl"]).await;
}

#[tokio::test]
async fn a_field_that_is_mapped_is_never_guessed() {
    let file = "{\"portal\":62515,\"team\":\"Sales, east\",\"number\":\"+18005550101\"}\n\
        {\"portal\":62515,\"name\":\"Not the team\",\"number\":\"+18005550102\"}";
    let table = NumbersTable::start().await;
    let ran = import(&table, file, &["--map", "name=team"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    let expected = [
        (62515, "+18005550101", "Sales, east"),
        (62515, "+18005550102", ""),
    ];
    assert_eq!(rows(&table).await, named(expected));
    let absent = refused(file, &["--map", "name=squad"]).await;
    assert!(
        absent.contains("--map name=squad: there is no such column. There are: "),
        "{absent}"
    );
}

#[tokio::test]
async fn what_is_neither_text_nor_number_is_a_bad_row() {
    for value in [r#"{"en":"Sales"}"#, "true", r#"["Sales"]"#] {
        let row = format!(r#"[{{"portal":62515,"number":"+18005550101","name":{value}}}]"#);
        let told = refused(row, &[]).await;
        assert!(told.contains("is neither text nor number"), "{told}");
    }
}

#[tokio::test]
async fn users_come_as_a_list_in_json_and_as_words_in_csv() {
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
async fn what_is_json_but_no_row_is_named_by_its_place_and_not_repeated() {
    let row = r#"{"portal":1,"number":"+18005550101"}"#;
    for (file, place) in [
        (r#"["+18005550101"]"#.to_owned(), "item 1"),
        (format!(r#"[{row},["+18005550101"]]"#), "item 2"),
        (format!("{row}\n\"+18005550101\"\n"), "line 2"),
    ] {
        let told = refused(file, &[]).await;
        assert!(told.contains(&format!("{place}: this is no row")), "{told}");
        assert!(!told.contains("+1800"), "{told}");
    }
    let told = refused(row, &["--format", "json"]).await;
    assert!(told.contains("one array of objects"), "{told}");
}

#[tokio::test]
async fn an_array_that_ends_behind_a_row_is_refused_and_not_taken_for_whole() {
    let cut = r#"[{"portal":1,"number":"+18005550101"}"#;
    let told = refused(cut, &["--replace"]).await;
    assert!(told.contains("item 2: this is no JSON"), "{told}");
}

#[tokio::test]
async fn broken_json_is_named_by_its_place() {
    assert!(
        refused(r#"[{"portal":1,"number":"+18005550101"},{"portal":"#, &[])
            .await
            .contains("item 2: this is no JSON")
    );
    assert!(
        refused("{\"portal\":1,\"number\":\"+18005550101\"}\n{,\n", &[])
            .await
            .contains("line 2: this is no JSON")
    );
}
