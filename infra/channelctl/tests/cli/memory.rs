//! What an import takes in memory, however long its file is.

use std::{
    fs,
    io::Write,
    process::{Child, Stdio},
};

use tempfile::NamedTempFile;

use crate::support::{NumbersTable, on};

/// The largest peak of memory that was ever seen of a process, in KiB.
fn peak(child: &mut Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(now.unwrap_or_default());
        std::thread::yield_now();
    }
    peak
}

async fn peak_of(table: &NumbersTable, rows: usize) -> u64 {
    let mut file = NamedTempFile::with_suffix(".csv").unwrap();
    writeln!(file, "portal,number,name").unwrap();
    for at in 0..rows {
        writeln!(
            file,
            "{},+1{},Line {at}",
            1 + at / 1_000,
            2_000_000_000 + at
        )
        .unwrap();
    }
    let mut import = on(
        &table.endpoint,
        &["import", file.path().to_str().unwrap(), "--dry-run"],
    );
    let mut child = import
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let peak = tokio::task::spawn_blocking(move || {
        let peak = peak(&mut child);
        assert!(child.wait().unwrap().success());
        peak
    });
    peak.await.unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_with_the_file() {
    let table = NumbersTable::start().await;
    let (some, many) = (
        peak_of(&table, 30_000).await,
        peak_of(&table, 120_000).await,
    );
    println!("peak memory: {some} KiB for 30,000 rows, {many} KiB for 120,000");
    assert!(many < 64 * 1024, "{many} KiB");
    // What is kept on disk is cached up to a fixed size, which 30,000 rows do not fill.
    assert!(many < some + 12 * 1024, "{some} KiB grew to {many} KiB");
}
