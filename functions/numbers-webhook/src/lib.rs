//! The Lambda that answers HubSpot's signed request with a portal's numbers.
#![warn(missing_docs)]

pub mod answer;
mod aws_service;
mod client_secret;
pub mod config;
mod connection;
pub mod event;
pub mod gate;
mod last_good;
mod live_secrets;
mod numbers_table;
mod prompt_stream;
mod refusal;
mod request_record;
mod store;
pub mod tls;
pub mod webhook;
