//! The Lambda that registers the webhook with HubSpot at deploy time, proves it and releases it.
#![warn(missing_docs)]

mod action;
mod api_error;
mod attempt;
mod audit;
mod before_traffic;
pub mod config;
mod credential;
mod custom_resource;
mod deploy;
mod dispatch;
pub mod hook;
pub mod hook_error;
mod hubspot;
mod lifecycle;
mod oauth;
mod operate;
mod outcome;
mod pauses;
mod plan;
mod probe;
mod properties;
mod readiness;
mod register_error;
mod registered;
mod registration;
mod report;
mod response_url;
mod settings_api;
pub mod time_budget;
mod transport;
mod withdrawal;
