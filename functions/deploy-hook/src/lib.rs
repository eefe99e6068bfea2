//! The Lambda that registers the webhook with HubSpot at deploy time, proves it and releases it.

pub mod api_error;
mod attempt;
pub mod audit;
pub mod config;
pub mod credential;
pub mod custom_resource;
mod deploy;
pub mod hook;
pub mod hubspot;
pub mod lifecycle;
pub mod oauth;
mod operate;
pub mod operator;
pub mod outcome;
pub mod pauses;
pub mod plan;
pub mod probe;
pub mod properties;
pub mod readiness;
pub mod register_error;
pub mod registration;
pub mod response_url;
pub mod settings_api;
pub mod time_budget;
