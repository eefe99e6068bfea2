//! An import that is stopped at whatever moment, and run again.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::NamedTempFile;

use crate::support::{NumbersTable, Rows, interrupt, on, rows, run_on};
use test_support::{DynamoDbProxy, ServerMode};

const ROWS: usize = 6_000;
const KILLS: usize = 10;
/// Far beyond what any wait here takes.
const DEADLINE: Duration = Duration::from_secs(60);

fn file(name: &str) -> (NamedTempFile, Rows) {
    let mut file = NamedTempFile::with_suffix(".csv").unwrap();
    let mut rows = BTreeMap::new();
    writeln!(file, "portal,number,name").unwrap();
    for at in 0..ROWS {
        let (portal, number) = (1 + at as u64 / 100, format!("+1800{:07}", 2_000_000 + at));
        writeln!(file, "{portal},{number},{name} {at}").unwrap();
        rows.insert((portal, number), (format!("{name} {at}"), vec![]));
    }
    (file, rows)
}

fn start(mut command: Command) -> Child {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_lose_nothing() {
    let table = NumbersTable::start().await;
    let (proxy, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    let (file, expected) = file("Line");
    let path = file.path().to_str().unwrap();
    let import = || on(&endpoint, &format!("import {path} --yes --replace"));
    let requests_before = proxy.requests();
    assert!(start(import()).wait().unwrap().success());
    let requests = proxy.requests() - requests_before;
    empty(&table).await;
    for kill in 0..KILLS {
        // At a moment of its own each time: while it reads, and behind ever more of its writes.
        let moment = proxy.requests() + 1 + kill * requests / (KILLS + 2);
        let mut child = start(import());
        wait_for_requests(&proxy, moment, &mut child).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert_subset(&rows(&table).await, &expected);
    }
    assert!(start(import()).wait().unwrap().success());
    assert_eq!(rows(&table).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_at_once() {
    let table = NumbersTable::start().await;
    let (proxy, endpoint) = DynamoDbProxy::start(&table.endpoint).await;
    let (file, expected) = file("Line");
    let path = file.path().to_str().unwrap();
    let mut import = on(&endpoint, &format!("import {path} --yes"));
    let mut child = import.stderr(Stdio::piped()).spawn().unwrap();
    // Behind 60 reads and some writes.
    assert!(wait_for_requests(&proxy, 120, &mut child).await);
    // A call that AWS does not answer would be waited for 30 s, and made again.
    proxy.set_mode(ServerMode::Hang);
    let stopped = Instant::now();
    interrupt(&child);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert!(stopped.elapsed() < Duration::from_secs(5));
    let message = String::from_utf8(ended.stderr).unwrap();
    let (_, message) = message.split_once("At least ").expect(&message);
    let rest = format!(" of {ROWS} rows are written. Run the command again");
    let (count, _) = message.split_once(&rest).expect(message);
    let written = rows(&table).await;
    assert!(
        (1..=written.len()).contains(&count.parse().unwrap()),
        "{count}"
    );
    assert_subset(&written, &expected);
}

/// Waits until so many requests have come; returns whether they did before the program ended.
async fn wait_for_requests(proxy: &DynamoDbProxy, count: usize, child: &mut Child) -> bool {
    let waited = tokio::time::timeout(DEADLINE, async {
        while proxy.requests() < count && child.try_wait().unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.expect("the program neither asks nor ends");
    proxy.requests() >= count
}

async fn empty(table: &NumbersTable) {
    for portal in 1..=ROWS as u64 / 100 {
        let remove = format!("remove --portal {portal} --all --yes");
        assert_eq!(run_on(table, &remove, "").await.code, Some(0));
    }
    assert!(rows(table).await.is_empty());
}

fn assert_subset(written: &Rows, expected: &Rows) {
    for (key, row) in written {
        assert_eq!(expected.get(key), Some(row));
    }
}
