//! The AWS account that a target's credentials open.

use aws_sdk_sts::Client;

use crate::{aws_error::AwsError, target::Target};

/// Asks AWS which account the credentials are for.
pub async fn number(target: &Target) -> Result<String, AwsError> {
    let caller = Client::new(&target.aws).get_caller_identity().send().await;
    let caller = caller.map_err(|error| AwsError::new("name your account", &error))?;
    Ok(caller
        .account
        .unwrap_or_else(|| "of an unknown number".into()))
}

/// Says which stack is meant, in which account and region.
pub async fn place(target: &Target) -> Result<String, AwsError> {
    let account = number(target).await?;
    Ok(format!(
        "{} in account {account}, {}",
        target.stack,
        target.region()
    ))
}
