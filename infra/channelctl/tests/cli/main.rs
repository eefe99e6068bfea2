//! The command as its user runs it: the real program, against a DynamoDB endpoint.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

mod aws;
mod aws_refusing;
mod cells;
mod checking;
mod checkout;
mod contract;
mod doctor;
mod editing;
mod explain;
mod files;
mod help;
mod importing;
mod interrupted;
mod json;
mod logs;
mod numbers_json;
mod planning;
mod registering;
mod stages;
mod support;
mod target;
mod throttled;
mod users;
