//! The webhook from outside: events in, answers and log lines out.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

mod aws;
mod function_process;
mod hostile;
mod lambda;
mod numbers;
mod outage;
mod process;
mod rotation;
mod runtime_api;
mod sample_events;
mod signed_url;
mod support;
mod tls_server;
mod trap;
