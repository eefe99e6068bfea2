//! Manages phone numbers and the HubSpot registration of a deployed stack.

pub mod aws;
pub mod call;
pub mod cli;
pub mod contract;
pub mod delete;
pub mod deploy;
pub mod doctor;
pub mod ending;
pub mod numbers;
pub mod parameters;
pub mod registration;
pub mod samconfig;
pub mod secrets;
pub mod stack;
pub mod status;
pub mod target;
pub mod terminal;
