//! Users by their emails, from a file as HubSpot exports its users.

use std::fs;

use tempfile::TempDir;

use crate::support::{NumbersTable, Ran, import, rows, run_on};

const NUMBERS: &str = "portalId,number,Email\n1,+18001231234,Ann@example.com; 8\n1,+18001231235,\n";
const USERS: &str = "First name,Email,User ID\nAnn,ann@example.com,7\nBob,bob@example.com,9\n";

/// Imports numbers with a file of users beside them.
async fn import_with(table: &NumbersTable, numbers: &str, users: &str) -> Ran {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("users.csv");
    fs::write(&file, users).unwrap();
    import(table, numbers, &format!("--users {}", file.display())).await
}

#[tokio::test]
async fn emails_become_user_ids_and_back() {
    let table = NumbersTable::start().await;
    let ran = import_with(&table, NUMBERS, USERS).await;
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    let users: Vec<_> = rows(&table)
        .await
        .into_values()
        .map(|(_, users)| users)
        .collect();
    assert_eq!(users, [vec!["7", "8"], vec![]]);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("users.csv");
    fs::write(&file, USERS).unwrap();
    let list = format!("list --portal 1 --users {}", file.display());
    let ran = run_on(&table, &list, "").await;
    assert!(ran.output.contains("ann@example.com 8"), "{}", ran.output);
    let ran = run_on(&table, &format!("{list} --json"), "").await;
    assert!(ran.output.contains(r#""userEmails": ["#), "{}", ran.output);
}

#[tokio::test]
async fn an_unknown_email_writes_nothing() {
    let table = NumbersTable::start().await;
    let unknown = NUMBERS.replace("Ann@", "eve@");
    let twice = format!("{USERS}Ann,ANN@example.com,70\n");
    for (name, numbers, users, problem) in [
        ("unknown", unknown.as_str(), USERS, "does not have"),
        ("two ids", NUMBERS, &twice, "line 4"),
        (
            "no id",
            NUMBERS,
            "Email,User ID\nann@example.com,\n",
            "line 2",
        ),
        (
            "no column",
            NUMBERS,
            "Email,Name\na@example.com,Ann\n",
            "line 1",
        ),
    ] {
        let ran = import_with(&table, numbers, users).await;
        assert_eq!(ran.code, Some(5), "{name}: {}", ran.errors);
        assert!(ran.errors.contains(problem), "{name}: {}", ran.errors);
    }
    let ran = import(&table, NUMBERS, "--map users=Email").await;
    assert_eq!(ran.code, Some(5), "{}", ran.errors);
    assert!(ran.errors.contains("give --users FILE"), "{}", ran.errors);
    assert!(rows(&table).await.is_empty());
}
