//! Manages phone numbers and the HubSpot registration of a deployed stack.

pub mod aws;
pub mod call;
pub mod calling_settings;
pub mod cli;
pub mod cloudwatch;
pub mod contract;
pub mod deploy;
pub mod doctor;
pub mod explain;
pub mod hubspot;
pub mod logs;
pub mod numbers;
pub mod outcome;
pub mod registration;
#[cfg(test)]
mod schema;
pub mod secrets;
pub mod stack;
pub mod status;
pub mod terminal;
