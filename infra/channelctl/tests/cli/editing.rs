//! One number put or removed.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::{NumbersTable, import, named, on, rows, run};

#[tokio::test]
async fn a_number_is_put_and_changed_and_removed() {
    let table = NumbersTable::start().await;
    let put = async |arguments: &[&str], number: &str| {
        let arguments = [&["put", "--portal", "62515", "--yes"], arguments].concat();
        let ran = run(on(&table.endpoint, &arguments), number).await;
        assert_eq!(ran.code, Some(0), "{}", ran.errors);
    };
    put(&["--name", "Sales"], "+1 800 555 0101\n").await;
    put(&["--name", "Desk", "--region", "US"], "(800) 555-0102 x7\n").await;
    let both = [
        (62515, "+18005550101", "Sales"),
        (62515, "+18005550102;ext=7", "Desk"),
    ];
    assert_eq!(rows(&table).await, named(both));
    put(
        &["--name", "Front desk", "--user", "7"],
        "+18005550102;ext=7\n",
    )
    .await;
    let key = (62515, "+18005550102;ext=7".to_owned());
    let row = ("Front desk".to_owned(), vec!["7".to_owned()]);
    assert_eq!(rows(&table).await[&key], row);
    let removed = run(
        on(&table.endpoint, &["remove", "--portal", "62515", "--yes"]),
        "+18005550101\n",
    )
    .await;
    assert_eq!(removed.code, Some(0), "{}", removed.errors);
    assert_eq!(rows(&table).await.into_keys().collect::<Vec<_>>(), [key]);
}

#[tokio::test]
async fn a_name_that_will_be_cut_is_warned_of_without_a_line_as_there_is_no_file() {
    let table = NumbersTable::start().await;
    let put = ["put", "--portal", "62515", "--yes", "--name"];
    let name = "Customer success, first floor";
    let ran = run(
        on(&table.endpoint, &[&put[..], &[name]].concat()),
        "+18005550101\n",
    )
    .await;
    assert!(
        ran.errors
            .contains(&format!("warning name {name:?} is longer")),
        "{}",
        ran.errors
    );
}

#[tokio::test]
async fn users_are_a_set_however_they_are_said() {
    let table = NumbersTable::start().await;
    let put = ["put", "--portal", "62515", "--yes", "--name", "Desk"];
    for (users, told) in [
        (["--user=8", "--user=7", "--user=8"], "1 to add"),
        (["--user=7", "--user=8", "--user=7"], "1 as they are"),
    ] {
        let ran = run(
            on(&table.endpoint, &[&put[..], &users].concat()),
            "+18005550101\n",
        )
        .await;
        assert_eq!(ran.code, Some(0), "{}", ran.errors);
        assert!(ran.output.contains(told), "{}", ran.output);
    }
    let users = rows(&table).await.into_values().map(|(_, users)| users);
    assert_eq!(users.collect::<Vec<_>>(), [["7", "8"]]);
}

#[tokio::test]
async fn all_of_a_portal_is_removed_and_nothing_of_another() {
    let table = NumbersTable::start().await;
    let file = "portal,number,name\n7,+18005550101,Kept\n62515,+18005550101,Gone\n62515,+18005550102,Gone\n";
    import(&table, file, &[]).await;
    let remove = ["remove", "--portal", "62515", "--all"];
    let shown = run(
        on(&table.endpoint, &[&remove[..], &["--dry-run"]].concat()),
        "",
    )
    .await;
    assert!(shown.output.contains("2 to remove"), "{}", shown.output);
    assert_eq!(rows(&table).await.len(), 3);
    run(on(&table.endpoint, &[&remove[..], &["--yes"]].concat()), "").await;
    assert_eq!(rows(&table).await, named([(7, "+18005550101", "Kept")]));
}

#[tokio::test]
async fn a_key_that_is_no_number_is_removed_as_it_is_typed() {
    let table = NumbersTable::start().await;
    import(&table, "portal,number,name\n62515,+18005550101,Kept\n", &[]).await;
    let name = AttributeValue::S("Wrong".into());
    for key in ["0800 CALL", "+1 800 555 0101"] {
        table.put(key, "friendlyName", name.clone()).await;
        let remove = ["remove", "--portal", "62515", "--yes"];
        let ran = run(on(&table.endpoint, &remove), format!("{key}\n")).await;
        assert_eq!(ran.code, Some(0), "{key}: {}", ran.errors);
        assert_eq!(rows(&table).await, named([(62515, "+18005550101", "Kept")]));
    }
}

#[tokio::test]
async fn a_number_that_is_put_is_warned_of_as_in_a_file() {
    let table = NumbersTable::start().await;
    let name = "Customer success Europe and Africa";
    let put = async |more: &[&str]| {
        let put = ["put", "--portal", "62515", "--yes", "--name", name];
        let arguments = [&put[..], more].concat();
        run(on(&table.endpoint, &arguments), "+18005550101 x7\n").await
    };
    let ran = put(&[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    for text in [
        "HubSpot will show \"Customer success Europe\"",
        "number \"+18005550101 x7\" will be shown, but not selected.",
    ] {
        assert!(ran.errors.contains(text), "{text} in {}", ran.errors);
    }
    let plan: serde_json::Value = serde_json::from_str(&put(&["--json"]).await.output).unwrap();
    assert_eq!(plan["findings"]["warnings"], 2);
}

#[tokio::test]
async fn a_name_that_nobody_could_read_is_refused_with_its_limit() {
    let table = NumbersTable::start().await;
    let name = "x".repeat(1_025);
    let put = on(
        &table.endpoint,
        &["put", "--portal", "62515", "--name", &name],
    );
    let ran = run(put, "+18005550101\n").await;
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.errors.contains("longer than 1024 bytes. Say a shorter"),
        "{}",
        ran.errors
    );
}

#[tokio::test]
async fn what_is_not_there_or_no_number_is_said_to_be_so() {
    let table = NumbersTable::start().await;
    let told = async |command: &str, input: &str| {
        let ran = run(
            on(&table.endpoint, &[command, "--portal", "62515", "--yes"]),
            input,
        )
        .await;
        assert_eq!(ran.code, Some(1));
        ran.errors
    };
    assert!(
        told("remove", "+18005550101\n")
            .await
            .contains("Portal 62515 has no such number.")
    );
    let nothing = run(
        on(&table.endpoint, &["remove", "--portal", "62515", "--all"]),
        "",
    )
    .await;
    assert_eq!(nothing.code, Some(1));
    assert!(
        nothing.errors.contains("Portal 62515 has no numbers."),
        "{}",
        nothing.errors
    );
    assert!(
        told("put", "8005550101\n")
            .await
            .contains("The number has no country code")
    );
    assert!(told("put", "").await.contains("Nothing was said"));
    let endless = "1".repeat(100_000);
    assert!(told("put", &endless).await.contains("The number has no"));
    let behind_what_is_read = format!("{}+18005550101\n", " ".repeat(1_024));
    let told_nothing = told("put", &behind_what_is_read).await;
    assert!(told_nothing.contains("Nothing was said"), "{told_nothing}");
    let ran = run(
        on(&table.endpoint, &["put", "--portal", "62515"]),
        b"\xff\n",
    )
    .await;
    assert!(
        ran.errors.contains("cannot read the number"),
        "{}",
        ran.errors
    );
}
