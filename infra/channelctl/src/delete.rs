//! Deletes a stack, and says what stays.

use std::io::Write;

use anstream::eprintln;
use aws_sdk_cloudformation::Client;
use serde_json::json;
use tokio::signal;

use crate::{
    account,
    aws_error::AwsError,
    ending::{Ending, Failure},
    events,
    stack::Stack,
    target::Target,
    terminal,
};

/// The reason a stack is still there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stack} is not deleted: {status}; the reasons are above. See what to fix: {doctor}")]
pub struct NotDeleted {
    stack: String,
    status: String,
    doctor: String,
}

/// Deletes a stack after asking; its numbers stay.
pub async fn delete(target: Target, yes: bool, as_json: bool) -> Result<Ending, Failure> {
    let place = account::place(&target).await?;
    let stack = Stack::find(target).await?;
    let target = &stack.target;
    let question = format!("Delete {place}?");
    terminal::confirm_name(&question, target.name(), yes)?;
    let client = Client::new(&target.aws);
    let seen = events::known(&client, &stack.id).await?;
    eprintln!("deleting {place}");
    let deleted = client.delete_stack().stack_name(&stack.id).send().await;
    deleted.map_err(|error| AwsError::new("delete the stack", &error))?;
    let status = tokio::select! {
        status = events::until_deleted(&client, &stack.id, Some(seen)) => status?,
        _ = signal::ctrl_c() => {
            eprintln!(
                "CloudFormation finishes what it has begun. See how far it is: {}",
                target.command("doctor")
            );
            return Ok(Ending::Interrupted);
        }
    };
    if status != "DELETE_COMPLETE" {
        let doctor = target.command("doctor");
        let stack = target.stack.clone();
        return Err(NotDeleted {
            stack,
            status,
            doctor,
        }
        .into());
    }
    show(&stack, as_json)
}

fn show(stack: &Stack, as_json: bool) -> Result<Ending, Failure> {
    // A stack whose first deploy failed has no outputs.
    let table = stack.output("NumbersTable").ok();
    if as_json {
        let name = &stack.target.stack;
        terminal::print_json(&json!({"stack": name, "deleted": true, "numbersTable": table}))?;
        return Ok(Ending::Done);
    }
    let mut output = terminal::output();
    match table {
        None => writeln!(output, "Deleted. The stack had no numbers table.")?,
        Some(table) => {
            writeln!(
                output,
                "Deleted. The numbers are still in the table {table}."
            )?;
            for command in table_commands(stack, table) {
                writeln!(output, "  {command}")?;
            }
        }
    }
    Ok(Ending::Done)
}

/// Writes the commands that delete the numbers too.
pub(crate) fn table_commands(stack: &Stack, table: &str) -> Vec<String> {
    let mut commands = Vec::new();
    if stack.parameter("DeletionProtection") == Some("true") {
        commands.push(format!(
            "dynamodb update-table --no-deletion-protection-enabled --table-name {table}"
        ));
    }
    commands.push(format!("dynamodb delete-table --table-name {table}"));
    let target = &stack.target;
    commands
        .iter()
        .map(|command| target.aws_command(command))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protection_is_lifted_before_the_table_is_deleted() {
        let stack = Stack::with_parameter("DeletionProtection", "true");
        let commands = table_commands(&stack, "numbers");
        assert_eq!(commands.len(), 2);
        assert!(commands[0].contains("--no-deletion-protection-enabled"));
        assert!(commands[1].contains("delete-table --table-name numbers --region eu-west-1"));
        assert_eq!(table_commands(&Stack::in_state("X"), "numbers").len(), 1);
    }
}
