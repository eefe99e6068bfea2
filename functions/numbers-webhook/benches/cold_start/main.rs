//! A cold start, and what follows it, of the function as it is deployed.
//!
//! The program is `BOOTSTRAP`. As a bench it measures everything, beside what was recorded last, and
//! records it where `MEASURE` names what was changed. As a test it counts instructions only, which
//! are the same from run to run, and holds them against the budget.
#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a bench may fail loudly, and its parts are nobody else's"
)]

mod aws;
mod bootstrap;
mod chart;
mod figures;
#[path = "../../tests/webhook/function_process.rs"]
mod function_process;
mod measure;
#[path = "../../tests/webhook/runtime_api.rs"]
mod runtime_api;
#[path = "../../tests/webhook/tls_server.rs"]
mod tls_server;

use std::{env, path::PathBuf, process::ExitCode};

use figures::Record;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(program) = env::var_os("BOOTSTRAP").map(PathBuf::from) else {
        println!("cold_start: nothing to measure. Name the built function in BOOTSTRAP.");
        return ExitCode::SUCCESS;
    };
    if !cfg!(target_os = "linux") {
        println!("The function is built for Linux: measure it there.");
        return ExitCode::FAILURE;
    }
    if env::args().any(|argument| argument == "--bench") {
        bench(&program).await;
        return ExitCode::SUCCESS;
    }
    let Some(counted) = measure::instructions(&program).await else {
        println!(
            "Missing: valgrind, which counts instructions. Get it from your system's packages."
        );
        return ExitCode::FAILURE;
    };
    if Record::read().budget.holds(counted) {
        return ExitCode::SUCCESS;
    }
    println!("That is too many. See \"Where the time goes\" in functions/README.md.");
    ExitCode::FAILURE
}

async fn bench(program: &std::path::Path) {
    let mut record = Record::read();
    let measure = env::var("MEASURE").ok().filter(|name| !name.is_empty());
    let name = measure.clone().unwrap_or_else(|| "now".into());
    let figures = measure::everything(program, name).await;
    record.compare(&figures);
    if measure.is_some() {
        record.add(figures);
        chart::draw(&record.measures);
    }
}
