//! The hook from outside: events in; HubSpot, CloudFormation and operators told.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

mod before_traffic;
mod deleting;
mod dispatching;
mod failing;
mod hubspot_failing;
mod operating;
mod registering;
mod rolling_back;
mod secrets;
mod support;
mod telling;
