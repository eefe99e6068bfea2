//! The Lambda that registers the webhook with HubSpot at deploy time, verifies it and releases it.
//!
//! `handler` routes an event; `deploy` and `registration` are a deploy's way to the desired state.

pub mod budget;
mod check;
pub mod config;
mod deploy;
mod desired_state;
pub mod handler;
mod operator;
mod probe;
mod registration;
mod report;
mod withdrawal;

mod cloudformation {
    pub(crate) mod request;
    pub(crate) mod response;
}

mod hubspot {
    pub(crate) mod auth;
    pub(crate) mod client;
    pub(crate) mod error;
    pub(crate) mod versioned;
}
