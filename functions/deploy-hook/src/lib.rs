//! The Lambda that registers the webhook with HubSpot at deploy time, verifies it and releases it.
//!
//! `handler` routes an event; `registration` brings HubSpot to the desired state.

mod check;
mod codedeploy;
pub mod config;
mod desired_state;
pub mod handler;
mod operator;
mod probe;
mod registration;
mod report;

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
