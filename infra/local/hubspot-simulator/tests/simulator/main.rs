//! The simulator over HTTP: HubSpot's API, its call log, the webhook's caller, and the page.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

mod call_log;
mod hubspot;
mod hubspot_api;
mod page;
mod portal;
mod sample_event;
mod webhook_caller;
