//! The Lambda function that answers HubSpot's signed request with a portal's numbers.

mod access_log;
mod auth;
pub mod aws;
pub mod config;
pub mod lambda;
mod numbers_table;
mod request_error;
mod secret_cache;
mod stale_cache;
pub mod webhook;
