//! The hook from outside: events in; HubSpot, CloudFormation, CodeDeploy and operators respond.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

#[path = "../support/mod.rs"]
mod account;
mod checks;
mod deploys;
mod failures;
mod holds;
mod operators;
mod protocol;
mod redaction;
mod rollbacks;
mod support;
