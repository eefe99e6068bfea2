//! The version of this program, and of the stack that is named.

use std::io::Write;

use serde_json::json;

use crate::{
    ending::{Ending, Failure},
    stack::Stack,
    status, terminal,
};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit that was built, which `make channelctl` gives.
const COMMIT: Option<&str> = option_env!("CHANNELCTL_COMMIT");

/// Prints this program's version and, where one is named, the stack's.
pub async fn show(stack: Option<&Stack>, as_json: bool) -> Result<Ending, Failure> {
    let webhook = match stack {
        Some(stack) => status::live_version(stack).await,
        None => None,
    };
    if as_json {
        let stack = stack.map(|stack| {
            json!({
                "name": stack.target.stack, "deployId": stack.parameter("DeployId"),
                "deployed": stack.changed.map(|time| time.to_string()), "webhookVersion": webhook,
            })
        });
        terminal::print_json(&json!({"version": VERSION, "commit": COMMIT, "stack": stack}))?;
        return Ok(Ending::Done);
    }
    let commit = COMMIT.unwrap_or("of an unknown commit");
    writeln!(terminal::output(), "channelctl {VERSION} ({commit})")?;
    if let Some(stack) = stack {
        let deployed = stack.changed.map(|time| time.to_string());
        writeln!(
            terminal::output(),
            "{}: deploy {}, {}, webhook version {}",
            stack.target.stack,
            stack.parameter("DeployId").unwrap_or("unknown"),
            deployed.as_deref().unwrap_or("at an unknown time"),
            webhook.as_deref().unwrap_or("unknown"),
        )?;
    }
    Ok(Ending::Done)
}
