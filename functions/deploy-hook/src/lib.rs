//! The Lambda that registers the webhook with HubSpot at deploy time, proves it and releases it.

pub mod action;
pub mod config;
pub mod credential;
pub mod custom_resource;
pub mod hook;
pub mod hubspot;
pub mod probe;
pub mod properties;
pub mod registration;
pub mod response_url;
