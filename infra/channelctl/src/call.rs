//! Calls the webhook as HubSpot does, and shows what its user would see.

use std::{
    io::{self, Write},
    time::{Instant, SystemTime},
};

use channel_connection::{
    contract,
    ids::{PortalId, UserId},
    numbers_request::NumbersRequest,
    shown_number::{ShownNumber, shown_numbers},
    webhook_call::{TIMEOUT, WebhookCall, WebhookResponse},
    webhook_url::WebhookUrl,
};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::{
    hubspot,
    outcome::{Failure, Outcome},
    secrets,
    stack::Stack,
    terminal::{self, GOOD, WRONG, coloured, escape},
};

/// Maximum characters shown of a response that is no list.
const SHOWN: usize = 500;

/// Whom HubSpot asks for.
#[derive(Debug, Clone, Args)]
pub struct CallOptions {
    /// The customer's HubSpot account
    #[arg(long)]
    portal: PortalId,
    /// The person who looks at the list
    #[arg(long, default_value = "1")]
    user: UserId,
}

/// A call of the webhook, and its response.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Called<'a> {
    stack: &'a str,
    url: &'a str,
    status: u16,
    /// As text if it is no JSON.
    body: Value,
    milliseconds: u64,
    violations: Vec<String>,
}

/// Sends the signed request once; returns the URL, the response and its milliseconds.
pub async fn ask(
    stack: &Stack,
    portal_id: PortalId,
    user_id: UserId,
) -> Result<(WebhookUrl, WebhookResponse, u128), Failure> {
    let request = NumbersRequest {
        app_id: stack.app_id()?,
        portal_id,
        user_id,
    };
    let secret = terminal::wait("Secrets Manager", secrets::client_secret(stack)).await?;
    let call = WebhookCall::signed(stack.webhook_url()?, request, &secret, SystemTime::now());
    let http = hubspot::http_client(TIMEOUT, call.url.policy())?;
    let started = Instant::now();
    let response = terminal::wait("the webhook", call.send(&http)).await;
    let response = response.map_err(|error| {
        Failure::failed(format!("{}: {error}", call.url)).then(stack.command("doctor"))
    })?;
    Ok((call.url, response, started.elapsed().as_millis()))
}

/// Calls the webhook, and prints the response.
pub async fn send(stack: &Stack, options: &CallOptions, as_json: bool) -> Result<Outcome, Failure> {
    let (url, response, milliseconds) = ask(stack, options.portal, options.user).await?;
    let (url, status) = (url.as_str(), response.status);
    let document = Called {
        stack: &stack.target.stack,
        url,
        status,
        body: body(&response),
        milliseconds: milliseconds.try_into().unwrap_or(u64::MAX),
        violations: contract::violations(status, &response.body),
    };
    terminal::print(as_json, &document, || {
        let mut output = terminal::output();
        writeln!(output, "{url} answered {status} in {milliseconds} ms")?;
        print(&response, &document.violations)
    })?;
    Ok(Outcome::of(!document.violations.is_empty()))
}

fn body(response: &WebhookResponse) -> Value {
    serde_json::from_slice(&response.body)
        .unwrap_or_else(|_| String::from_utf8_lossy(&response.body).into())
}

fn print(response: &WebhookResponse, violations: &[String]) -> io::Result<()> {
    let mut output = terminal::output();
    if response.status == 200 {
        match shown_numbers(&response.body).as_slice() {
            [] => writeln!(output, "HubSpot shows an empty list.")?,
            numbers => writeln!(output, "{}", list(numbers))?,
        }
    } else {
        let text: String = body(response).to_string().chars().take(SHOWN).collect();
        writeln!(output, "{}", escape(&text))?;
    }
    if violations.is_empty() {
        let answered = coloured(GOOD, "answered");
        writeln!(output, "{answered} as HubSpot expects it")?;
    }
    for violation in violations {
        writeln!(output, "{} {violation}", coloured(WRONG, "violation:"))?;
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
    use serde_json::json;

    use super::*;

    #[test]
    fn a_response_never_reaches_the_terminal_raw() {
        let bad = "\u{1b}[2J\u{9b}2J\u{202e}";
        let listed =
            json!({"e164PhoneNumber": bad, "friendlyName": format!("Desk{bad}"), "extension": bad});
        let numbers = shown_numbers(json!({"phoneNumbers": [listed]}).to_string().as_bytes());
        let shown = list(&numbers).to_string();
        assert!(shown.contains("Desk [2J 2J"), "{shown}");
        assert!(!shown.replace('\n', "").contains(is_unsafe), "{shown:?}");
    }
}
