//! Deletes a stack, and says what stays.

use std::io::Write;

use anstream::eprintln;
use aws_sdk_cloudformation::Client;
use serde::Serialize;

use crate::{
    aws::{self, AwsError},
    deploy::events::{self, Events},
    outcome::{self, Failure, Outcome},
    stack::{Stack, target::Target},
    terminal,
};

/// What is left of a stack that was deleted.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deleted<'a> {
    account: &'a str,
    /// The commands that delete the numbers too.
    delete_numbers: Vec<String>,
    numbers_table: Option<&'a str>,
    region: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["deleted"])))]
    result: &'static str,
    stack: &'a str,
}

/// Deletes a stack after asking; its numbers stay.
pub async fn delete(target: Target, yes: bool, as_json: bool) -> Result<Outcome, Failure> {
    let account = terminal::wait("AWS STS", aws::account(&target.aws)).await?;
    let stack = Stack::find(target).await?;
    let (target, place) = (&stack.target, stack.target.place(&account));
    if stack.is_protected {
        let name = &target.stack;
        let command = format!(
            "cloudformation update-termination-protection --no-enable-termination-protection --stack-name {name}"
        );
        let refused = format!("{name} is protected from deletion. Lift that first.");
        return Err(Failure::refused(refused).then(target.aws_command(&command)));
    }
    terminal::confirm_name(&format!("Delete {place}?"), target.name(), yes)?;
    let client = Client::new(&target.aws);
    let seen = Events::until_now(&client, &stack.id).await?;
    eprintln!("deleting {place}");
    outcome::if_stopped(events::if_stopped(target));
    let deleted = client.delete_stack().stack_name(&stack.id).send().await;
    deleted.map_err(|error| AwsError::new("delete the stack", &error))?;
    let status = seen.until_settled(&client, &stack.id).await?;
    if status != "DELETE_COMPLETE" {
        let name = &target.stack;
        let failed = format!("{name} is not deleted: {status}; the reasons are above.");
        return Err(Failure::failed(failed).then(target.command("doctor")));
    }
    show(&stack, &account, as_json)
}

fn show(stack: &Stack, account: &str, as_json: bool) -> Result<Outcome, Failure> {
    // A stack whose first deploy failed has no outputs.
    let table = stack.output("NumbersTable").ok();
    let commands = table.map(|table| table_commands(stack, table));
    let document = Deleted {
        account,
        delete_numbers: commands.unwrap_or_default(),
        numbers_table: table,
        region: stack.target.region(),
        result: "deleted",
        stack: &stack.target.stack,
    };
    terminal::print(as_json, &document, || {
        let mut output = terminal::output();
        match table {
            None => writeln!(output, "Deleted. The stack had no numbers table.")?,
            Some(table) => writeln!(
                output,
                "Deleted. The numbers are still in the table {table}."
            )?,
        }
        for command in &document.delete_numbers {
            writeln!(output, "  {command}")?;
        }
        Ok(())
    })?;
    Ok(Outcome::Done)
}

/// Writes the commands that delete the numbers too; none for a table that the stack only used.
fn table_commands(stack: &Stack, table: &str) -> Vec<String> {
    if stack
        .parameter("NumbersTableName")
        .is_some_and(|name| !name.is_empty())
    {
        return Vec::new();
    }
    let protected = stack.parameter("DeletionProtection") == Some("true");
    let lift = protected.then_some("update-table --no-deletion-protection-enabled");
    lift.into_iter()
        .chain(["delete-table"])
        .map(|command| {
            let command = format!("dynamodb {command} --table-name {table}");
            stack.target.aws_command(&command)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::tests::stack;

    #[test]
    fn names_the_commands_that_delete_the_numbers() {
        let lift = "aws dynamodb update-table --no-deletion-protection-enabled";
        let delete = "aws dynamodb delete-table";
        for (name, parameter, expected) in [
            (
                "protected",
                ("DeletionProtection", "true"),
                &[lift, delete][..],
            ),
            ("unprotected", ("DeletionProtection", "false"), &[delete]),
            ("own table", ("NumbersTableName", ""), &[delete]),
            ("another's table", ("NumbersTableName", "numbers"), &[]),
        ] {
            let commands = table_commands(&stack("UPDATE_COMPLETE", parameter), "numbers");
            let of_table = " --table-name numbers --region eu-west-1";
            let expected = expected
                .iter()
                .map(|command| (*command).to_owned() + of_table);
            assert_eq!(commands, expected.collect::<Vec<_>>(), "{name}");
        }
    }
}
