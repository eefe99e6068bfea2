//! HubSpot's question, asked of any stage: what its user would see, and how long it took.

use std::{
    io::{self, Write},
    time::SystemTime,
};

use channel_connection::{
    contract,
    ids::{PortalId, UserId},
    numbers_request::NumbersRequest,
    shown_number::{ShownNumber, shown_numbers},
    webhook_call::{WebhookCall, WebhookResponse},
};
use clap::Args;
use serde_json::{Value, json};

use crate::{
    ending::{Ending, Failure},
    secrets,
    stack::Stack,
    terminal::{self, GOOD, WRONG, coloured, escape},
    timed_call,
};

/// How much of an answer that is no list is shown, in characters.
const SHOWN: usize = 500;

/// Who asks.
#[derive(Debug, Clone, Args)]
pub struct CallOptions {
    /// The customer's HubSpot account
    #[arg(long)]
    portal: PortalId,
    /// The person who looks at the list
    #[arg(long, default_value = "1")]
    user: UserId,
}

/// Sends the signed request once, and prints the answer.
pub async fn send(stack: &Stack, options: &CallOptions, as_json: bool) -> Result<Ending, Failure> {
    let question = NumbersRequest {
        app_id: stack.app_id()?,
        portal_id: options.portal,
        user_id: options.user,
    };
    let secret = secrets::client_secret(stack).await?;
    let call = WebhookCall::signed(stack.webhook_url()?, question, &secret, SystemTime::now());
    let (answer, took) = timed_call::send(&call).await?;
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let violations = contract::response_violations(answer.status, &answer.body);
    if as_json {
        terminal::print_json(&json!({
            "url": call.url.as_str(), "status": answer.status, "body": body(&answer),
            "milliseconds": milliseconds, "violations": violations,
        }))?;
    } else {
        writeln!(
            terminal::output(),
            "{} answered {} in {milliseconds} ms",
            call.url,
            answer.status
        )?;
        print(&answer, &violations)?;
    }
    Ok(if violations.is_empty() {
        Ending::Done
    } else {
        Ending::SomethingWrong
    })
}

fn body(answer: &WebhookResponse) -> Value {
    serde_json::from_slice(&answer.body)
        .unwrap_or_else(|_| String::from_utf8_lossy(&answer.body).into())
}

fn print(answer: &WebhookResponse, violations: &[String]) -> io::Result<()> {
    let mut output = terminal::output();
    if answer.status == 200 {
        match shown_numbers(&answer.body).as_slice() {
            [] => writeln!(output, "HubSpot shows an empty list.")?,
            numbers => writeln!(output, "{}", list(numbers))?,
        }
    } else {
        let said: String = body(answer).to_string().chars().take(SHOWN).collect();
        writeln!(output, "{}", escape(&said))?;
    }
    if violations.is_empty() {
        writeln!(
            terminal::output(),
            "{} as HubSpot expects it",
            coloured(GOOD, "answered")
        )?;
    }
    for violation in violations {
        writeln!(
            terminal::output(),
            "{} {violation}",
            coloured(WRONG, "violation:")
        )?;
    }
    Ok(())
}

fn list(numbers: &[ShownNumber]) -> comfy_table::Table {
    let mut table = terminal::table(["name", "number", "extension", "selectable"]);
    for shown in numbers {
        let lost = match shown.name_lost.as_str() {
            "" => String::new(),
            lost => format!(" (HubSpot cuts off: {lost})"),
        };
        let extension = shown.extension.as_deref().unwrap_or_default();
        table.add_row([
            &escape(&format!("{}{lost}", shown.name)),
            &escape(&shown.number),
            &escape(extension),
            shown.not_selectable.unwrap_or("yes"),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use channel_connection::friendly_name::is_unsafe;

    use super::*;

    #[test]
    fn an_answer_never_reaches_the_terminal_raw() {
        let bad = "\u{1b}[2J\u{9b}2J\u{202e}";
        let listed =
            json!({"e164PhoneNumber": bad, "friendlyName": format!("Desk{bad}"), "extension": bad});
        let numbers = shown_numbers(json!({"phoneNumbers": [listed]}).to_string().as_bytes());
        let shown = list(&numbers).to_string();
        assert!(shown.contains("Desk [2J 2J"), "{shown}");
        assert!(!shown.replace('\n', "").contains(is_unsafe), "{shown:?}");
    }
}
