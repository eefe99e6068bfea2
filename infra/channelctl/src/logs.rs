//! Follows the logs of both functions.

use anstream::eprintln;

use crate::{
    account,
    deploy::{
        DeployError,
        sam::{Ran, Sam},
    },
    ending::{Ending, Failure},
    stack::Stack,
};

/// Follows both functions' logs until Ctrl-C.
pub async fn follow(stack: &Stack, since: &str) -> Result<Ending, Failure> {
    let groups = [
        stack.output("NumbersWebhookLogs")?,
        stack.output("DeployHookLogs")?,
    ];
    let sam = Sam::new("logs", &stack.target).map_err(DeployError::from)?;
    eprintln!(
        "{}, since {since}; Ctrl-C ends",
        account::place(&stack.target).await?
    );
    let groups = groups.iter().flat_map(|group| ["--cw-log-group", group]);
    let ran = sam
        .arguments(["--tail", "--start-time", since])
        .arguments(groups)
        .run()
        .await
        .map_err(DeployError::from)?;
    Ok(match ran {
        Ran::Well => Ending::Done,
        Ran::Badly => Ending::NotDone,
        Ran::Interrupted => Ending::Interrupted,
    })
}
