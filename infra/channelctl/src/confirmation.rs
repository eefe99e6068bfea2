//! Asks to type a name before something that cannot be taken back.

use std::io::{self, BufRead, IsTerminal};

use crate::terminal::NotConfirmed;

/// Asks to type a name, unless `yes` was given before.
pub fn type_name(question: &str, name: &str, yes: bool) -> Result<(), NotConfirmed> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(NotConfirmed::NobodyToAsk);
    }
    anstream::eprint!("{question} Type {name} to go on: ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == name {
        Ok(())
    } else {
        Err(NotConfirmed::Declined)
    }
}
