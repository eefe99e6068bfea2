//! The Lambda that answers HubSpot's signed request with a portal's numbers.

pub mod config;
pub mod refusal;
pub mod webhook;
