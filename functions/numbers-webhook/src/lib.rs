//! The Lambda that answers HubSpot's signed request with a portal's numbers.

pub mod api_gateway;
pub mod config;
pub mod gate;
mod last_good;
mod live_secrets;
pub mod refusal;
mod request_record;
mod store;
pub mod webhook;
