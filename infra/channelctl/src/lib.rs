//! The operator's command: numbers into the table, and the state of the registration out of it.

pub mod action;
pub mod aws_error;
pub mod cli;
pub mod clock;
pub mod diagnosis;
pub mod doctor;
pub mod ending;
pub mod event;
pub mod finding;
pub mod fresh_event;
pub mod hook;
pub mod next_step;
pub mod numbers;
pub mod registration;
pub mod samconfig;
pub mod sample_event;
pub mod secrets;
pub mod simulate;
pub mod stack;
pub mod stack_state;
pub mod status;
pub mod target;
pub mod terminal;
pub mod timed_call;
