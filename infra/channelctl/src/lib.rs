//! Manages phone numbers and the HubSpot registration of a deployed stack.

pub mod account;
pub mod action;
#[cfg(test)]
mod advice;
pub mod aws_error;
pub mod call;
pub mod cli;
pub mod clock;
pub mod delete;
pub mod deploy;
pub mod doctor;
pub mod ending;
pub mod events;
pub mod hook;
pub mod logs;
pub mod numbers;
pub mod registration;
pub mod samconfig;
pub mod secret_input;
pub mod secrets;
pub mod stack;
pub mod status;
pub mod target;
pub mod terminal;
pub mod timed_call;
pub mod version;
